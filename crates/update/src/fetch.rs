//! The only two things that are asked for: the list of a channel (with its signature), and a package. A plain GET each, without
//! a query, a cookie or anything that tells one computer from another.

use crate::{
    UpdateError, limits,
    manifest::{Channel, Package},
    signature::Key,
};
use reqwest::{Client, Response, redirect::Policy};
use std::{io::Write, path::Path, sync::LazyLock, time::Duration};
use tokio::runtime::Runtime;
use url::{Host, Url};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).thread_name("updates").enable_all();
    builder.build().expect("a thread can be started")
});

/// Where a list may be. On this computer it need not be encrypted: that is for tests.
#[derive(Clone, Debug, PartialEq)]
pub struct Address {
    url: Url,
    near: bool,
}

impl Address {
    pub fn read(text: &str) -> Result<Self, UpdateError> {
        let insecure = || UpdateError::Insecure(text.chars().take(200).collect());
        let url = Url::parse(text).map_err(|_| insecure())?;
        let near = match url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            _ => false,
        };
        let plain = url.query().is_none() && url.username().is_empty() && url.password().is_none();
        match (url.scheme(), near, plain) {
            ("https", _, true) | ("http", true, true) => Ok(Self { near: url.scheme() == "http", url }),
            _ => Err(insecure()),
        }
    }

    /// The file of a channel.
    fn list(&self, channel: Channel) -> Result<Url, UpdateError> {
        let name = format!("{}.json", channel.name());
        let folder = self.url.as_str().trim_end_matches('/');
        Url::parse(&format!("{folder}/{name}")).map_err(|_| UpdateError::Insecure(folder.to_owned()))
    }

    pub fn host(&self) -> String {
        self.url.host_str().unwrap_or_default().to_owned()
    }

    fn client(&self) -> Result<Client, UpdateError> {
        // Once for the process; that it is there already is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = Client::builder();
        let builder = if self.near { builder.no_proxy() } else { builder.https_only(true) };
        let built = builder
            .connect_timeout(Duration::from_secs(15))
            .read_timeout(Duration::from_secs(30))
            .redirect(Policy::limited(limits::REDIRECTS))
            .referer(false)
            .user_agent("satchel")
            .build();
        built.map_err(|e| UpdateError::Unreachable(self.host(), e.without_url().to_string()))
    }

    async fn get(&self, url: Url) -> Result<Response, UpdateError> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let sent = self.client()?.get(url).send().await;
        let answer = sent.map_err(|e| UpdateError::Unreachable(host.clone(), reason(&e)))?;
        match answer.status() {
            status if status.is_success() => Ok(answer),
            status => Err(UpdateError::Answered(host, status.as_u16())),
        }
    }

    async fn whole(&self, url: Url, what: &'static str, most: u64) -> Result<Vec<u8>, UpdateError> {
        let host = self.host();
        let mut answer = self.get(url).await?;
        let too_large = || UpdateError::TooLarge(what, most);
        if answer.content_length().is_some_and(|n| n > most) {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        while let Some(chunk) =
            answer.chunk().await.map_err(|e| UpdateError::Unreachable(host.clone(), reason(&e)))?
        {
            if (bytes.len() + chunk.len()) as u64 > most {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

/// Without the address, which is said beside it.
fn reason(error: &reqwest::Error) -> String {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string().chars().filter(|c| !c.is_control()).take(200).collect()
}

/// The list of a channel, when it is signed.
pub fn list(address: &Address, key: &Key, channel: Channel) -> Result<Vec<u8>, UpdateError> {
    const WHAT: &str = "the list of versions";
    let url = address.list(channel)?;
    let mut signed = url.clone();
    signed.set_path(&format!("{}.sig", url.path()));
    RUNTIME.block_on(async {
        let bytes = address.whole(url, WHAT, limits::MANIFEST_BYTES).await?;
        let signature = address.whole(signed, WHAT, limits::SIGNATURE_BYTES).await?;
        key.verify(WHAT, &bytes, &String::from_utf8_lossy(&signature))?;
        Ok(bytes)
    })
}

/// A package into a file, as many bytes as were said and no more. Whether it is signed is looked at when it is used.
pub fn download(
    address: &Address,
    package: &Package,
    to: &Path,
    progress: &mut dyn FnMut(u64, u64),
    stopped: &dyn Fn() -> bool,
) -> Result<(), UpdateError> {
    let from = Address::read(&package.url)?;
    // What came over https does not lead to a program on this computer.
    if from.near && !address.near {
        return Err(UpdateError::Insecure(package.url.chars().take(200).collect()));
    }
    let io = UpdateError::io(to);
    let mut file = crate::files::new_file(to).map_err(&io)?;
    let (size, host) = (package.size, from.host());
    let mut got = 0;
    RUNTIME.block_on(async {
        let mut answer = from.get(from.url.clone()).await?;
        loop {
            if stopped() {
                return Err(UpdateError::Stopped);
            }
            match answer.chunk().await {
                Ok(None) => break,
                Ok(Some(chunk)) => {
                    got += chunk.len() as u64;
                    if got > size {
                        return Err(UpdateError::TooLarge("the new version", size));
                    }
                    file.write_all(&chunk).map_err(&io)?;
                    progress(got, size);
                }
                // It broke off in the middle: that is what it is, whatever the network calls it.
                Err(_) if got > 0 => break,
                Err(e) => return Err(UpdateError::Unreachable(host, reason(&e))),
            }
        }
        match got == size {
            true => file.sync_all().map_err(&io),
            false => Err(UpdateError::CutOff { got, size }),
        }
    })
}
