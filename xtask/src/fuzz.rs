//! Fuzzing with libFuzzer, on the toolchain that everything else is built with: what `cargo fuzz` needs a nightly one
//! for is the address sanitizer, and this is safe Rust (docs/adr/0014-fuzzing.md).

use crate::{Done, call, cargo, root, setup, target_dir};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

/// Coverage for libFuzzer, as `cargo fuzz` asks for it.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";
/// What no input may need: seconds, and megabytes of the process (its own half a gigabyte is counted by the target).
const LIMITS: [&str; 3] = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=16384"];
/// A file of seeds is read by people, too.
const SEED_BYTES: usize = 32 << 10;
/// Digits of a seed's name.
const NUMBER: usize = 6;

/// `[TARGET…] [--seconds N] [--merge]`: the committed corpus, then N seconds of each; `--merge` adds what was found
/// to the corpus.
pub fn fuzz(args: &[String]) -> Done {
    if !cfg!(target_os = "linux") {
        println!("Fuzzing runs on Linux; nothing was done.");
        return Ok(());
    }
    let (mut seconds, mut merge, mut wanted) = ("60", false, Vec::new());
    let mut args = args.iter().map(String::as_str);
    while let Some(arg) = args.next() {
        match arg {
            "--seconds" => seconds = args.next().ok_or("--seconds wants a number")?,
            "--merge" => merge = true,
            name => wanted.push(name.to_owned()),
        }
    }
    seconds.parse::<u32>().map_err(|_| format!("{seconds} is no number of seconds"))?;
    let targets = targets()?;
    if let Some(other) = wanted.iter().find(|w| !targets.contains(w)) {
        return Err(format!("there is no target {other}; there are {}", targets.join(", ")));
    }
    setup::packages()?;
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let built = target_dir().join("fuzz");
    let mut build = cargo(&["build", "--release", "--bins", "--target", &triple]);
    build
        .args(["--manifest-path", "fuzz/Cargo.toml"])
        .env("CARGO_TARGET_DIR", &built)
        .env("RUSTFLAGS", FLAGS);
    call(&mut build)?;
    let wanted = if wanted.is_empty() { targets } else { wanted };
    let mut failed = Vec::new();
    for name in wanted {
        let run = Run {
            binary: built.join(&triple).join("release").join(&name),
            dir: built.join("runs").join(&name),
            name,
        };
        match run.run(seconds) {
            Ok(()) if merge => run.merge()?,
            Ok(()) => {}
            Err(why) => {
                eprintln!("{why}");
                failed.push(run.name);
            }
        }
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("fuzzing has found something: {}", failed.join(", "))),
    }
}

fn targets() -> Result<Vec<String>, String> {
    let dir = root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let names =
        entries.flatten().filter_map(|e| Some(e.file_name().to_str()?.strip_suffix(".rs")?.to_owned()));
    let mut names: Vec<String> = names.collect();
    names.sort();
    Ok(names)
}

struct Run {
    name: String,
    binary: PathBuf,
    /// `seeds`, as committed; `new`, as found; `log`; and the inputs that were too much.
    dir: PathBuf,
}

