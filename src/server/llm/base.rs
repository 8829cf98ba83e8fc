//! [`Base`]: the address of a server's API, which is the configured `base_url` or, because people leave it out, `/v1`
//! below it.

use std::sync::OnceLock;

use super::LlmError;

#[derive(Debug)]
pub(super) struct Base {
    given: String,
    /// The other address to try; `None` when the given one names a version.
    below: Option<String>,
    /// Set once it is known which it is: true for the one below.
    found: OnceLock<bool>,
}

impl Base {
    /// `base_url` with or without a slash at its end.
    pub(super) fn new(base_url: &str) -> Self {
        let given = base_url.trim().trim_end_matches('/').to_owned();
        let path = given.split_once("://").map_or("", |(_, rest)| rest);
        let below = (!path.split('/').skip(1).any(is_version)).then(|| format!("{given}/v1"));
        Self { given, below, found: OnceLock::new() }
    }

    pub(super) fn given(&self) -> &str {
        &self.given
    }

    /// The addresses to try, the likelier first; only one once a server has answered at it.
    pub(super) fn candidates(&self) -> impl Iterator<Item = &str> {
        let (given, below) = match (&self.below, self.found.get()) {
            (Some(below), Some(true)) => (None, Some(below)),
            (_, Some(_)) | (None, None) => (Some(&self.given), None),
            (Some(below), None) => (Some(&self.given), Some(below)),
        };
        given.into_iter().chain(below).map(String::as_str)
    }

    /// Whether the other address is still worth trying.
    pub(super) fn is_open(&self) -> bool {
        self.candidates().nth(1).is_some()
    }

    /// To be called when a server gave a sensible answer at `url`, which is then used for good.
    pub(super) fn is_at(&self, url: &str) {
        let _ = self.found.set(url != self.given);
    }
}

/// `v1`, `v1beta`, `v4`: an operator who writes a version knows where the API is.
fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether an error says that there is nothing at this address: status 404 or 405, a page for people, or (one server)
/// status 200 with an error.
pub(super) fn is_astray(error: &LlmError) -> bool {
    let detail = error.detail.to_ascii_lowercase();
    ["404 ", "405 ", "200 with <"].iter().any(|start| detail.starts_with(start))
        || detail.contains("unexpected endpoint")
}

#[cfg(test)]
mod tests {
    use super::Base;

    #[test]
    fn a_version_is_added_where_there_is_none() {
        for (given, tried) in [
            ("http://h:11434", &["http://h:11434", "http://h:11434/v1"][..]),
            ("http://h:1234//", &["http://h:1234", "http://h:1234/v1"]),
            (" http://h/openai/ ", &["http://h/openai", "http://h/openai/v1"]),
            ("http://v1:80", &["http://v1:80", "http://v1:80/v1"]),
            ("http://h/v1", &["http://h/v1"]),
            ("http://h/v1/", &["http://h/v1"]),
            ("http://h/api/v1", &["http://h/api/v1"]),
            ("http://h/v1beta/openai", &["http://h/v1beta/openai"]),
            ("http://h/paas/v4", &["http://h/paas/v4"]),
            ("not a url", &["not a url", "not a url/v1"]),
        ] {
            let base = Base::new(given);
            assert_eq!(base.candidates().collect::<Vec<_>>(), tried, "{given}");
            assert_eq!(base.is_open(), tried.len() == 2, "{given}");
            for url in tried {
                let base = Base::new(given);
                base.is_at(url);
                assert_eq!(base.candidates().collect::<Vec<_>>(), [*url], "{given}");
                base.is_at(tried[0]);
                assert_eq!(base.candidates().collect::<Vec<_>>(), [*url], "{given}: it stays at that");
            }
        }
    }
}
