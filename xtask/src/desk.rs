//! A desk of its own for the app: a screen (Xvfb), a session bus, a real keyring, and throw-away
//! folders. Nothing of the developer's own session is touched.

use crate::{Done, call, target_dir};
use std::{
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

pub struct Desk {
    home: PathBuf,
    display: String,
    xvfb: Child,
}

/// Sets up a desk, works on it, and clears it away.
pub fn with(work: impl FnOnce(&Desk) -> Done) -> Done {
    with_screen("1280x800", work)
}

/// The same with a screen of another size.
pub fn with_screen(size: &str, work: impl FnOnce(&Desk) -> Done) -> Done {
    let mut desk = Desk::new(size)?;
    let done = work(&desk);
    let _ = desk.xvfb.kill();
    let _ = desk.xvfb.wait();
    let _ = std::fs::remove_dir_all(&desk.home);
    done
}

impl Desk {
    fn new(size: &str) -> Result<Self, String> {
        let home = std::env::temp_dir().join(format!("satchel-desk-{}", std::process::id()));
        for dir in ["run", "data", "config", "state", "cache"] {
            std::fs::create_dir_all(home.join(dir)).map_err(|e| e.to_string())?;
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let _ = std::fs::set_permissions(home.join("run"), std::fs::Permissions::from_mode(0o700));
        }
        // The server picks a free number and writes it; guessing one races.
        let mut xvfb = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-noreset", "-screen", "0", &format!("{size}x24")])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("Xvfb: {e}"))?;
        let mut number = String::new();
        let mut out = xvfb.stdout.take().ok_or("Xvfb has no output")?;
        let mut byte = [0];
        while out.read(&mut byte).map_err(|e| e.to_string())? == 1 && byte[0] != b'\n' {
            number.push(char::from(byte[0]));
        }
        Ok(Self { home, display: format!(":{}", number.trim()), xvfb })
    }

    /// Runs a command on this desk, with a session bus and an unlocked keyring.
    pub fn call(&self, inner: &mut Command) -> Done {
        let mut command = Command::new("dbus-run-session");
        command.args(["--", "sh", "-c", "eval \"$(printf %s desk | gnome-keyring-daemon --unlock --components=secrets 2>/dev/null)\"; exec \"$@\"", "sh"]);
        command.arg(inner.get_program()).args(inner.get_args());
        if let Some(dir) = inner.get_current_dir() {
            command.current_dir(dir);
        }
        let own = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        for (tool, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            if std::env::var_os(tool).is_none() {
                command.env(tool, own.join(folder));
            }
        }
        command
            .env("HOME", &self.home)
            .env("DISPLAY", &self.display)
            .env_remove("WAYLAND_DISPLAY")
            .env("GDK_BACKEND", "x11");
        for (name, dir) in [
            ("XDG_RUNTIME_DIR", "run"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_CACHE_HOME", "cache"),
        ] {
            command.env(name, self.home.join(dir));
        }
        command.env("LANG", "C.UTF-8").env("WEBKIT_DISABLE_DMABUF_RENDERER", "1").env("NO_AT_BRIDGE", "1");
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        call(&mut command)
    }

    /// Makes a demo vault, opens the real app on it, and takes a picture of the screen.
    pub fn picture_of_demo(&self, picture: &Path) -> Done {
        let bin = target_dir().join("debug");
        let script = format!(
            "set -e; export SATCHEL_VAULT={vault}; \
             {bin}/satchel --quiet init --name 'Norte Foods' --person Ana --kit {vault}-kit.txt >/dev/null; \
             {bin}/satchel --quiet seed --people 1200 --companies 80 >/dev/null; \
             {bin}/satchel-desktop >/dev/null 2>&1 & app=$!; \
             sleep 6; import -window root {picture}; kill $app",
            vault = self.home.join("demo").display(),
            bin = bin.display(),
            picture = picture.display(),
        );
        // One of an earlier run must not be taken for this one's.
        let _ = std::fs::remove_file(picture);
        self.call(Command::new("sh").args(["-c", &script]))?;
        if picture.exists() { Ok(()) } else { Err("the app has shown nothing that could be pictured".into()) }
    }
}
