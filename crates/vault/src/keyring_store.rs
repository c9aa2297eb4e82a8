//! The OS keyring: Secret Service, Keychain, Credential Manager. It is a cache of the vault key,
//! never its only home, and an error here never leads to a new key.

use std::{sync::mpsc, thread, time::Duration};
use zeroize::Zeroizing;

const SERVICE: &str = "Satchel";

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum KeyringError {
    #[error(
        "this computer offers no keyring, so a passphrase or the recovery kit is needed (for scripts: SATCHEL_PASSPHRASE)"
    )]
    Absent,
    #[error(
        "the keyring has no key for this vault; unlock with the passphrase or the recovery kit, and it will be kept again"
    )]
    NoEntry,
    #[error(
        "the keyring is locked or refused access; unlock the keyring, or use the passphrase or the recovery kit"
    )]
    Denied,
    #[error("the keyring did not answer in time; use the passphrase or the recovery kit")]
    TimedOut,
    #[error("what the keyring holds for this vault is not its key; use the passphrase or the recovery kit")]
    Foreign,
    #[error("the keyring did not keep the key: what was read back is not what was stored")]
    NotKept,
    #[error("the keyring failed ({0}); use the passphrase or the recovery kit")]
    Failed(String),
}

/// The daemon may wait for a person at a prompt of its own, so every call has a limit.
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn get(name: &str) -> Result<Zeroizing<String>, KeyringError> {
    let name = name.to_owned();
    with_time_limit(LIMIT, move || Ok(Zeroizing::new(entry(&name)?.get_password().map_err(explain)?)))
}

pub(crate) fn set(name: &str, secret: &Zeroizing<String>) -> Result<(), KeyringError> {
    let (name, secret) = (name.to_owned(), secret.clone());
    with_time_limit(LIMIT, move || {
        let entry = entry(&name)?;
        entry.set_password(&secret).map_err(explain)?;
        let kept = Zeroizing::new(entry.get_password().map_err(explain)?);
        if *kept == *secret { Ok(()) } else { Err(KeyringError::NotKept) }
    })
}

/// Removes a key that no database uses any more; failing is harmless.
pub(crate) fn forget(name: &str) {
    let name = name.to_owned();
    let _ =
        with_time_limit(Duration::from_secs(5), move || entry(&name)?.delete_credential().map_err(explain));
}

/// Whether this computer's keyring keeps what it is given.
pub fn probe() -> Result<(), KeyringError> {
    let name = format!("probe {}", uuid::Uuid::new_v4());
    let kept = set(&name, &Zeroizing::new("probe".to_owned()));
    forget(&name);
    kept
}

fn entry(name: &str) -> Result<keyring::Entry, KeyringError> {
    keyring::Entry::new(SERVICE, name).map_err(explain)
}

fn explain(error: keyring::Error) -> KeyringError {
    match error {
        keyring::Error::NoEntry => KeyringError::NoEntry,
        keyring::Error::NoDefaultStore => KeyringError::Absent,
        keyring::Error::NoStorageAccess(_) => KeyringError::Denied,
        keyring::Error::BadEncoding(_) | keyring::Error::BadDataFormat(..) | keyring::Error::Ambiguous(_) => {
            KeyringError::Foreign
        }
        // The error's own text may hold what was stored: name the kind only.
        other => KeyringError::Failed(other.to_string().chars().take(200).collect()),
    }
}

/// Runs a call that may hang on a thread of its own; a late answer is dropped.
pub fn with_time_limit<T: Send + 'static>(
    limit: Duration,
    call: impl FnOnce() -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, KeyringError> {
    let (send, receive) = mpsc::channel();
    let spawned = thread::Builder::new().name("keyring".into()).spawn(move || send.send(call()));
    if spawned.is_err() {
        return Err(KeyringError::Failed("no thread could be started".into()));
    }
    match receive.recv_timeout(limit) {
        Ok(answer) => answer,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(KeyringError::TimedOut),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(KeyringError::Failed("its library crashed".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyring_that_hangs_is_given_up() {
        let answer = with_time_limit(Duration::from_millis(20), || {
            thread::sleep(Duration::from_secs(5));
            Ok(())
        });
        assert_eq!(answer, Err(KeyringError::TimedOut));
    }

    #[test]
    fn a_keyring_that_crashes_is_an_error() {
        let answer: Result<(), _> = with_time_limit(Duration::from_secs(5), || panic!("as a library might"));
        assert!(matches!(answer, Err(KeyringError::Failed(_))));
    }
}
