//! The secret that signs sessions: what it must be like, and the file in the data directory that keeps it.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::server::ops::disk;

/// HS256 wants a key at least as long as its hash (RFC 7518, 3.2).
pub const MIN_SECRET_BYTES: usize = 32;

/// A secret with fewer distinct characters is a pattern; 32 random bytes have far more.
const MIN_DISTINCT: usize = 8;

/// Values of documentation and example files, in lower case. A secret that contains one is refused.
const WELL_KNOWN: &[&str] = &[
    "changeme",
    "change-me",
    "change_me",
    "change this",
    "t0p-s3cr3t",
    "top-secret",
    "256-bit-secret",
    "at-least-256-bits",
    "at-least-32",
    "your-secret",
    "your_secret",
    "my-secret",
    "supersecret",
    "super-secret",
    "secretkey",
    "secret-key",
    "password",
    "0123456789abcdef0123456789abcdef",
    // LibreChat's .env.example: JWT_SECRET, JWT_REFRESH_SECRET, CREDS_KEY.
    "16f8c0ef4a5d391b26034086c628469d3f9f497f08163ab9b40137092f2909ef",
    "eaa5191f2914e30b9387fd84e254e4ba6fc51b4654968a9b0803b456a54b8418",
    "f34be427ebb29de8d88c107a71546019685ed8b241d8f2ed00c3df97ad2566f0",
];

/// Why a signing secret is too weak, in words that do not show it; `None`: it is strong enough.
pub fn weakness(secret: &str) -> Option<String> {
    let lower = secret.to_lowercase();
    if WELL_KNOWN.iter().any(|known| lower.contains(known)) {
        return Some("a value that is published in examples".to_owned());
    }
    if secret.len() < MIN_SECRET_BYTES {
        return Some(format!("only {} bytes", secret.len()));
    }
    let mut distinct: Vec<char> = secret.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    (distinct.len() < MIN_DISTINCT).then(|| format!("only {} different characters", distinct.len()))
}

/// A hash by which servers that share a database find out whether their secrets differ.
pub fn fingerprint(secret: &SecretString) -> String {
    const LABEL: &[u8] = b"inglenook: which secret signs the sessions\0";
    let hash = Sha256::new().chain_update(LABEL).chain_update(secret.expose_secret()).finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why the secret of the data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    #[error("{}: cannot be {doing}: {cause}. Put this right, or set INGLENOOK_SECRET.", path.display())]
    Io { path: PathBuf, doing: &'static str, cause: io::Error },
    #[error(
        "{0}: other users of this machine can read it (mode {mode:03o}). Run: chmod 600 {0}  (and delete the file \
         instead if somebody may have read it; a new one is made, and everybody signs in again.)",
        path.display()
    )]
    Readable { path: PathBuf, mode: u32 },
    #[error(
        "{}: found {found}, wanted a secret of at least {MIN_SECRET_BYTES} random bytes. Delete the file and a new one \
         is made; everybody signs in again.",
        path.display()
    )]
    Weak { path: PathBuf, found: String },
    #[error("the system has no random numbers to make a secret from: {0}")]
    Random(String),
}

/// The file of the secret that the server makes.
pub fn secret_file(data_dir: &Path) -> PathBuf {
    data_dir.join("secret")
}

/// The secret of the data directory; `None`: there is no such file. Writes nothing.
pub fn read_secret(data_dir: &Path) -> Result<Option<SecretString>, SecretFileError> {
    let path = secret_file(data_dir);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(SecretFileError::Io { path, doing: "read", cause }),
    };
    check_mode(&path)?;
    let secret = text.trim();
    match weakness(secret) {
        Some(found) => Err(SecretFileError::Weak { path, found }),
        None => Ok(Some(secret.into())),
    }
}

/// The secret of the data directory; the first call makes the file, at mode 0600, and the directory, at 0700.
pub fn read_or_make_secret(data_dir: &Path) -> Result<SecretString, SecretFileError> {
    if let Some(secret) = read_secret(data_dir)? {
        return Ok(secret);
    }
    make_secret(data_dir)?;
    // Read again, because another server that starts at the same time may have made the file first.
    match read_secret(data_dir)? {
        Some(secret) => Ok(secret),
        None => {
            let cause = io::Error::from(io::ErrorKind::NotFound);
            Err(SecretFileError::Io { path: secret_file(data_dir), doing: "read", cause })
        }
    }
}

