//! Installs what is missing, and says so; installs nothing that is there.

use crate::{Done, call, npm, root};
use std::{path::Path, process::Command};

const BUILD: &[&str] = &[
    "build-essential",
    "pkg-config",
    "libwebkit2gtk-4.1-dev",
    "librsvg2-dev",
    "libayatana-appindicator3-dev",
    "libssl-dev",
];
const TEST: &[&str] = &[
    "xvfb",
    "webkit2gtk-driver",
    "dbus",
    "dbus-x11",
    "gnome-keyring",
    "libsecret-tools",
    "dunst",
    "fonts-dejavu-core",
    "fonts-noto-cjk",
    "imagemagick",
    "openbox",
    "xdotool",
    "age",
    "zstd",
    "postgresql",
    "fuse3",
    "faketime",
];

pub fn everything() -> Done {
    packages()?;
    node()
}

pub fn packages() -> Done {
    if !cfg!(target_os = "linux") || !has("dpkg-query") {
        return Ok(());
    }
    let missing: Vec<&str> = BUILD.iter().chain(TEST).copied().filter(|p| !installed(p)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("installing system packages: {}", missing.join(" "));
    let sudo: &[&str] = if is_root() { &[] } else { &["sudo"] };
    let apt = |args: &[&str]| {
        let words: Vec<&str> = sudo
            .iter()
            .chain(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"])
            .chain(args)
            .copied()
            .collect();
        let (program, rest) = words.split_first().expect("not empty");
        call(Command::new(program).args(rest))
    };
    apt(&["update"])?;
    let mut args = vec!["install", "-y", "--no-install-recommends"];
    args.extend(missing);
    apt(&args)
}

fn installed(package: &str) -> bool {
    let out = Command::new("dpkg-query").args(["-W", "-f=${Status}", package]).output();
    out.is_ok_and(|o| String::from_utf8_lossy(&o.stdout).contains("install ok installed"))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.starts_with(b"0\n"))
}

pub fn has(program: &str) -> bool {
    Command::new("sh")
        .args(["-c", &format!("command -v {program} >/dev/null")])
        .status()
        .is_ok_and(|s| s.success())
}

/// The web packages, as the lock file says; again only when it has changed.
fn node() -> Done {
    if !has("npm") {
        return Err(
            "Node.js 20 or newer with npm is needed: https://nodejs.org, or `apt-get install nodejs npm`"
                .into(),
        );
    }
    let ui = root().join("ui");
    if newer(&ui.join("node_modules/.package-lock.json"), &ui.join("package-lock.json")) {
        return Ok(());
    }
    println!("installing the web packages");
    // Not `npm ci`: it refuses a lock file that was written where packages of other platforms are not listed.
    call(&mut npm(&["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]))
}

/// Builds the screens if a source is newer than what was built.
pub fn screens() -> Done {
    let ui = root().join("ui");
    let built = ui.join("dist/index.html");
    let fresh = ["src", "index.html", "package-lock.json", "vite.config.ts"]
        .iter()
        .all(|s| newer_than_all(&built, &ui.join(s)));
    if fresh { Ok(()) } else { call(&mut npm(&["run", "-s", "build"])) }
}

fn modified(path: &Path) -> Option<std::time::SystemTime> {
    std::fs::metadata(path).and_then(|m| m.modified()).ok()
}

fn newer(a: &Path, b: &Path) -> bool {
    modified(a).is_some() && modified(a) >= modified(b)
}

fn newer_than_all(built: &Path, source: &Path) -> bool {
    if source.is_dir() {
        let Ok(entries) = std::fs::read_dir(source) else { return false };
        return entries.flatten().all(|e| newer_than_all(built, &e.path()));
    }
    newer(built, source)
}
