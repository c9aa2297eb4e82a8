//! Where a team's log is kept between its devices. So far: a folder that something else carries (Dropbox,
//! Nextcloud, Syncthing, a NAS, a stick). The vault's database is never put into it.

mod folder;

pub use folder::{Folder, Found};

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    #[error("{0} is not there; is the disk connected, or the folder still being fetched?")]
    Away(PathBuf),
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error(
        "{0} is no folder of this team: its marker is missing. Wait until it is fetched, or name another"
    )]
    NoMarker(PathBuf),
    #[error("{0} belongs to another team")]
    Other(PathBuf),
}
