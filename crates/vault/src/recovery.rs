//! The recovery kit: a 128-bit code in 8 groups of 4, and the age identity derived from it.

use crate::{VaultError, secret::fill_random};
use age::x25519;
use bech32::{Bech32, Bech32m, Hrp};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const PREFIX: &str = "satchel";
/// Of a kit's text, in bytes.
const MOST_TEXT: usize = 100_000;

/// 128 random bits. Written as bech32m (BIP 350) without its prefix: 26 characters and 6 of
/// checksum, so that a typing mistake is noticed before anything is tried.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RecoveryCode([u8; 16]);

impl RecoveryCode {
    pub(crate) fn make() -> Result<Self, VaultError> {
        let mut code = [0; 16];
        fill_random(&mut code)?;
        Ok(Self(code))
    }

    /// Reads a code in any case, with or without dashes, spaces and prefix.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 400 {
            return None;
        }
        let plain: Zeroizing<String> = Zeroizing::new(
            text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase(),
        );
        let body = plain.strip_prefix("satchel1").unwrap_or(&plain);
        if body.len() != 32 {
            return None;
        }
        let whole = Zeroizing::new(format!("{PREFIX}1{body}"));
        let decoded = bech32::primitives::decode::CheckedHrpstring::new::<Bech32m>(&whole).ok()?;
        let bytes: Zeroizing<Vec<u8>> = Zeroizing::new(decoded.byte_iter().collect());
        Some(Self(bytes.as_slice().try_into().ok()?))
    }

    /// Finds the code in the text of a kit, where it stands in two lines of four groups.
    pub fn find(text: &str) -> Option<Self> {
        let groups = |line: &str| -> Option<String> {
            let line = line.trim();
            let is_group = |g: &str| g.len() == 4 && g.bytes().all(|b| b.is_ascii_alphanumeric());
            (!line.is_empty() && line.split('-').all(is_group)).then(|| line.to_owned())
        };
        let lines: Vec<String> = text.lines().take(1000).filter_map(groups).collect();
        let in_two = || lines.windows(2).find_map(|two| Self::parse(&two.join("-")));
        Self::parse(text).or_else(in_two).or_else(|| lines.iter().find_map(|one| Self::parse(one)))
    }

    /// The eight groups, as printed.
    pub fn groups(&self) -> Vec<String> {
        let hrp = Hrp::parse(PREFIX).expect("a valid prefix");
        let whole = Zeroizing::new(bech32::encode::<Bech32m>(hrp, &self.0).expect("16 bytes fit"));
        let body: Vec<char> = whole.chars().skip(PREFIX.len() + 1).collect();
        body.chunks(4).map(|group| group.iter().collect::<String>().to_uppercase()).collect()
    }

    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.groups().join("-"))
    }

    pub(crate) fn identity(&self) -> x25519::Identity {
        self.expose_age_identity().parse().expect("32 bytes are an X25519 secret")
    }

    /// `AGE-SECRET-KEY-1…`, so that stock `age` opens what is sealed for recovery.
    pub fn expose_age_identity(&self) -> Zeroizing<String> {
        let secret = Zeroizing::new(blake3::derive_key("satchel 2026 recovery identity", &self.0));
        let hrp = Hrp::parse("age-secret-key-").expect("a valid prefix");
        Zeroizing::new(bech32::encode_upper::<Bech32>(hrp, secret.as_slice()).expect("32 bytes fit"))
    }
}

/// What of a kit opens what is sealed for it: its code, or the age identity that follows from it and stands on it, too.
#[derive(Clone)]
pub struct RecoveryKey(x25519::Identity);

impl RecoveryKey {
    /// Finds it in what somebody has typed or pasted, with whatever spaces and line breaks, or in the text of a kit.
    pub fn find(text: &str) -> Option<Self> {
        RecoveryCode::find(text).map(|code| Self(code.identity())).or_else(|| identity_in(text).map(Self))
    }

    pub(crate) fn identity(&self) -> x25519::Identity {
        self.0.clone()
    }
}

impl fmt::Debug for RecoveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryKey(…)")
    }
}

