//! [`ApiKey`]: a provider's key, which no log line, error or debug print can show.

use secrecy::{ExposeSecret, SecretString};

#[derive(Clone, Debug)]
pub struct ApiKey(SecretString);

impl ApiKey {
    pub fn new(key: impl Into<SecretString>) -> Self {
        Self(key.into())
    }

    /// The key itself, for the `Authorization` header and nothing else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// `text` with every occurrence of the key struck out, because providers repeat it in errors.
    pub fn strike(&self, text: &str) -> String {
        let key = self.expose();
        if key.is_empty() { text.to_owned() } else { text.replace(key, "[key]") }
    }
}

#[cfg(test)]
mod tests {
    use super::ApiKey;

    #[test]
    fn is_never_printed() {
        let key = ApiKey::new("sk-very-secret");
        assert!(!format!("{key:?}").contains("very"));
        assert_eq!(key.strike("Bearer sk-very-secret, sk-very-secret"), "Bearer [key], [key]");
        assert_eq!(ApiKey::new("").strike("abc"), "abc");
    }
}
