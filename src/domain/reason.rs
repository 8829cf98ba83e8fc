//! [`Reason`]: what a person is told, as a key with parameters. Whoever shows it words it in the reader's language.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A sentence as data. The keys are those of `locales/*.ftl`, so a search for a key finds both where a
/// sentence is made and how it reads.
///
/// ```
/// use inglenook::domain::Reason;
/// let reason = Reason::new("name-too-long").with("most", 100);
/// assert_eq!(serde_json::to_string(&reason).unwrap(), r#"{"key":"name-too-long","with":{"most":100}}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(description = "A sentence as a key with parameters, for programs that word it themselves.")]
pub struct Reason {
    key: Cow<'static, str>,
    /// Numbers, texts and further reasons by their names; missing when there are none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    with: BTreeMap<Cow<'static, str>, Value>,
}

/// What a sentence is completed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Chooses the plural form, and is written with the digit groups of the reader's language.
    Number(i64),
    /// Stands in the sentence as it is.
    Text(String),
    /// A sentence or a part of one that is worded together with the whole.
    Reason(Reason),
}

impl Reason {
    /// `key` is a literal, so that the test that compares the keys with the files sees it.
    pub const fn new(key: &'static str) -> Self {
        Self { key: Cow::Borrowed(key), with: BTreeMap::new() }
    }

    /// Adds a parameter. `name` is a literal, as the key is.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.with.insert(Cow::Borrowed(name), value.into());
        self
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    pub fn parameter(&self, name: &str) -> Option<&Value> {
        self.with.get(name)
    }

    /// The parameters, sorted by name.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.with.iter().map(|(name, value)| (&**name, value))
    }
}

/// For logs: the key, and the parameters in parentheses.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        for (at, (name, value)) in self.with.iter().enumerate() {
            f.write_str(if at == 0 { " (" } else { ", " })?;
            match value {
                Value::Number(number) => write!(f, "{name}: {number}")?,
                Value::Text(text) => write!(f, "{name}: {text}")?,
                Value::Reason(reason) => write!(f, "{name}: {reason}")?,
            }
        }
        f.write_str(if self.with.is_empty() { "" } else { ")" })
    }
}

impl From<Reason> for Value {
    fn from(reason: Reason) -> Self {
        Self::Reason(reason)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Numbers of every size that is used; one that does not fit is the largest that does.
macro_rules! numbers {
    ($($kind:ty)*) => {$(
        impl From<$kind> for Value {
            fn from(number: $kind) -> Self {
                Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
            }
        }
    )*};
}

numbers! { i32 i64 u16 u32 u64 usize }

/// A number with a sign between each three digits: `1,234`.
pub fn grouped(number: i64, sign: &str) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push_str(sign);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_through_json_and_is_the_same() {
        let reason = Reason::new("too-long")
            .with("most", 262_144_usize)
            .with("name", "第一")
            .with("size", Reason::new("size-kb").with("count", 256));
        let text = serde_json::to_string(&reason).unwrap();
        assert_eq!(
            text,
            r#"{"key":"too-long","with":{"most":262144,"name":"第一","size":{"key":"size-kb","with":{"count":256}}}}"#
        );
        assert_eq!(serde_json::from_str::<Reason>(&text).unwrap(), reason);
        assert_eq!(serde_json::from_str::<Reason>(r#"{"key":"x"}"#).unwrap(), Reason::new("x"));
        assert_eq!(reason.to_string(), "too-long (most: 262144, name: 第一, size: size-kb (count: 256))");
    }

    #[test]
    fn digits_are_grouped_from_the_end() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (-1_234_567, "-1,234,567"),
            (i64::MIN, "-9,223,372,036,854,775,808"),
        ] {
            assert_eq!(grouped(number, ","), text);
        }
        assert_eq!(grouped(12_345, ""), "12345");
    }
}
