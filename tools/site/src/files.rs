//! Writes the files of the site: only those that differ, so that the time of a file says when it changed.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

/// Writes a file unless it holds these bytes already, because Cargo compiles the server again when a file's time changes.
pub fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(file).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    fs::write(file, bytes)
}

/// Every file below a folder; none when there is no folder.
pub fn below(folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() { files.extend(below(&path)?) } else { files.extend([path]) }
    }
    Ok(files)
}

/// Removes all files below a folder but those in `wanted`.
pub fn keep_only(folder: &Path, wanted: &BTreeSet<PathBuf>) -> io::Result<()> {
    below(folder)?.difference(wanted).try_for_each(fs::remove_file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_the_same_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pkg/one.css");
        write(&file, b"a{}").unwrap();
        let time = || fs::metadata(&file).unwrap().modified().unwrap();
        let old = std::time::SystemTime::UNIX_EPOCH;
        fs::File::options().write(true).open(&file).unwrap().set_modified(old).unwrap();
        write(&file, b"a{}").unwrap();
        assert_eq!(time(), old);
        write(&file, b"b{}").unwrap();
        assert_ne!(time(), old);
        assert_eq!(fs::read(&file).unwrap(), b"b{}");
    }

    #[test]
    fn files_that_are_not_wanted_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        for name in ["pkg/kept.js", "pkg/old.js", "old.txt"] {
            write(&file(name), b"").unwrap();
        }
        keep_only(folder.path(), &BTreeSet::from([file("pkg/kept.js")])).unwrap();
        assert_eq!(below(folder.path()).unwrap(), BTreeSet::from([file("pkg/kept.js")]));
        assert!(below(&file("nowhere")).unwrap().is_empty());
    }
}
