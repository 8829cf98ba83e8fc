//! [`ConfigError`]: everything that is wrong with a configuration, each with its key and its place.

use std::fmt;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Default,
    /// A file and its line.
    File(String, usize),
    Variable(&'static str),
    /// A command-line option.
    Option(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(name, line) => write!(f, "{name} line {line}"),
            Self::Variable(name) | Self::Option(name) => f.write_str(name),
        }
    }
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key; empty when it is the file as a whole.
    pub key: String,
    pub origin: Origin,
    /// What was found and what is wanted.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&*self.key, &self.origin) {
            ("", origin) => write!(f, "{origin}: {}", self.message),
            (key, Origin::Default) => write!(f, "{key}: {}", self.message),
            (key, origin) => write!(f, "{key} ({origin}): {}", self.message),
        }
    }
}

/// Why there is no configuration. It never shows a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("The configuration file {path} cannot be read: {cause}.")]
    Unreadable { path: String, cause: std::io::Error },
    #[error("{}", list(.0))]
    Problems(Vec<Problem>),
}

impl ConfigError {
    /// The mistakes, when a configuration was read at all.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Unreadable { .. } => &[],
            Self::Problems(problems) => problems,
        }
    }
}

fn list(problems: &[Problem]) -> String {
    let head = match problems.len() {
        1 => "The configuration has a mistake:".to_owned(),
        count => format!("The configuration has {count} mistakes:"),
    };
    problems.iter().fold(head, |text, problem| format!("{text}\n  {problem}"))
}
