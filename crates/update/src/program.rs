//! The program itself: whether it can be replaced, replacing it, keeping what ran, and putting that back.

use crate::{
    UpdateError, files,
    signature::{Key, VerifyError},
    state::Staged,
};
use semver::Version;
use std::{
    ffi::OsStr,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// With this argument the program says which version it is and goes: that it can be loaded and run here is known then.
pub const SELF_CHECK: &str = "--self-check";
const CHECK_TIME: Duration = Duration::from_secs(60);

pub fn self_check(version: &str) -> String {
    format!("satchel {version}")
}

/// How this copy came onto the computer: that says who may replace it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Installed {
    /// One file that is replaced here.
    AppImage(PathBuf),
    /// An installer does it (`nsis`, `msi`); the program that it replaces.
    Installer(&'static str, PathBuf),
    /// A package of the system, or something unknown: not for us to touch.
    System,
}

impl Installed {
    /// By what an AppImage's start leaves in the environment. Another AppImage from which this program was started leaves
    /// the same: only a program that lies in its image is meant.
    pub fn app_image(image: Option<&OsStr>, mounted: Option<&OsStr>, running: &Path) -> Option<Self> {
        let (image, mounted) = (PathBuf::from(image?), Path::new(mounted?));
        let ours = mounted.is_absolute() && running.starts_with(mounted);
        (ours && image.is_absolute() && image.is_file()).then_some(Self::AppImage(image))
    }

    /// The key of the manifest's `platforms`.
    pub fn target(&self) -> Option<String> {
        let kind = match self {
            Self::AppImage(_) => "appimage",
            Self::Installer(kind, _) => kind,
            Self::System => return None,
        };
        Some(format!("{}-{}-{kind}", std::env::consts::OS, std::env::consts::ARCH))
    }

    pub fn program(&self) -> Option<&Path> {
        match self {
            Self::AppImage(path) | Self::Installer(_, path) => Some(path),
            Self::System => None,
        }
    }
}

/// Writes a package that was fetched beside the program, sees that it is signed and starts, and leaves it there.
pub fn try_out(staged: &Staged, program: &Path, key: &Key) -> Result<PathBuf, UpdateError> {
    let part = files::part_of(program);
    let tried = write_beside(staged, program, &part, key).and_then(|()| starts(&part, &staged.version));
    if tried.is_err() {
        let _ = fs::remove_file(&part);
    }
    tried.map(|()| part)
}

fn write_beside(staged: &Staged, program: &Path, part: &Path, key: &Key) -> Result<(), UpdateError> {
    let io = UpdateError::io(part);
    let mut from = File::open(&staged.file).map_err(UpdateError::io(&staged.file))?;
    let mut to = files::new_file(part).map_err(&io)?;
    let signed = (staged.package.signature.as_str(), &staged.version);
    match key.copy_verified(&mut from, &mut to, signed) {
        Ok(size) if size == staged.package.size => {}
        Ok(got) => return Err(UpdateError::CutOff { got, size: staged.package.size }),
        Err(VerifyError::Update(e)) => return Err(e),
        Err(VerifyError::Io(e)) => return Err(io(e)),
    }
    like(program, part)?;
    to.sync_all().map_err(&io)
}

/// The rights of the one are those of the other, and it may be run.
fn like(program: &Path, part: &Path) -> Result<(), UpdateError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(program).map_or(0o755, |meta| meta.permissions().mode());
        fs::set_permissions(part, fs::Permissions::from_mode(mode | 0o100)).map_err(UpdateError::io(part))?;
    }
    #[cfg(not(unix))]
    let _ = (program, part);
    Ok(())
}

/// Whether a program runs on this computer and is what it is said to be.
fn starts(program: &Path, version: &Version) -> Result<(), UpdateError> {
    let fails = |why: String| UpdateError::DoesNotStart { version: version.clone(), why };
    let mut command = Command::new(program);
    command.arg(SELF_CHECK).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    // What belongs to the image that runs now.
    for name in ["APPIMAGE", "APPDIR", "ARGV0", "OWD"] {
        command.env_remove(name);
    }
    let mut child = spawn(&mut command).map_err(|e| fails(e.to_string()))?;
    let out = child.stdout.take();
    let reader = thread::spawn(move || {
        let mut said = Vec::new();
        // Cut short: it has one line to say.
        let _ = out.map(|out| out.take(200).read_to_end(&mut said));
        String::from_utf8_lossy(&said).trim().to_owned()
    });
    let begun = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if begun.elapsed() < CHECK_TIME => thread::sleep(Duration::from_millis(20)),
            waited => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(fails(waited.map_or_else(|e| e.to_string(), |_| "it does not answer".into())));
            }
        }
    };
    if !status.success() {
        return Err(fails(status.to_string()));
    }
    // Something that it has started may still hold the pipe.
    while !reader.is_finished() && begun.elapsed() < CHECK_TIME {
        thread::sleep(Duration::from_millis(5));
    }
    let said = if reader.is_finished() { reader.join().unwrap_or_default() } else { String::new() };
    match said == self_check(&version.to_string()) {
        true => Ok(()),
        false => Err(fails("it does not say which version it is".into())),
    }
}

/// A file that was just written may for a moment be held open for writing by a child that another thread has forked.
fn spawn(command: &mut Command) -> std::io::Result<std::process::Child> {
    for _ in 0..50 {
        match command.spawn() {
            Err(e) if e.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                thread::sleep(Duration::from_millis(20));
            }
            done => return done,
        }
    }
    command.spawn()
}

/// A copy of the program that runs, for going back; with its hash.
pub fn keep(program: &Path, folder: &Path, version: &Version) -> Result<(PathBuf, String), UpdateError> {
    files::make_folder(folder)?;
    let mut name = std::ffi::OsString::from(format!("{version}-"));
    name.push(program.file_name().unwrap_or_default());
    let kept = folder.join(name);
    copy(program, &kept)?;
    let hash = files::hash_of(&kept)?;
    if files::hash_of(program)? != hash {
        return Err(UpdateError::KeptDamaged);
    }
    // What lies there may be another one than what runs: only one that starts is worth going back to.
    starts(&kept, version)?;
    Ok((kept, hash))
}

/// Puts what was kept in its place again.
pub fn put_back(kept: &Path, hash: &str, program: &Path) -> Result<(), UpdateError> {
    if files::hash_of(kept)? != hash {
        return Err(UpdateError::KeptDamaged);
    }
    // Windows replaces no program that runs, but lets it be called otherwise.
    if cfg!(windows) {
        let mut aside = program.as_os_str().to_owned();
        aside.push(".failed");
        let _ = fs::remove_file(&aside);
        let _ = fs::rename(program, &aside);
    }
    copy(kept, program)
}

fn copy(from: &Path, to: &Path) -> Result<(), UpdateError> {
    let part = files::part_of(to);
    let io = UpdateError::io(&part);
    let copied = (|| {
        let mut source = File::open(from).map_err(UpdateError::io(from))?;
        let mut target = files::new_file(&part).map_err(&io)?;
        std::io::copy(&mut source, &mut target).map_err(&io)?;
        like(from, &part)?;
        target.sync_all().map_err(&io)?;
        drop(target);
        files::put_in_place(&part, to)
    })();
    if copied.is_err() {
        let _ = fs::remove_file(&part);
    }
    copied
}
