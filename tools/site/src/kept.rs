//! [`Kept`]: results of a slow step, each in a folder named by a hash of what it was made from, so that none is made twice.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result};

/// Its time of change says when a result was last used.
const USED: &str = "used";

pub struct Kept {
    /// Where the results lie; nothing else lies there.
    pub folder: PathBuf,
    /// How many results are kept: those that were used last.
    pub most: usize,
}

impl Kept {
    /// The folder of the result for `inputs`. `make` writes a result that is not there into the empty folder that it
    /// gets; a `make` that fails leaves none.
    pub fn result(&self, inputs: &[&[u8]], make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        let result = self.folder.join(name_of(inputs));
        if !result.is_dir() {
            let unfinished = self.folder.join("unfinished");
            if unfinished.is_dir() {
                fs::remove_dir_all(&unfinished)?;
            }
            fs::create_dir_all(&unfinished)?;
            make(&unfinished)?;
            fs::rename(&unfinished, &result)?;
        }
        fs::write(result.join(USED), "")?;
        self.remove_old().with_context(|| format!("{} cannot be tidied", self.folder.display()))?;
        Ok(result)
    }

    fn remove_old(&self) -> io::Result<()> {
        let mut results = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let used = fs::metadata(path.join(USED)).and_then(|file| file.modified());
            results.push((used.unwrap_or(SystemTime::UNIX_EPOCH), path));
        }
        results.sort();
        let old = results.len().saturating_sub(self.most);
        results.iter().take(old).try_for_each(|(_, path)| fs::remove_dir_all(path))
    }
}

fn name_of(inputs: &[&[u8]]) -> String {
    let mut hasher = DefaultHasher::new();
    inputs.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use anyhow::bail;

    use super::*;

    #[test]
    fn inputs_that_take_turns_are_each_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept { folder: folder.path().join("kept"), most: 2 };
        let mut made = Vec::new();
        for input in ["daily", "release", "daily", "release"] {
            let make = |to: &Path| {
                made.push(input);
                Ok(fs::write(to.join("it"), input)?)
            };
            let result = kept.result(&[input.as_bytes(), b"tools"], make).unwrap();
            assert_eq!(fs::read_to_string(result.join("it")).unwrap(), input);
        }
        assert_eq!(made, ["daily", "release"]);
    }

    #[test]
    fn the_results_that_were_used_last_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept { folder: folder.path().to_owned(), most: 2 };
        let result = |input: &str| kept.result(&[input.as_bytes()], |_| Ok(())).unwrap();
        let (first, second) = (result("1"), result("2"));
        for (path, age) in [(&first, 10), (&second, 20)] {
            let used = fs::File::options().write(true).open(path.join(USED)).unwrap();
            used.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        }
        let third = result("3");
        assert!(first.is_dir() && !second.is_dir() && third.is_dir());
    }

    #[test]
    fn what_failed_halfway_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept { folder: folder.path().to_owned(), most: 2 };
        let failed = kept.result(&[b"x"], |to| {
            fs::write(to.join("half"), "")?;
            bail!("no room")
        });
        assert_eq!(failed.unwrap_err().to_string(), "no room");
        let result = kept.result(&[b"x"], |_| Ok(())).unwrap();
        assert!(!result.join("half").exists(), "the folder was empty again");
    }

    #[test]
    fn each_of_the_inputs_counts() {
        assert_eq!(name_of(&[b"a", b"b"]), name_of(&[b"a", b"b"]));
        assert_ne!(name_of(&[b"a", b"b"]), name_of(&[b"ab", b""]));
    }
}
