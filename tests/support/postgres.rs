//! A PostgreSQL of its own, on a socket that nobody else sees, from Debian's package.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

pub struct Postgres {
    dir: tempfile::TempDir,
    programs: PathBuf,
    process: Child,
}

/// PostgreSQL refuses to run as root: then it runs as the user that its package has made.
fn as_postgres(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    if let Some((user, group)) = other_user() {
        use std::os::unix::process::CommandExt;
        command.uid(user).gid(group);
    }
    command
}

fn number(args: &[&str]) -> Option<u32> {
    let out = Command::new("id").args(args).output().ok()?;
    String::from_utf8(out.stdout).ok()?.trim().parse().ok()
}

fn other_user() -> Option<(u32, u32)> {
    (number(&["-u"]) == Some(0))
        .then(|| number(&["-u", "postgres"]).zip(number(&["-g", "postgres"])))
        .flatten()
}

impl Postgres {
    pub fn start() -> Self {
        let versions = std::fs::read_dir("/usr/lib/postgresql").expect("the package postgresql is installed");
        let newest = versions.flatten().map(|e| e.path().join("bin")).max().unwrap();
        let dir = tempfile::tempdir().unwrap();
        #[cfg(unix)]
        if let Some((user, group)) = other_user() {
            std::os::unix::fs::chown(dir.path(), Some(user), Some(group)).unwrap();
        }
        let data = dir.path().join("data");
        let made = as_postgres(&mut Command::new(newest.join("initdb")))
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync", "--pgdata"])
            .arg(&data)
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let process = as_postgres(&mut Command::new(newest.join("postgres")))
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(dir.path())
            .args(["-c", "listen_addresses=", "-c", "max_connections=200"])
            .current_dir(dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let postgres = Self { dir, programs: newest, process };
        let until = Instant::now() + Duration::from_secs(30);
        while !postgres.psql("postgres", "SELECT 1").0 {
            assert!(Instant::now() < until, "PostgreSQL did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        postgres
    }

    /// Whether it worked, and what it said.
    pub fn psql(&self, database: &str, sql: &str) -> (bool, String) {
        let out = Command::new(self.programs.join("psql"))
            .arg("-h")
            .arg(self.dir.path())
            .args(["-U", "postgres", "-At", "-d", database, "-c", sql])
            .output()
            .unwrap();
        (out.status.success(), String::from_utf8_lossy(&out.stdout).trim().to_owned())
    }

    /// The URL of a new database.
    pub fn database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test{}", COUNT.fetch_add(1, Ordering::Relaxed));
        assert!(self.psql("postgres", &format!("CREATE DATABASE {name}")).0);
        format!("host={} user=postgres dbname={name}", self.dir.path().display())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // At once: nobody needs what is in it.
        let _ = Command::new("kill").args(["-QUIT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}
