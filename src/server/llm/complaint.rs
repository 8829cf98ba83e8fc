//! Reads what a provider's error is about: its status, its words, and where in a stream an error stands at all.

use serde_json::Value;

use super::dialects::{self, Complaint, ECHOES, MESSAGE_FIELDS, STATUS_FIELDS};

/// How deep errors are wrapped in errors, at the most: gateways put one provider's into their own.
const MAX_DEPTH: usize = 8;

/// What came of a request, by status and words. The sentences are in `errors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Redirect,
    /// 407: from a proxy, not from the provider.
    ProxyRefused,
    BadKey,
    NoCredit,
    UnknownModel,
    /// 404 and 405 without a word about the model: perhaps the address is wrong.
    NotFound,
    TooLong,
    TooLarge,
    TokensPerMinute,
    RateLimit,
    Filtered,
    GaveUp,
    InTheWay,
    NotAccepted,
    Trouble,
    Senseless,
}

/// `status`: of the response, or the one that an error in a stream names.
pub(super) fn kind(status: Option<u16>, body: &str) -> Kind {
    let words = words(body);
    let said = dialects::complaint(&words);
    // What the words say, where the status alone says less.
    let or = |kind: Kind| match said {
        Some(Complaint::TokensPerMinute) => Kind::TokensPerMinute,
        Some(Complaint::NoCredit) => Kind::NoCredit,
        Some(Complaint::TooLong) => Kind::TooLong,
        Some(Complaint::UnknownModel) => Kind::UnknownModel,
        Some(Complaint::Filtered) => Kind::Filtered,
        Some(Complaint::BadKey) if kind != Kind::Trouble || status.is_none() => Kind::BadKey,
        Some(Complaint::RateLimit) if kind != Kind::Trouble || status.is_none() => Kind::RateLimit,
        _ => kind,
    };
    match status {
        Some(300..=399) => Kind::Redirect,
        Some(401) => Kind::BadKey,
        Some(402) => Kind::NoCredit,
        Some(403) => or(Kind::BadKey),
        Some(404 | 405) if said == Some(Complaint::UnknownModel) || words.contains("model") => {
            Kind::UnknownModel
        }
        Some(404 | 405) => Kind::NotFound,
        Some(407) => Kind::ProxyRefused,
        Some(408) => Kind::GaveUp,
        Some(409) => Kind::InTheWay,
        // Groq's 413 is a limit of tokens a minute, and may say only that.
        Some(413) if said == Some(Complaint::RateLimit) => Kind::TokensPerMinute,
        Some(413) => or(Kind::TooLarge),
        Some(429) => match said {
            Some(Complaint::NoCredit) => Kind::NoCredit,
            Some(Complaint::TokensPerMinute) if words.contains("too large") => Kind::TokensPerMinute,
            _ => Kind::RateLimit,
        },
        Some(400..=499) => or(Kind::NotAccepted),
        Some(500..) => or(Kind::Trouble),
        None if words.contains("invalid_request") || words.contains("invalid request") => {
            or(Kind::NotAccepted)
        }
        None => or(Kind::Trouble),
        Some(_) => Kind::Senseless,
    }
}

/// Whether a message is about something that went wrong.
pub(super) fn sounds_bad(data: &str) -> bool {
    let words = words(data);
    dialects::complaint(&words).is_some()
        || ["error", "fail", "exception"].iter().any(|bad| words.contains(bad))
}

/// The texts of an error in lower case, without those that repeat what was sent.
pub(super) fn words(body: &str) -> String {
    let mut words = String::new();
    match serde_json::from_str::<Value>(body) {
        Ok(value) => gather(&value, 0, &mut words),
        Err(_) => words.push_str(body),
    }
    words.to_lowercase()
}

fn gather(value: &Value, depth: usize, words: &mut String) {
    match value {
        _ if depth > MAX_DEPTH => {}
        Value::String(text) => {
            words.push_str(text);
            words.push(' ');
        }
        Value::Array(list) => list.iter().for_each(|value| gather(value, depth + 1, words)),
        Value::Object(map) => {
            let told = map.iter().filter(|(key, _)| !ECHOES.contains(&&*key.to_lowercase()));
            told.for_each(|(_, value)| gather(value, depth + 1, words));
        }
        _ => {}
    }
}

/// The status that an error names: as a number or in digits, in it or in what is around it.
pub(super) fn status(value: &Value) -> Option<u16> {
    find_status(value, 0)
}

fn find_status(value: &Value, depth: usize) -> Option<u16> {
    match value {
        _ if depth > MAX_DEPTH => None,
        Value::Array(list) => list.iter().find_map(|value| find_status(value, depth + 1)),
        Value::Object(map) => {
            let inner = |key: &str| map.get(key).filter(|value| value.is_object() || value.is_array());
            let is_status =
                |key: &str| STATUS_FIELDS.iter().any(|(known, _)| key.eq_ignore_ascii_case(known));
            [inner("error"), inner("detail")]
                .into_iter()
                .flatten()
                .find_map(|value| find_status(value, depth + 1))
                .or_else(|| map.iter().filter(|(key, _)| is_status(key)).find_map(|(_, value)| number(value)))
        }
        _ => None,
    }
}

fn number(value: &Value) -> Option<u16> {
    let number = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())?;
    u16::try_from(number).ok().filter(|number| (400..=599).contains(number))
}

/// How sure it is that an event without a part of the answer is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sureness {
    No,
    /// It is one unless the answer goes on.
    Perhaps,
    Sure,
}

/// Judges an event that has no choices and no `error`.
pub(super) fn is_error(value: &Value) -> Sureness {
    let Value::Object(map) = value else { return Sureness::No };
    let is_word = |key: &str| {
        map.get(key).and_then(Value::as_str).is_some_and(|word| {
            let word = word.to_lowercase();
            word.ends_with("error") || word.ends_with("exception")
        })
    };
    if is_word("object") || is_word("type") || is_word("code") || is_word("event") || is_word("__type") {
        return Sureness::Sure;
    }
    let told = map.iter().any(|(key, value)| {
        let known = MESSAGE_FIELDS.iter().any(|(known, _)| key.eq_ignore_ascii_case(known));
        // An object under `message` is a message of Ollama's own format.
        known && (value.as_str().is_some_and(|text| !text.trim().is_empty()) || is_list(value))
    });
    match told {
        true if status(value).is_some() => Sureness::Sure,
        true => Sureness::Perhaps,
        false => Sureness::No,
    }
}

fn is_list(value: &Value) -> bool {
    value.as_array().is_some_and(|list| !list.is_empty())
}
