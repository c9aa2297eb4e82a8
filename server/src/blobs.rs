//! Pieces of attachments, in an object store: a folder beside the database, or a bucket that several nodes share.

use crate::config::Config;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, local::LocalFileSystem, path::Path};
use satchel_protocol::{Hash, WorkspaceId, piece_name};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

/// The folder, where there is no bucket.
pub const FOLDER: &str = "blobs";

impl Blobs {
    pub fn open(config: &Config) -> Result<Self, String> {
        if let Some(url) = &config.blobs {
            return Self::bucket(url);
        }
        let folder = config.data.join(FOLDER);
        let failed = |e: &dyn std::fmt::Display| format!("{}: {e}", folder.display());
        std::fs::create_dir_all(&folder).map_err(|e| failed(&e))?;
        // What is acknowledged is on the disk.
        let local = LocalFileSystem::new_with_prefix(&folder).map_err(|e| failed(&e))?.with_fsync(true);
        Ok(Self { store: Arc::new(local), prefix: Path::default() })
    }

    /// `s3://bucket/prefix`; the keys come from the environment, as for other tools of that kind.
    #[cfg(feature = "s3")]
    fn bucket(url: &str) -> Result<Self, String> {
        use object_store::{ObjectStoreScheme, aws::AmazonS3Builder};
        let said = |e: &dyn std::fmt::Display| format!("blobs = «{url}»: {e}");
        let parsed = url::Url::parse(url).map_err(|e| said(&e))?;
        let (scheme, prefix) = ObjectStoreScheme::parse(&parsed).map_err(|e| said(&e))?;
        if scheme != ObjectStoreScheme::AmazonS3 {
            return Err(said(&"only s3:// is known; without it, blobs lie in the data folder"));
        }
        let store = AmazonS3Builder::from_env().with_url(url).build().map_err(|e| said(&e))?;
        Ok(Self { store: Arc::new(store), prefix })
    }

    #[cfg(not(feature = "s3"))]
    fn bucket(url: &str) -> Result<Self, String> {
        Err(format!("this build keeps attachments in its data folder only, not in {url}"))
    }

    fn path(&self, workspace: WorkspaceId, name: Hash) -> Path {
        let name = name.to_string();
        let (first, _) = name.split_at(2);
        self.prefix.clone().join(workspace.to_string()).join(first).join(name.as_str())
    }

    pub async fn put(&self, workspace: WorkspaceId, name: Hash, bytes: Vec<u8>) -> Result<(), String> {
        let payload = PutPayload::from(bytes);
        let put = self.store.put(&self.path(workspace, name), payload).await;
        put.map(|_| ()).map_err(|e| e.to_string())
    }

    /// Nothing if it is not there.
    pub async fn get(&self, workspace: WorkspaceId, name: Hash) -> Result<Option<Vec<u8>>, String> {
        let got = match self.store.get(&self.path(workspace, name)).await {
            Ok(got) => got.bytes().await,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(e) => Err(e),
        };
        got.map(|bytes| Some(bytes.to_vec())).map_err(|e| e.to_string())
    }

    /// What is wrong with a piece; nothing if it is whole.
    pub async fn look(&self, workspace: WorkspaceId, name: Hash) -> Option<String> {
        match self.get(workspace, name).await {
            Ok(Some(bytes)) if piece_name(&bytes) == name => None,
            Ok(Some(_)) => Some(format!("{workspace}: piece {name} is damaged")),
            Ok(None) => Some(format!("{workspace}: piece {name} is missing")),
            Err(e) => Some(format!("{workspace}: piece {name}: {e}")),
        }
    }
}

#[cfg(all(test, feature = "s3"))]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_named_by_its_address() {
        let blobs = |url: &str| Blobs::open(&Config { blobs: Some(url.into()), ..Config::default() });
        let bucket = blobs("s3://satchel/teams").expect("a bucket");
        let path = bucket.path(WorkspaceId([1; 16]), Hash([2; 32])).to_string();
        assert!(path.starts_with("teams/0101") && path.contains("/02/0202"), "{path}");
        for url in ["gs://satchel", "https://satchel.example/blobs", "no address", ""] {
            assert!(blobs(url).is_err(), "{url}");
        }
    }
}
