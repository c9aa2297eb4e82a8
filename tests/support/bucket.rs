//! A bucket of a real S3 service on this machine: another program's code, which checks the signatures. It can go away and come back.

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use s3s::{
    auth::SimpleAuth,
    config::{S3Config, StaticConfigProvider},
    service::S3ServiceBuilder,
};
use s3s_fs::FileSystem;
use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc};
use tokio::{net::TcpListener, runtime::Runtime};

pub const BUCKET: &str = "firm";
pub const KEY_ID: &str = "AKIDTEST";
pub const SECRET: &str = "a secret of the tests";

pub struct Bucket {
    root: tempfile::TempDir,
    address: SocketAddr,
    running: Option<Runtime>,
}

impl Bucket {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(BUCKET)).unwrap();
        let mut bucket = Self { root, address: SocketAddr::from(([127, 0, 0, 1], 0)), running: None };
        bucket.come_back();
        bucket
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where the service keeps a file.
    pub fn path(&self, key: &str) -> PathBuf {
        self.root.path().join(BUCKET).join(key)
    }

    pub fn go_away(&mut self) {
        if let Some(running) = self.running.take() {
            running.shutdown_background();
        }
    }

    pub fn come_back(&mut self) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut service = S3ServiceBuilder::new(FileSystem::new(self.root.path()).unwrap());
        service.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        // Tests of other clocks ask, too.
        let mut config = S3Config::default();
        config.presigned_url_max_skew_time_secs = u32::MAX;
        service.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
        let service = service.build();
        let listener = runtime.block_on(TcpListener::bind(self.address)).unwrap();
        self.address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let http = Builder::new(TokioExecutor::new());
                    let _ = http.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        self.running = Some(runtime);
    }
}

impl Default for Bucket {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.go_away();
    }
}
