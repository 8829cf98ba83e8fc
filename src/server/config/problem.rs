//! [`ConfigError`]: every problem of a configuration, with its key and its origin, and how values are shown in it.

use std::fmt;

use toml::Value;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// A value that is refused, or a key that is unknown or missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Empty when the file as a whole cannot be read.
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
    /// Empty when the file could not be opened.
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

/// A value in a message: without a password, and cut when it is long.
pub(super) fn found(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "an empty text".to_owned(),
        Value::String(text) => {
            let text = without_password(text);
            match text.char_indices().nth(80) {
                Some(_) => format!("{:?} and so on", text.chars().take(60).collect::<String>()),
                None => format!("{text:?}"),
            }
        }
        Value::Integer(number) => format!("the number {number}"),
        Value::Float(number) => format!("the number {number}"),
        Value::Boolean(truth) => truth.to_string(),
        Value::Array(_) => "a list".to_owned(),
        Value::Table(_) => "a table".to_owned(),
        Value::Datetime(_) => "a date".to_owned(),
    }
}

/// A URL with the password, and query values that may be one, struck out.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    // The last @ ends the password, because a bare @, / or ? may be part of it.
    let (user, rest) = match rest.rsplit_once('@') {
        Some((credentials, host)) => {
            (format!("{}:…@", credentials.split(':').next().unwrap_or_default()), host)
        }
        None => (String::new(), rest),
    };
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let shown = format!("{scheme}://{user}{rest}");
    let Some(query) = query else { return shown };
    let fields = query.split('&').map(|field| match field.split_once('=') {
        Some((name, _))
            if ["pass", "secret", "token", "key"].iter().any(|word| name.to_lowercase().contains(word)) =>
        {
            format!("{name}=…")
        }
        _ => field.to_owned(),
    });
    format!("{shown}?{}", fields.collect::<Vec<_>>().join("&"))
}