impl Run {
    fn run(&self, seconds: &str) -> Done {
        let start = Instant::now();
        let (seeds, new) = (self.fresh("seeds")?, self.fresh("new")?);
        let count = read_seeds(&self.corpus())?.into_iter().enumerate().try_fold(0, |_, (at, seed)| {
            fs::write(seeds.join(format!("{at:0NUMBER$}")), seed).map_err(|e| e.to_string())?;
            Ok::<_, String>(at + 1)
        })?;
        let mut command = self.command();
        command.arg(&new).arg(&seeds).arg(format!("-artifact_prefix={}/", self.dir.display()));
        match seconds {
            "0" => command.arg("-runs=0"),
            _ => command.arg(format!("-max_total_time={seconds}")),
        };
        let log = self.logged(&mut command)?;
        let found =
            log.lines().find_map(|l| l.split_once("Test unit written to ").map(|(_, path)| path.trim()));
        let words = |line: &str, name: &str| -> Option<String> {
            let mut words = line.split_whitespace().skip_while(|w| *w != name);
            words.nth(1).map(str::to_owned)
        };
        let status = log.lines().rev().find(|l| l.contains(" cov: ")).unwrap_or_default();
        let runs = status.split_whitespace().next().unwrap_or("#0").trim_start_matches('#');
        match (found, log.contains("Done ") || log.contains("DONE ")) {
            (None, true) => {
                println!(
                    "{:<10} {count:>4} seeds, {runs:>8} runs, {:>5} places covered, {} s",
                    self.name,
                    words(status, "cov:").unwrap_or_default(),
                    start.elapsed().as_secs(),
                );
                Ok(())
            }
            (found, _) => Err(self.tell(&log, found.map(Path::new))),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(LIMITS).args(["-print_final_stats=0", "-verbosity=1"]).current_dir(&self.dir);
        command.env("RUST_BACKTRACE", "1");
        command
    }

    /// Runs it with what it says in a file; libFuzzer says very much.
    fn logged(&self, command: &mut Command) -> Result<String, String> {
        let path = self.dir.join("log");
        let failed = |e: std::io::Error| format!("{}: {e}", path.display());
        let file = fs::File::create(&path).map_err(failed)?;
        command.stdout(Stdio::null()).stderr(file);
        command.status().map_err(|e| format!("{}: {e}", self.binary.display()))?;
        Ok(String::from_utf8_lossy(&fs::read(&path).map_err(failed)?).into_owned())
    }

    /// What was found, and how to see it again.
    fn tell(&self, log: &str, found: Option<&Path>) -> String {
        let lines: Vec<&str> = log.lines().collect();
        let last = lines.get(lines.len().saturating_sub(20)..).unwrap_or_default().join("\n");
        let Some(path) = found else { return format!("{last}\n{}: it did not run", self.name) };
        // Where it panicked and why, and what led there; else what libFuzzer says.
        let panic = lines.iter().position(|l| l.contains(" panicked at "));
        let frames = |l: &&&str| !l.contains("/rustc/") && !l.contains("libfuzzer");
        let told: Vec<&str> = match panic {
            Some(at) => lines.iter().skip(at).filter(frames).take(30).copied().collect(),
            None => lines.iter().filter(|l| l.contains("ERROR") || l.contains("SUMMARY")).copied().collect(),
        };
        let end = told.join("\n");
        let bytes = fs::read(path).unwrap_or_default();
        let hex: String = bytes.iter().take(200).map(|b| format!("{b:02x}")).collect();
        format!(
            "{end}\n{}: {} bytes in {}\n  {hex}\nagain: {} {}",
            self.name,
            bytes.len(),
            path.display(),
            self.binary.display(),
            path.display()
        )
    }

    fn corpus(&self) -> PathBuf {
        root().join("fuzz/corpus").join(format!("{}.txt", self.name))
    }

    fn fresh(&self, name: &str) -> Result<PathBuf, String> {
        let dir = self.dir.join(name);
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
        Ok(dir)
    }

    /// Adds to the corpus what covers more than it, the shortest first, as much as a file of seeds takes.
    fn merge(&self) -> Done {
        let seeds = self.dir.join("seeds");
        let mut text: String = read_seeds(&self.corpus())?.iter().map(|seed| written(seed) + "\n").collect();
        let committed = text.lines().count();
        self.logged(self.command().arg("-merge=1").arg(&seeds).arg(self.dir.join("new")))?;
        let entries = fs::read_dir(&seeds).map_err(|e| e.to_string())?.flatten();
        // Those that were there have numbers for names.
        let new = entries.filter(|e| e.file_name().len() > NUMBER);
        let mut new: Vec<Vec<u8>> = new.filter_map(|e| fs::read(e.path()).ok()).collect();
        new.sort_by_key(|seed| (seed.len(), seed.clone()));
        for line in new.iter().map(|seed| written(seed) + "\n") {
            if text.len() + line.len() <= SEED_BYTES {
                text.push_str(&line);
            }
        }
        println!(
            "{:<10} {} of {} new seeds are kept",
            self.name,
            text.lines().count() - committed,
            new.len()
        );
        fs::write(self.corpus(), text).map_err(|e| e.to_string())
    }
}

/// One seed a line: as text with escapes, or in hex where that is shorter.
fn read_seeds(path: &Path) -> Result<Vec<Vec<u8>>, String> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(format!("{}: {e}", path.display())),
    };
    let numbered = text.lines().enumerate();
    numbered
        .map(|(at, line)| read(line).ok_or_else(|| format!("{}: line {}", path.display(), at + 1)))
        .collect()
}

const HEX: &str = "hex:";

fn written(seed: &[u8]) -> String {
    let text = seed.escape_ascii().to_string();
    match text.len() > HEX.len() + 2 * seed.len() || text.starts_with(HEX) {
        true => HEX
            .chars()
            .chain(seed.iter().flat_map(|b| format!("{b:02x}").chars().collect::<Vec<_>>()))
            .collect(),
        false => text,
    }
}

fn read(line: &str) -> Option<Vec<u8>> {
    let byte = |two: &[u8]| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok();
    if let Some(digits) = line.strip_prefix(HEX) {
        return digits.as_bytes().chunks(2).map(byte).collect();
    }
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let (kind, tail) = rest.split_first()?;
        rest = tail;
        out.push(match kind {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'x' => {
                let (two, tail) = rest.split_at_checked(2)?;
                rest = tail;
                byte(two)?
            }
            other => *other,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_read_as_it_was_written() {
        for seed in [b"a \\ \"b\"\r\n\t'\0\xff, and more text".as_slice(), b"hex:00", b"\x80\x81\x82", b""] {
            assert_eq!(read(&written(seed)).as_deref(), Some(seed));
        }
        assert_eq!(read("a\\x4"), None);
        assert_eq!(read("hex:4g"), None);
    }
}
