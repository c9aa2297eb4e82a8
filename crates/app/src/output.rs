//! Files that leave the vault: readable by their owner only, whole or not at all, and never over
//! something that is not theirs.

use crate::{AppError, error::Code};
use satchel_vault::files::{private_file, sync_dir};
use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

/// Refuses places where a file would destroy something: the vault itself, devices, pipes.
pub fn check(vault: &Path, path: &Path) -> Result<(), AppError> {
    let refuse = |why: &str| {
        Err(AppError::refused(format!("{} {why}; choose another place. Nothing was written", path.display())))
    };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(folder) = folder.canonicalize() else {
        return Err(AppError::new(
            Code::NotFound,
            format!("the folder {} is not there; make it first, or choose another place", folder.display()),
        ));
    };
    if vault.canonicalize().is_ok_and(|vault| folder.starts_with(vault)) {
        return refuse("is in the folder of the vault");
    }
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => refuse("is a folder"),
        Ok(_) if !fs::metadata(path).is_ok_and(|m| m.is_file()) => refuse("is no ordinary file"),
        _ => Ok(()),
    }
}

/// Written beside the goal and moved there whole: a failure leaves an earlier file as it was.
pub fn write_whole<T>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<T, AppError>,
) -> Result<T, AppError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let io = AppError::io(path);
    let written = (|| {
        let mut out = BufWriter::new(private_file(&part).map_err(&io)?);
        let done = write(&mut out)?;
        out.into_inner().map_err(|e| io(e.into_error()))?.sync_all().map_err(&io)?;
        fs::rename(&part, path).map_err(&io)?;
        if let Some(folder) = path.parent() {
            // Its name, too, where the disk knows such a call.
            let _ = sync_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        }
        Ok(done)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

/// A short file, such as a recovery kit.
pub fn write_private(vault: &Path, path: &Path, bytes: &[u8]) -> Result<(), AppError> {
    check(vault, path)?;
    write_whole(path, |out| Ok(out.write_all(bytes)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_that_is_cut_off_leaves_the_earlier_one() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("people.csv");
        fs::write(&path, "the earlier one").expect("written");
        let cut = write_whole(&path, |out| {
            out.write_all(&[b'x'; 100_000])?;
            Err::<(), _>(AppError::refused("the disk is full"))
        });
        assert!(cut.is_err());
        assert_eq!(fs::read(&path).expect("there"), b"the earlier one");
        assert_eq!(fs::read_dir(dir.path()).expect("read").count(), 1, "nothing half-written is left");
    }

    #[test]
    fn nothing_is_written_over_the_vault_a_folder_or_a_device() {
        let dir = tempfile::tempdir().expect("a folder");
        let vault = dir.path().join("vault");
        fs::create_dir(&vault).expect("made");
        fs::write(vault.join("vault.json"), "keys").expect("written");
        let out = dir.path().join("out");
        for bad in [&vault.join("vault.json"), &vault.join("new"), &vault, &out.join("no folder")] {
            assert!(write_private(&vault, bad, b"x").is_err(), "{}", bad.display());
        }
        #[cfg(unix)]
        assert!(write_private(&vault, Path::new("/dev/null"), b"x").is_err());
        assert_eq!(fs::read(vault.join("vault.json")).expect("there"), b"keys");
        write_private(&vault, &out, b"first").expect("written");
        write_private(&vault, &out, b"second").expect("replaced");
        assert_eq!(fs::read(&out).expect("there"), b"second");
    }
}