/// An identity as stock `age` writes it, by its checksum.
fn identity_in(text: &str) -> Option<x25519::Identity> {
    const BEGIN: &str = "AGESECRETKEY1";
    const DIGITS: usize = 58;
    if text.len() > MOST_TEXT {
        return None;
    }
    let letters = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let letters = Zeroizing::new(Zeroizing::new(letters).to_ascii_uppercase());
    let digits = letters.split_once(BEGIN)?.1.get(..DIGITS)?;
    Zeroizing::new(format!("AGE-SECRET-KEY-1{digits}")).parse().ok()
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

/// What is printed and kept in a drawer.
#[derive(Debug, Clone)]
pub struct RecoveryKit {
    pub workspace: String,
    pub vault: String,
    /// `2026-11-23`.
    pub made: String,
    pub code: RecoveryCode,
}

impl RecoveryKit {
    /// The kit as a text file, in both languages: who finds it in ten years may read only one.
    pub fn text(&self) -> Zeroizing<String> {
        let Self { workspace, vault, made, code } = self;
        let groups = code.groups();
        let (first, second) = groups.split_at(4);
        Zeroizing::new(format!(
            "SATCHEL RECOVERY KIT / 恢复套件\n\
             ==============================\n\n\
             Workspace / 工作区: {workspace}\n\
             Vault / 保险库:     {vault}\n\
             Made / 制作日期:    {made}\n\n\
             Recovery code / 恢复码:\n\n    {}\n    {}\n\n\
             age identity / age 密钥:\n\n    {}\n\n\
             Keep this sheet where you keep your passport. Whoever has it and a copy of the\n\
             vault can read everything in it. To come back into Satchel: choose \"Use the\n\
             recovery kit\" and type the code, or run\n\
             \x20   SATCHEL_RECOVERY_KEY=… satchel status\n\
             It opens the backups, too: choose \"Restore a backup\", or follow the README.txt\n\
             that lies beside them, which needs no Satchel.\n\n\
             请像保管护照一样保管此页。任何人持有此页和保险库副本，便可读取其中全部内容。\n\
             如需恢复：在 Satchel 中选择“使用恢复套件”，输入恢复码。\n\
             此页也能打开备份：选择“恢复备份”，或按备份旁的 README.txt 操作（无需 Satchel）。\n",
            first.join("-"),
            second.join("-"),
            code.expose_age_identity().as_str(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_in_any_notation_and_typing_mistakes_are_noticed() {
        let code = RecoveryCode([7; 16]);
        let text = code.text();
        assert_eq!(code.groups().len(), 8);
        for typed in [
            text.to_string(),
            text.to_lowercase(),
            text.replace('-', " "),
            format!("satchel1{}", text.replace('-', "")),
        ] {
            assert_eq!(RecoveryCode::parse(&typed).map(|c| c.0), Some([7; 16]), "{typed}");
        }
        let alphabet = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
        for (at, was) in text.char_indices().filter(|(_, c)| *c != '-') {
            let other = alphabet.chars().find(|c| *c != was).expect("another letter");
            let mut wrong = text.to_string();
            wrong.replace_range(at..=at, &other.to_string());
            assert!(RecoveryCode::parse(&wrong).is_none(), "a wrong letter at {at} must be noticed");
        }
        assert!(RecoveryCode::parse("").is_none());
        let kit = RecoveryKit {
            workspace: "Acme".into(),
            vault: "v".into(),
            made: "2026-11-23".into(),
            code: code.clone(),
        };
        assert_eq!(RecoveryCode::find(&kit.text()).map(|c| c.0), Some([7; 16]), "a kit file holds its code");
    }

    #[test]
    fn the_age_identity_is_read_however_it_was_copied() {
        let code = RecoveryCode([7; 16]);
        let identity = code.expose_age_identity();
        let is_it = |text: &str| {
            RecoveryKey::find(text).is_some_and(|key| {
                key.identity().to_public().to_string() == code.identity().to_public().to_string()
            })
        };
        let (first, second) = identity.split_at(37);
        for typed in [
            identity.to_string(),
            format!("  {first}\n   {second}\r\n"),
            identity.to_lowercase(),
            identity.chars().map(|c| format!("{c} ")).collect(),
            format!("# created: 2026-11-28\n# public key: age1…\n{}\n", identity.as_str()),
            code.text().to_string(),
        ] {
            assert!(is_it(&typed), "{typed}");
        }
        for at in 0..identity.len() {
            let mut wrong = identity.to_string();
            wrong.replace_range(at..=at, "b");
            assert!(!is_it(&wrong), "{wrong}");
            assert!(!is_it(&identity[..at]));
        }
        assert!(RecoveryKey::find(&"A".repeat(MOST_TEXT + 1)).is_none());
        assert!(RecoveryKey::find("AGE-SECRET-KEY-1 秘密").is_none());
    }

    /// The derivation is part of the format: old kits must open new vaults.
    #[test]
    fn the_identity_of_a_code_never_changes() {
        assert_eq!(
            RecoveryCode([7; 16]).identity().to_public().to_string(),
            "age1d85gpaznn29tk40xaj0lwunqk5jgh6vk50k2hlxqv0f8k5mjq3vqzd5xwn"
        );
    }
}
