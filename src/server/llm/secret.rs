//! [`ApiKey`]: a provider's key, which no log line, error or debug print can show.

use std::fmt;

#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The key itself, for the `Authorization` header and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `text` with every occurrence of the key struck out, because providers repeat it in errors.
    pub fn strike(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, "[key]") }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey")
    }
}

#[cfg(test)]
mod tests {
    use super::ApiKey;

    #[test]
    fn is_never_printed() {
        let key = ApiKey::new("sk-very-secret");
        assert_eq!(format!("{key:?} {:?}", Some(&key)), "ApiKey Some(ApiKey)");
        assert_eq!(key.strike("Bearer sk-very-secret, sk-very-secret"), "Bearer [key], [key]");
        assert_eq!(ApiKey::new("").strike("abc"), "abc");
    }
}
