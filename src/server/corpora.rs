//! Finds the shared test data, which lives beside the project and not in it.

use std::path::{Path, PathBuf};

/// The text of a file of the test data: in `INGLENOOK_CORPORA`, or in `../shared/corpora` beside the
/// project. `None`, after a line that says so, where there is none.
pub(crate) fn corpus(path: &str) -> Option<String> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let file = std::env::var_os("INGLENOOK_CORPORA").map_or_else(beside, PathBuf::from).join(path);
    let text = std::fs::read_to_string(&file).ok();
    if text.is_none() {
        println!("no test data at {}: set INGLENOOK_CORPORA to run this test", file.display());
    }
    text
}
