//! Files on this machine's disk: readable by their owner only, and locked for one process at a time.

use std::{
    fs, io,
    io::{Read, Seek, Write},
    path::Path,
    time::{Duration, Instant},
};

/// How long [`Lock::take`] waits, because a process that is ending still holds the lock for a moment.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
const LOCK_AGAIN: Duration = Duration::from_millis(50);

/// Makes a folder and those above it, for this user only; an existing one stays as it is.
///
/// # Errors
///
/// One of them cannot be made.
pub fn make_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Options with which a new file is private to this user from the moment it is made, whatever the umask.
pub fn private() -> fs::OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Takes the rights of other users away from an existing file or folder. One that cannot be changed (it is another user's,
/// or its file system has no modes) is logged and used as it is.
pub fn narrow(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let Ok(metadata) = fs::metadata(path) else { return };
        let mode = metadata.permissions().mode();
        if mode & 0o077 != 0
            && let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700))
        {
            tracing::warn!(%error, path = %path.display(), "other users of this machine may read this");
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Whether a file, which need not exist, could be written and others made beside it. Changes nothing.
///
/// # Errors
///
/// Why it could not.
pub fn can_be_written(file: &Path) -> io::Result<()> {
    match fs::metadata(file) {
        Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(_) => writable(file)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder_can_be_written(folder),
        _ => writable(Path::new(".")),
    }
}

/// Whether files could be made in a folder, which need not exist. Changes nothing.
///
/// # Errors
///
/// Why it could not.
pub fn folder_can_be_written(folder: &Path) -> io::Result<()> {
    let here = Path::new(".");
    for folder in folder.ancestors().map(|it| if it == Path::new("") { here } else { it }) {
        match fs::metadata(folder) {
            Ok(found) if !found.is_dir() => return Err(io::ErrorKind::NotADirectory.into()),
            Ok(_) => return writable(folder),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

#[cfg(unix)]
fn writable(path: &Path) -> io::Result<()> {
    use rustix::fs::Access;
    let mut wanted = Access::WRITE_OK | Access::READ_OK;
    if path.is_dir() {
        wanted |= Access::EXEC_OK;
    }
    Ok(rustix::fs::access(path, wanted)?)
}

#[cfg(not(unix))]
fn writable(path: &Path) -> io::Result<()> {
    let locked = fs::metadata(path)?.permissions().readonly() && !path.is_dir();
    if locked { Err(io::ErrorKind::PermissionDenied.into()) } else { Ok(()) }
}

/// Why a lock could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it: `holder`, such as "process 1234", if its number is known.
    #[error("{holder} has it")]
    Taken { holder: String },
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A file that one process at a time can lock. The system unlocks it when the process ends, even by a crash; the file
/// stays.
#[derive(Debug)]
pub struct Lock {
    file: fs::File,
    /// What was in the file before, after the number of the process that wrote it.
    pub note: String,
}

impl Lock {
    /// Locks the file `path`, which is made if it is missing, and writes the number of this process into it. Blocks for up
    /// to a second.
    ///
    /// # Errors
    ///
    /// Another process has it, or the file cannot be made.
    pub fn take(path: &Path) -> Result<Self, LockError> {
        let mut file = private().read(true).write(true).create(true).truncate(false).open(path)?;
        narrow(path);
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(fs::TryLockError::WouldBlock) if begun.elapsed() < LOCK_PATIENCE => {
                    std::thread::sleep(LOCK_AGAIN);
                }
                Err(fs::TryLockError::WouldBlock) => {
                    return Err(LockError::Taken { holder: holder(&mut file) });
                }
                Err(fs::TryLockError::Error(error)) => return Err(error.into()),
            }
        }
        let note = read(&mut file).split_once('\n').map(|(_, note)| note.to_owned()).unwrap_or_default();
        let mut lock = Self { file, note: note.clone() };
        // The number only helps people, so a disk that is too full for it is no reason to fail.
        let _ = lock.write(&note);
        Ok(lock)
    }

    /// Notes something for the next process that takes the lock.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(&mut self, note: &str) -> io::Result<()> {
        note.clone_into(&mut self.note);
        let text = format!("{}\n{note}", std::process::id());
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())?;
        self.file.set_len(text.len() as u64)
    }

    /// Lets go of it before it is dropped.
    pub fn release(&self) {
        let _ = self.file.unlock();
    }
}

/// Who has locked the file `path`, and what it notes. Changes nothing.
pub fn look(path: &Path) -> io::Result<(Option<String>, String)> {
    let mut file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((None, String::new())),
        Err(error) => return Err(error),
    };
    let taken = matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock));
    let holder = taken.then(|| holder(&mut file));
    let note = read(&mut file).split_once('\n').map(|(_, note)| note.to_owned()).unwrap_or_default();
    Ok((holder, note))
}

fn holder(file: &mut fs::File) -> String {
    let text = read(file);
    match text.lines().next().and_then(|line| line.parse::<u32>().ok()) {
        Some(pid) => format!("process {pid}"),
        None => "another process".to_owned(),
    }
}

fn read(file: &mut fs::File) -> String {
    let mut text = String::new();
    let _ = file.rewind().and_then(|()| file.take(1 << 10).read_to_string(&mut text));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_the_lock_and_the_next_reads_its_note() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        assert_eq!(look(&path).unwrap(), (None, String::new()));
        assert!(!path.exists(), "looking makes nothing");
        let mut first = Lock::take(&path).unwrap();
        assert_eq!(first.note, "");
        first.write("a note\n").unwrap();
        let own = format!("process {}", std::process::id());
        match Lock::take(&path) {
            Err(LockError::Taken { holder }) => assert_eq!(holder, own),
            other => panic!("{other:?}"),
        }
        assert_eq!(look(&path).unwrap(), (Some(own), "a note\n".to_owned()));
        first.release();
        let second = Lock::take(&path).unwrap();
        assert_eq!(second.note, "a note\n");
        drop(second);
        assert_eq!(look(&path).unwrap(), (None, "a note\n".to_owned()));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_made_and_what_was_wider_is_for_the_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let deep = dir.path().join("a/b");
        make_dir(&deep).unwrap();
        assert_eq!((mode(&dir.path().join("a")), mode(&deep)), (0o700, 0o700));
        let file = deep.join("file");
        private().write(true).create_new(true).open(&file).unwrap();
        assert_eq!(mode(&file), 0o600);
        for (wide, narrowed) in [(0o666, 0o600), (0o644, 0o600), (0o755, 0o700), (0o400, 0o400)] {
            fs::set_permissions(&file, fs::Permissions::from_mode(wide)).unwrap();
            narrow(&file);
            assert_eq!(mode(&file), narrowed);
        }
        narrow(&deep.join("missing"));
    }
}
