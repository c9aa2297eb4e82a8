//! Versions of clients, as `User-Agent: satchel/0.1.0` says them.

use serde::Deserialize;
use std::{fmt, str::FromStr};

/// A longer one is none.
const LENGTH: usize = 32;

/// Three numbers, the first counts most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Version([u32; 3]);

impl Version {
    /// What a client says of itself, if that is a version.
    pub fn of_client(agent: &str) -> Option<Self> {
        agent.strip_prefix("satchel/")?.parse().ok()
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str| -> Option<u32> {
            part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
        };
        let numbers: Option<Vec<u32>> = match text.len() <= LENGTH {
            true => text.split('.').map(number).collect(),
            false => None,
        };
        let numbers = numbers.and_then(|all| <[u32; 3]>::try_from(all).ok());
        numbers.map(Self).ok_or_else(|| "a version is three numbers, such as 0.1.0".to_owned())
    }
}

impl TryFrom<String> for Version {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        let version = |text: &str| text.parse::<Version>().ok();
        assert!(version("0.9.0") < version("0.10.0"));
        assert!(version("0.10.0") < version("1.0.0"));
        assert!(version("9.0.0") < version("10.0.0"));
        assert_eq!(version("0.1.0").map(|v| v.to_string()), Some("0.1.0".to_owned()));
    }

    #[test]
    fn what_is_no_version_is_older_than_any() {
        let long = format!("satchel/{}", "1".repeat(100_000));
        let zeros = format!("satchel/1.1.{}1", "0".repeat(100));
        let none =
            ["", "satchel", "satchel/", "satchel/1", "satchel/1.2", "satchel/1.2.3.4", "satchel/+1.2.3"];
        let odd = [
            "satchel/1.2.-3",
            "satchel/1..3",
            "satchel/4294967296.0.0",
            "curl/8.0.1",
            "1.2.3",
            &long,
            &zeros,
        ];
        for agent in none.into_iter().chain(odd) {
            let said = Version::of_client(agent);
            assert_eq!(said, None, "{agent:.40}");
            assert!(said < "0.0.0".parse().ok());
        }
        assert_eq!(Version::of_client("satchel/0.1.0"), "0.1.0".parse().ok());
    }
}
