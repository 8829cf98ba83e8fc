//! [`kind`]: what a provider's error is about, by its status and words, and whether an event in a stream is an error
//! at all.

use serde_json::Value;

use super::dialects::{self, Complaint, ECHOES, MESSAGE_FIELDS, STATUS_FIELDS};

/// The most levels of errors within errors that are read: gateways wrap a provider's error in their own.
const MAX_DEPTH: usize = 8;

/// What went wrong with a request. The sentence for each is in `errors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorKind {
    Redirect,
    /// Status 407, which comes from a proxy and not from the provider.
    ProxyRefused,
    BadKey,
    NoCredit,
    UnknownModel,
    /// Status 404 or 405 without a word about the model: perhaps the address is wrong.
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

/// The kind of an error. `status` is that of the response, or one that an error in a stream names.
pub(super) fn kind(status: Option<u16>, body: &str) -> ErrorKind {
    let words = words(body);
    let said = dialects::complaint(&words);
    // Prefers what the words say where the status alone says less.
    let or = |kind: ErrorKind| match said {
        Some(Complaint::TokensPerMinute) => ErrorKind::TokensPerMinute,
        Some(Complaint::NoCredit) => ErrorKind::NoCredit,
        Some(Complaint::TooLong) => ErrorKind::TooLong,
        Some(Complaint::UnknownModel) => ErrorKind::UnknownModel,
        Some(Complaint::Filtered) => ErrorKind::Filtered,
        Some(Complaint::BadKey) if kind != ErrorKind::Trouble || status.is_none() => ErrorKind::BadKey,
        Some(Complaint::RateLimit) if kind != ErrorKind::Trouble || status.is_none() => ErrorKind::RateLimit,
        _ => kind,
    };
    match status {
        Some(300..=399) => ErrorKind::Redirect,
        Some(401) => ErrorKind::BadKey,
        Some(402) => ErrorKind::NoCredit,
        Some(403) => or(ErrorKind::BadKey),
        Some(404 | 405) if said == Some(Complaint::UnknownModel) || words.contains("model") => {
            ErrorKind::UnknownModel
        }
        Some(404 | 405) => ErrorKind::NotFound,
        Some(407) => ErrorKind::ProxyRefused,
        Some(408) => ErrorKind::GaveUp,
        Some(409) => ErrorKind::InTheWay,
        // Groq sends 413 for a limit of tokens a minute, and may say no more than that.
        Some(413) if said == Some(Complaint::RateLimit) => ErrorKind::TokensPerMinute,
        Some(413) => or(ErrorKind::TooLarge),
        Some(429) => match said {
            Some(Complaint::NoCredit) => ErrorKind::NoCredit,
            Some(Complaint::TokensPerMinute) if words.contains("too large") => ErrorKind::TokensPerMinute,
            _ => ErrorKind::RateLimit,
        },
        Some(400..=499) => or(ErrorKind::NotAccepted),
        Some(500..) => or(ErrorKind::Trouble),
        None if words.contains("invalid_request") || words.contains("invalid request") => {
            or(ErrorKind::NotAccepted)
        }
        None => or(ErrorKind::Trouble),
        Some(_) => ErrorKind::Senseless,
    }
}

/// Whether a message sounds like an error.
pub(super) fn sounds_bad(data: &str) -> bool {
    let words = words(data);
    dialects::complaint(&words).is_some()
        || ["error", "fail", "exception"].iter().any(|bad| words.contains(bad))
}

/// The texts of an error in lower case, without the fields that repeat the request.
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

/// The status that an error names, as a number or in digits, in it or around it.
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

/// How certain it is that an event without a part of the answer is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certainty {
    No,
    /// It is an error unless the answer goes on.
    Perhaps,
    Sure,
}

/// Judges an event that has neither choices nor an `error`.
pub(super) fn is_error(value: &Value) -> Certainty {
    let Value::Object(map) = value else { return Certainty::No };
    let is_word = |key: &str| {
        map.get(key).and_then(Value::as_str).is_some_and(|word| {
            let word = word.to_lowercase();
            word.ends_with("error") || word.ends_with("exception")
        })
    };
    if is_word("object") || is_word("type") || is_word("code") || is_word("event") || is_word("__type") {
        return Certainty::Sure;
    }
    let told = map.iter().any(|(key, value)| {
        let known = MESSAGE_FIELDS.iter().any(|(known, _)| key.eq_ignore_ascii_case(known));
        // An object under `message` is a message of Ollama's own format, not an error.
        known && (value.as_str().is_some_and(|text| !text.trim().is_empty()) || is_list(value))
    });
    match told {
        true if status(value).is_some() => Certainty::Sure,
        true => Certainty::Perhaps,
        false => Certainty::No,
    }
}

fn is_list(value: &Value) -> bool {
    value.as_array().is_some_and(|list| !list.is_empty())
}