/// Writes a draft and links it into place, because a link neither shows half a file nor replaces the file that another
/// server has just made.
fn make_secret(data_dir: &Path) -> Result<(), SecretFileError> {
    let mut bytes = [0; MIN_SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|cause| SecretFileError::Random(cause.to_string()))?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();

    let path = secret_file(data_dir);
    let failed = |doing| {
        let path = path.clone();
        move |cause| SecretFileError::Io { path, doing, cause }
    };
    disk::make_dir(data_dir).map_err(failed("made"))?;
    let draft = data_dir.join(format!(".secret-{}-{}", std::process::id(), &text[..8]));
    let written =
        write_private(&draft, &format!("{text}\n")).and_then(|()| match fs::hard_link(&draft, &path) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            // Some file systems have no links.
            Err(_) => fs::rename(&draft, &path),
            Ok(()) => Ok(()),
        });
    // An error means that the draft was renamed.
    let _ = fs::remove_file(&draft);
    written.map_err(failed("written"))
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = disk::private().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(unix)]
fn check_mode(path: &Path) -> Result<(), SecretFileError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = match fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode() & 0o777,
        Err(cause) => return Err(SecretFileError::Io { path: path.to_owned(), doing: "read", cause }),
    };
    if mode & 0o077 == 0 { Ok(()) } else { Err(SecretFileError::Readable { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn check_mode(_: &Path) -> Result<(), SecretFileError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("deep/data");
        assert!(read_secret(&data).unwrap().is_none());
        let first = read_or_make_secret(&data).unwrap();
        assert_eq!(first.expose_secret().len(), 64);
        assert_eq!(read_or_make_secret(&data).unwrap().expose_secret(), first.expose_secret());
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "no draft is left behind");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&secret_file(&data)), 0o600);
            assert_eq!(mode(&data), 0o700);
        }
    }

    #[test]
    fn servers_that_start_at_once_agree() {
        let dir = tempfile::tempdir().unwrap();
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let data = dir.path().to_owned();
                std::thread::spawn(move || read_or_make_secret(&data).unwrap())
            })
            .collect();
        let mut secrets: Vec<_> =
            threads.into_iter().map(|thread| thread.join().unwrap().expose_secret().to_owned()).collect();
        secrets.dedup();
        assert_eq!(secrets.len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let secret = read_or_make_secret(dir.path()).unwrap();
        let path = secret_file(dir.path());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = read_or_make_secret(dir.path()).unwrap_err().to_string();
        assert!(error.contains("640") && error.contains("chmod 600"), "{error}");
        assert!(!error.contains(secret.expose_secret()));
    }

    #[test]
    fn an_empty_or_short_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for text in ["", "too short\n"] {
            let _ = fs::remove_file(secret_file(dir.path()));
            write_private(&secret_file(dir.path()), text).unwrap();
            let error = read_or_make_secret(dir.path()).unwrap_err().to_string();
            assert!(error.contains("at least 32 random bytes"), "{error}");
        }
    }

    #[test]
    fn weak_ones_are_named() {
        for weak in [
            "",
            "secret",
            "changeme",
            "your-256-bit-secret",
            "t0p-s3cr3t",
            "t0p-s3cr3t-and-then-some-more-text-behind-it",
            "a-string-secret-at-least-256-bits-long",
            "secretsecretsecretsecretsecretsecretsecret",
            "CHANGEMEchangemeCHANGEMEchangeme-1234567890",
            "16f8c0ef4a5d391b26034086c628469d3f9f497f08163ab9b40137092f2909ef",
            &"a".repeat(64),
        ] {
            assert!(weakness(weak).is_some(), "{weak}");
        }
        assert_eq!(weakness("Zk3vQ8xw1LrT0mYc7NfHs5Jd9PbEgUaW"), None);
        assert!(!format!("{:?}", SecretString::from("abc")).contains("abc"));
    }
}
