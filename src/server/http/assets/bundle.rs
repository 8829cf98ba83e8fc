//! One style sheet out of many: each `@import "part.css";` becomes the part. The build script uses this
//! file too, so it names nothing else of the project.

use std::{fs, io, path::Path};

/// The name of the style sheet that pages ask for, below the site root.
pub const STYLE: &str = "pkg/inglenook.css";

/// `main.css` of the folder with its parts in place.
pub fn style(folder: &Path) -> io::Result<String> {
    let main = fs::read_to_string(folder.join("main.css"))?;
    let parts = main.lines().map(|line| match part(line) {
        Some(name) => fs::read_to_string(folder.join(name)),
        None => Ok(format!("{line}\n")),
    });
    parts.collect()
}

fn part(line: &str) -> Option<&str> {
    line.trim().strip_prefix("@import \"")?.strip_suffix("\";")
}
