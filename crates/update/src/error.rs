use semver::Version;
use std::{io, path::Path};

#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    #[error(
        "this copy of Satchel was built without a key for updates, so it takes none; get new versions from where you got this one"
    )]
    NoKey,
    #[error("{0} is no address of updates; they come over https only. Nothing was installed")]
    Insecure(String),
    #[error("{0} cannot be reached ({1}); Satchel goes on as it is, try again later")]
    Unreachable(String, String),
    #[error("{0} has no updates ({1}); Satchel goes on as it is, try again later")]
    Answered(String, u16),
    #[error("{0} is larger than {1} bytes; nothing was installed")]
    TooLarge(&'static str, u64),
    #[error("the download ended after {got} of {size} bytes; nothing was installed, try again")]
    CutOff { got: u64, size: u64 },
    #[error(
        "{0} does not carry the signature of Satchel: it was changed on its way, or is of somebody else. Nothing was installed"
    )]
    Forged(&'static str),
    #[error("what is offered as version {offered} is signed as {signed}. Nothing was installed")]
    OtherVersion { offered: Version, signed: String },
    #[error("the list of versions cannot be read ({0}); nothing was installed")]
    Malformed(String),
    #[error("the list of versions is that of another channel ({0}). Nothing was installed")]
    OtherChannel(String),
    #[error(
        "this list of versions ({0}) is older than one that was seen before: somebody may be holding new versions back. Nothing was installed"
    )]
    Replayed(String),
    #[error("version {offered} is not newer than {running}. Nothing was installed")]
    NotNewer { offered: Version, running: Version },
    #[error("there is no version {version} for this kind of computer ({target}) yet")]
    NoPackage { version: Version, target: String },
    #[error("this copy belongs to the system's packages: update it with the system's own tool")]
    BySystem,
    #[error("there is nothing to install; look for a new version first")]
    NothingFound,
    #[error("version {0} is in its place already; it runs from the next start on")]
    Waiting(Version),
    #[error("no version from before is kept here; nothing was changed")]
    NothingKept,
    #[error("version {version} does not start on this computer ({why}). Nothing was changed")]
    DoesNotStart { version: Version, why: String },
    #[error("the version that was kept for going back is damaged; install Satchel anew")]
    KeptDamaged,
    #[error("another update is on its way; wait for it")]
    Busy,
    #[error("the download was stopped; nothing was installed")]
    Stopped,
    #[error("{path}: {source}")]
    Io { path: String, source: io::Error },
}

impl UpdateError {
    pub(crate) fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::Io { path: path.clone(), source }
    }
}
