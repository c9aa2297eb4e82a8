//! `cargo xtask release …`: signs packages and writes the list of a channel, as `docs/format/update.md` says. Nothing is published.

use crate::Done;
use base64::{Engine, engine::general_purpose::STANDARD};
use minisign::{PublicKey, SecretKey, SecretKeyBox, SignatureBox};
use serde_json::{Map, Value, json};
use std::{
    fs,
    io::Cursor,
    path::{Path, PathBuf},
};

const USAGE: &str = "usage: SATCHEL_KEY=FILE SATCHEL_KEY_PASSWORD=… cargo xtask release --channel stable|early --version 0.2.0 --notes en.txt --notes-zh zh.txt --url https://…/ [--out DIR] FILE.AppImage…";

struct Asked {
    channel: String,
    version: String,
    notes: [String; 2],
    url: String,
    out: PathBuf,
    packages: Vec<PathBuf>,
}

impl Asked {
    fn read(args: &[String]) -> Result<Self, String> {
        let (mut named, mut packages) = (Map::new(), Vec::new());
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            match arg.strip_prefix("--") {
                Some(name) => drop(named.insert(name.into(), rest.next().ok_or(USAGE)?.as_str().into())),
                None => packages.push(PathBuf::from(arg)),
            }
        }
        let text = |name: &str| named.get(name).and_then(Value::as_str).map(str::to_owned).ok_or(USAGE);
        let (channel, url) = (text("channel")?, text("url")?);
        if !["stable", "early"].contains(&channel.as_str()) || !url.ends_with('/') || packages.is_empty() {
            return Err(USAGE.into());
        }
        let file = |path: String| fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"));
        let notes = [file(text("notes")?)?, file(text("notes-zh")?)?];
        let out = text("out").map_or_else(|_| PathBuf::from("."), PathBuf::from);
        Ok(Self { channel, version: text("version")?, notes, url, out, packages })
    }
}

/// The key as `tauri signer generate` writes it.
struct Signer {
    key: SecretKey,
    public: PublicKey,
}

impl Signer {
    fn read() -> Result<Self, String> {
        let path = std::env::var("SATCHEL_KEY").map_err(|_| USAGE)?;
        let text = fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
        let odd = |e: &dyn std::fmt::Display| format!("{path} is no key of `tauri signer generate`: {e}");
        let decoded = STANDARD.decode(text.trim()).map_err(|e| odd(&e))?;
        let sealed = SecretKeyBox::from_string(&String::from_utf8_lossy(&decoded)).map_err(|e| odd(&e))?;
        let password = std::env::var("SATCHEL_KEY_PASSWORD").unwrap_or_default();
        let key = sealed.into_secret_key(Some(password)).map_err(|e| format!("{path} is not opened: {e}"))?;
        let public = PublicKey::from_secret_key(&key).map_err(|e| odd(&e))?;
        Ok(Self { key, public })
    }

    /// A signature as `tauri signer sign` writes it, with what the program looks at in the comment that is signed; read back.
    fn sign(&self, bytes: &[u8], name: &str, version: &str) -> Result<String, String> {
        let comment =
            format!("timestamp:{}\tfile:{name}\tversion:{version}", jiff::Timestamp::now().as_second());
        let fails = |e: minisign::PError| format!("{name}: {e}");
        let signed =
            minisign::sign(None, &self.key, Cursor::new(bytes), Some(&comment), None).map_err(fails)?;
        let text = signed.into_string();
        let back = SignatureBox::from_string(&text).map_err(fails)?;
        minisign::verify(&self.public, &back, Cursor::new(bytes), true, false, false).map_err(fails)?;
        Ok(STANDARD.encode(text))
    }
}

/// `linux-x86_64-appimage`, by the name that the bundler gives.
fn target(name: &str) -> Result<String, String> {
    let arch = match name {
        n if n.contains("amd64") || n.contains("x86_64") => "x86_64",
        n if n.contains("aarch64") || n.contains("arm64") => "aarch64",
        _ => return Err(format!("{name} does not say for which processor it is")),
    };
    match name.ends_with(".AppImage") {
        true => Ok(format!("linux-{arch}-appimage")),
        false => Err(format!("{name}: only AppImages are installed by the app; others are put on the page")),
    }
}

fn package(signer: &Signer, asked: &Asked, path: &Path) -> Result<(String, Value), String> {
    let name = path.file_name().ok_or(USAGE)?.to_string_lossy().into_owned();
    let bytes = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let signature = signer.sign(&bytes, &name, &asked.version)?;
    let url = format!("{}{name}", asked.url);
    Ok((target(&name)?, json!({ "url": url, "signature": signature, "size": bytes.len() })))
}

pub fn release(args: &[String]) -> Done {
    let (asked, signer) = (Asked::read(args)?, Signer::read()?);
    let mut platforms = Map::new();
    for path in &asked.packages {
        let (target, package) = package(&signer, &asked, path)?;
        platforms.insert(target, package);
    }
    let [notes, notes_zh] = &asked.notes;
    let list = json!({
        "version": asked.version,
        "channel": asked.channel,
        "pub_date": jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).expect("now").to_string(),
        "notes": notes.trim(),
        "notes_zh": notes_zh.trim(),
        "platforms": platforms,
    });
    let bytes = serde_json::to_vec_pretty(&list).expect("plain data serialises");
    let name = format!("{}.json", asked.channel);
    let signature = signer.sign(&bytes, &name, &asked.version)?;
    for (name, bytes) in [(format!("{name}.sig"), signature.into_bytes()), (name, bytes)] {
        let path = asked.out.join(&name);
        fs::write(&path, bytes).map_err(|e| format!("{}: {e}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}
