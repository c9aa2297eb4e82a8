//! What can be seen of the computer that the vault is on.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    Yes,
    No,
    Unseen,
}

/// A program of the system that does not answer must not hold up the page.
const PATIENCE: Duration = Duration::from_millis(700);

/// Folders that other programs carry away, by their names or by what those put into them.
const NAMES: [(&str, &str); 8] = [
    ("dropbox", "Dropbox"),
    ("onedrive", "OneDrive"),
    ("google drive", "Google Drive"),
    ("googledrive", "Google Drive"),
    ("nextcloud", "Nextcloud"),
    ("owncloud", "ownCloud"),
    ("icloud drive", "iCloud"),
    ("com~apple~clouddocs", "iCloud"),
];
const MARKS: [(&str, &str); 6] = [
    (".dropbox", "Dropbox"),
    (".dropbox.cache", "Dropbox"),
    (".stfolder", "Syncthing"),
    (".nextcloudsync.log", "Nextcloud"),
    (".owncloudsync.log", "ownCloud"),
    (".seafile-data", "Seafile"),
];

/// Which program syncs the folder that the vault is in, if one does.
pub fn synced_folder(vault: &Path) -> Option<&'static str> {
    let vault = vault.canonicalize().unwrap_or_else(|_| vault.to_owned());
    vault.ancestors().find_map(|folder| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let named = |(begin, program): &(&str, &'static str)| {
            // `OneDrive - Firm`, and not `dropbox-parser`.
            let rest = name.strip_prefix(begin)?;
            (rest.is_empty() || rest.starts_with([' ', '('])).then_some(*program)
        };
        let marked = |(mark, program): &(&str, &'static str)| folder.join(mark).exists().then_some(*program);
        NAMES.iter().find_map(named).or_else(|| MARKS.iter().find_map(marked))
    })
}

#[cfg(unix)]
fn ours(vault: &Path) -> Vec<PathBuf> {
    let inside = fs::read_dir(vault).into_iter().flatten().flatten().map(|entry| entry.path());
    [vault.to_owned()].into_iter().chain(inside.take(1000)).collect()
}

/// What of the vault's folder others on this computer can read or write.
pub fn open_to_others(vault: &Path) -> Vec<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Where nobody gets into the folder, the files in it are closed, too.
        let mode = |path: &Path| fs::metadata(path).map_or(0, |m| m.permissions().mode() & 0o077);
        if mode(vault) == 0 {
            return Vec::new();
        }
        ours(vault).iter().filter(|path| mode(path) != 0).map(|path| path.display().to_string()).collect()
    }
    #[cfg(not(unix))]
    {
        let _ = vault;
        Vec::new()
    }
}

pub fn close_to_others(vault: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for path in ours(vault) {
            let mut permissions = fs::metadata(&path)?.permissions();
            permissions.set_mode(permissions.mode() & !0o077);
            fs::set_permissions(&path, permissions)?;
        }
    }
    let _ = vault;
    Ok(())
}

/// Whether the disk under the vault is encrypted by the system.
pub fn disk_encryption(vault: &Path) -> Known {
    if cfg!(target_os = "linux") {
        return device_of(vault).map_or(Known::Unseen, |device| linux_encryption(&device));
    }
    if cfg!(target_os = "macos") {
        return match answer("fdesetup", &["isactive"]) {
            Some(text) if text.trim() == "true" => Known::Yes,
            Some(text) if text.trim() == "false" => Known::No,
            _ => Known::Unseen,
        };
    }
    Known::Unseen
}

/// `/sys/dev/block/8:1` of the file system that a folder is on.
fn device_of(vault: &Path) -> Option<PathBuf> {
    let vault = vault.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let mut best: Option<(usize, String)> = None;
    for line in mounts.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let (Some(device), Some(place)) = (words.get(2), words.get(4)) else { continue };
        let place = place.replace("\\040", " ");
        if vault.starts_with(&place) && best.as_ref().is_none_or(|(length, _)| place.len() >= *length) {
            best = Some((place.len(), (*device).to_owned()));
        }
    }
    let path = Path::new("/sys/dev/block").join(best?.1);
    path.exists().then_some(path)
}

/// dm-crypt on any layer: LUKS under LVM counts.
fn linux_encryption(device: &Path) -> Known {
    let mut open = vec![device.to_owned()];
    for _ in 0..100 {
        let Some(device) = open.pop() else { break };
        let uuid = fs::read_to_string(device.join("dm/uuid")).unwrap_or_default();
        if uuid.starts_with("CRYPT-") {
            return Known::Yes;
        }
        open.extend(fs::read_dir(device.join("slaves")).into_iter().flatten().flatten().map(|e| e.path()));
    }
    Known::No
}

pub fn screen_lock() -> Known {
    if !cfg!(target_os = "linux") {
        return Known::Unseen;
    }
    match answer("gsettings", &["get", "org.gnome.desktop.screensaver", "lock-enabled"])
        .as_deref()
        .map(str::trim)
    {
        Some("true") => Known::Yes,
        Some("false") => Known::No,
        _ => Known::Unseen,
    }
}

/// What a program of the system says, if it does in time.
fn answer(program: &str, args: &[&str]) -> Option<String> {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let until = Instant::now() + PATIENCE;
    while child.try_wait().ok()?.is_none() {
        if Instant::now() > until {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut text = String::new();
    child.stdout.take()?.take(10_000).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_others_carry_away_are_known() {
        let dir = tempfile::tempdir().expect("a folder");
        let inside = |name: &str| {
            let path = dir.path().join(name).join("crm/vault");
            fs::create_dir_all(&path).expect("made");
            path
        };
        assert_eq!(synced_folder(&inside("Dropbox")), Some("Dropbox"));
        assert_eq!(synced_folder(&inside("OneDrive - Norte SL")), Some("OneDrive"));
        assert_eq!(synced_folder(&inside("dropbox-parser")), None);
        let marked = inside("shared");
        fs::create_dir(dir.path().join("shared/.stfolder")).expect("made");
        assert_eq!(synced_folder(&marked), Some("Syncthing"));
    }

    #[cfg(unix)]
    #[test]
    fn what_others_can_read_is_named_and_closed() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a folder");
        let vault = dir.path().join("vault");
        fs::create_dir(&vault).expect("made");
        fs::write(vault.join("vault.json"), "keys").expect("written");
        let mode =
            |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
        mode(&vault, 0o755);
        mode(&vault.join("vault.json"), 0o644);
        assert_eq!(open_to_others(&vault).len(), 2);
        close_to_others(&vault).expect("closed");
        assert!(open_to_others(&vault).is_empty());
        mode(&vault.join("vault.json"), 0o644);
        assert!(open_to_others(&vault).is_empty(), "nobody gets that far");
    }
}
