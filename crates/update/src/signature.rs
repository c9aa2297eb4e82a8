//! Minisign, in the texts that Tauri's tools write: each is the base64 of minisign's own file.

use crate::UpdateError;
use base64::{Engine, engine::general_purpose::STANDARD};
use minisign_verify::{PublicKey, Signature};
use semver::Version;
use std::io::{self, Read, Write};

/// Whose signatures count. There is no program without one that takes updates.
#[derive(Clone, Debug)]
pub struct Key(PublicKey);

impl Key {
    /// As `plugins.updater.pubkey` of `tauri.conf.json` has it.
    pub fn read(text: &str) -> Result<Self, UpdateError> {
        let decoded = decode(text).ok_or(UpdateError::NoKey)?;
        PublicKey::decode(&decoded).map(Self).map_err(|_| UpdateError::NoKey)
    }

    pub fn verify(&self, what: &'static str, bytes: &[u8], signature: &str) -> Result<(), UpdateError> {
        let signature = read(what, signature)?;
        // No legacy signatures: they do not say how they were made.
        self.0.verify(bytes, &signature, false).map_err(|_| UpdateError::Forged(what))
    }

    /// Copies a package and says whether all of it was signed, as the version that it is offered as.
    pub fn copy_verified(
        &self,
        from: &mut dyn Read,
        to: &mut dyn Write,
        (signature, version): (&str, &Version),
    ) -> Result<u64, VerifyError> {
        const WHAT: &str = "the new version";
        let signature = read(WHAT, signature)?;
        let mut verifier = self.0.verify_stream(&signature).map_err(|_| UpdateError::Forged(WHAT))?;
        let (mut buffer, mut copied) = (vec![0; 128 << 10], 0);
        loop {
            let n = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(VerifyError::Io(e)),
            };
            let bytes = buffer.get(..n).unwrap_or_default();
            verifier.update(bytes);
            to.write_all(bytes).map_err(VerifyError::Io)?;
            copied += n as u64;
        }
        verifier.finalize().map_err(|_| UpdateError::Forged(WHAT))?;
        // Only now: before, the comment was anybody's.
        let signed = signed_version(signature.trusted_comment()).unwrap_or("?");
        match signed.trim_start_matches('v').parse::<Version>() {
            Ok(of) if of == *version => Ok(copied),
            _ => {
                let signed = signed.chars().filter(|c| c.is_ascii_graphic()).take(40).collect();
                Err(UpdateError::OtherVersion { offered: version.clone(), signed }.into())
            }
        }
    }
}

/// Reading and writing fail in other places than the signature does.
#[derive(Debug)]
pub enum VerifyError {
    Update(UpdateError),
    Io(io::Error),
}

impl From<UpdateError> for VerifyError {
    fn from(error: UpdateError) -> Self {
        Self::Update(error)
    }
}

fn decode(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()
}

fn read(what: &'static str, text: &str) -> Result<Signature, UpdateError> {
    let decoded = decode(text).ok_or(UpdateError::Forged(what))?;
    Signature::decode(&decoded).map_err(|_| UpdateError::Forged(what))
}

/// The comment that is signed has fields with tabs between them, one of which is `version:0.2.0`.
fn signed_version(comment: &str) -> Option<&str> {
    comment.split('\t').find_map(|field| field.strip_prefix("version:"))
}
