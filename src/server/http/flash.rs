//! [`Flashes`]: what the next page tells a person about the form that they sent, sealed into that page's address.
//!
//! Anybody can make up an address, so a page does not show plain text from its own. It shows only what this site sealed
//! within the last minutes for this page and this person. The seal also encrypts, because what was typed may be an e-mail
//! address, and addresses are kept in logs and in a browser's history.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    domain::{Reason, params::TypedParams},
    error::AppError,
    server::ops::{clock::Clock, seal::Seal},
};

/// The query parameter that holds the sealed flash.
pub const PARAMETER: &str = "flash";
const LIFETIME_MS: i64 = 5 * 60 * 1000;
/// The longest sealed flash. Proxies and browsers accept addresses longer than this.
const MAX_BYTES: usize = 2048;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// `form`: the path that the form was posted to.
    Refused { form: String, error: AppError },
    /// The form was refused until the person proved who they are, and can be sent again now.
    SendAgain { form: String },
    /// New recovery codes, which are shown this once.
    RecoveryCodes(Vec<String>),
    /// What the form changed, as a sentence.
    Done(Reason),
    /// A link for a new password was made, whose path this is.
    ResetLink(String),
    /// Codes were made, which the page shows.
    Codes(Made),
    /// A conversation came back from the bin.
    Restored(Back),
    /// A conversation came back from the archive.
    Unarchived(Back),
}

impl Told {
    /// A sentence about what the form changed, by its key.
    pub const fn say(key: &'static str) -> Self {
        Self::Done(Reason::new(key))
    }
}

/// What the codes that were just made are known by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// As secret as the codes.
    pub seed: String,
    pub count: u32,
}

/// A conversation that is back in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Back {
    pub conversation_id: String,
    pub title: String,
}

/// The other fields that are shown again; none of them is a secret.
const SHOWN_AGAIN: [&str; 23] = [
    "answers",
    "any_model",
    "context",
    "count",
    "days",
    "guests",
    "listed",
    "messages_per_day",
    "on",
    "on_start",
    "payer",
    "picture_colour",
    "registers",
    "role",
    "rooms",
    "slow_seconds",
    "tier",
    "tier_days",
    "tokens_per_day",
    "upload_megabytes",
    "uses",
    "without_key",
    "writers",
];

/// Those of a form's other fields that are shown again, of at most so many bytes.
pub(super) fn shown_again(others: &BTreeMap<String, String>, most: usize) -> BTreeMap<String, String> {
    let mut shown = others.clone();
    shown.retain(|name, text| SHOWN_AGAIN.contains(&name.as_str()) && text.len() <= most);
    shown
}

/// The parameters that were typed, without those of more than so many bytes.
pub(super) fn short_params(typed: &TypedParams, most: usize) -> TypedParams {
    let short = |text: &Option<String>| text.clone().filter(|text| text.len() <= most);
    TypedParams {
        temperature: short(&typed.temperature),
        top_p: short(&typed.top_p),
        max_tokens: short(&typed.max_tokens),
        reasoning_effort: short(&typed.reasoning_effort),
        turns: short(&typed.turns),
    }
}

/// What was typed and is no secret, so that it need not be typed again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Typed {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture_initial: Option<String>,
    /// Of a room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Of a report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models: Option<String>,
    /// Of a room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// An invitation or activation code that does not count: of 26 signs one may be wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(flatten)]
    pub params: TypedParams,
    /// Numbers and choices of the forms of administrators, by the names of their fields.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<String, String>,
}

impl Typed {
    /// What was typed into a field or chosen there, of those in [`Self::others`].
    pub fn other(&self, name: &str) -> Option<&str> {
        self.others.get(name).map(String::as_str)
    }

    /// The number that was typed into a field; `stored` where the form was not refused.
    pub fn number(&self, name: &str, stored: Option<u64>) -> Option<u64> {
        self.other(name).map_or(stored, |typed| typed.trim().parse().ok())
    }

    /// Whether a choice was made; `stored` where the form was not refused.
    pub fn chose(&self, name: &str, choice: &str, stored: bool) -> bool {
        self.other(name).map_or(stored, |chosen| chosen == choice)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    pub told: Told,
    pub typed: Typed,
}

#[derive(Serialize, Deserialize)]
struct Dated {
    flash: Flash,
    /// UTC milliseconds.
    until: i64,
}

/// Seals flashes and opens them, with a key made from the site's secret: several servers share it.
pub struct Flashes {
    seal: Seal,
    clock: Clock,
}

impl Flashes {
    pub fn new(secret: &[u8], clock: Clock) -> Self {
        Self { seal: Seal::new(secret, "flashes"), clock }
    }

    /// The parameter's value, for a page (its path) and its viewer (a person's id; `None`: nobody is signed in).
    /// `None` when it is too long for an address.
    pub fn seal(&self, flash: Flash, page: &str, viewer: Option<&str>) -> Option<String> {
        let dated = Dated { flash, until: self.clock.now() + LIFETIME_MS };
        let sealed = self.seal.seal(&serde_json::to_vec(&dated).ok()?, &bound_to(page, viewer))?;
        (sealed.len() <= MAX_BYTES).then_some(sealed)
    }

    /// The flash, if `sealed` was made by this site within the last minutes for this page and viewer.
    pub fn open(&self, sealed: &str, page: &str, viewer: Option<&str>) -> Option<Flash> {
        if sealed.len() > MAX_BYTES {
            return None;
        }
        let text = self.seal.open(sealed, &bound_to(page, viewer))?;
        let dated: Dated = serde_json::from_slice(&text).ok()?;
        let left = dated.until - self.clock.now();
        (0..=LIFETIME_MS).contains(&left).then_some(dated.flash)
    }
}

fn bound_to(page: &str, viewer: Option<&str>) -> String {
    format!("{page}\n{}", viewer.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    };

    use base64::{
        Engine,
        engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD},
    };
    use ring::aead::NONCE_LEN;

    use super::*;

    fn flash() -> Flash {
        let error = AppError::Forbidden { reason: Reason::new("register-closed") };
        let told = Told::Refused { form: "/fn/register".into(), error };
        Flash { told, typed: Typed { email: Some("lin@example.org".into()), ..Typed::default() } }
    }

    #[test]
    fn it_is_opened_by_whom_and_where_it_was_meant_for() {
        let flashes = Flashes::new(b"secret", Clock::system());
        let sealed = flashes.seal(flash(), "/settings", Some("lin")).unwrap();
        assert_eq!(flashes.open(&sealed, "/settings", Some("lin")), Some(flash()));
        assert_ne!(flashes.seal(flash(), "/settings", Some("lin")).unwrap(), sealed);
        let text = String::from_utf8_lossy(&URL_SAFE_NO_PAD.decode(&sealed).unwrap()).into_owned();
        assert!(!text.contains("lin") && !text.contains("closed"), "{text}");
        for (page, viewer) in [
            ("/settings", None),
            ("/settings", Some("kim")),
            ("/login", Some("lin")),
            ("/settings\nlin", None),
            ("", None),
        ] {
            assert_eq!(flashes.open(&sealed, page, viewer), None, "{page} {viewer:?}");
        }
        let others = Flashes::new(b"another secret", Clock::system());
        assert_eq!(others.open(&sealed, "/settings", Some("lin")), None);
    }

    #[test]
    fn what_anybody_can_write_opens_nothing() {
        let flashes = Flashes::new(b"secret", Clock::system());
        let sealed = flashes.seal(flash(), "/login", None).unwrap();
        let plain = serde_json::to_vec(&flash()).unwrap();
        let dated = serde_json::to_vec(&Dated { flash: flash(), until: i64::MAX }).unwrap();
        let mut forged = vec![
            String::new(),
            "A".into(),
            "%".into(),
            "A".repeat(4000),
            URL_SAFE.encode(&plain),
            URL_SAFE_NO_PAD.encode(&plain),
            URL_SAFE_NO_PAD.encode(&dated),
            URL_SAFE_NO_PAD.encode([&[0; NONCE_LEN][..], &dated].concat()),
        ];
        forged.extend((0..sealed.len()).map(|at| sealed[..at].to_owned()));
        let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        forged.extend((0..bytes.len()).map(|at| {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            URL_SAFE_NO_PAD.encode(bytes)
        }));
        for forged in forged {
            assert_eq!(flashes.open(&forged, "/login", None), None, "{forged}");
        }
    }

    #[test]
    fn it_lasts_some_minutes_and_is_never_too_long_for_an_address() {
        let now = Arc::new(AtomicI64::new(1_000_000));
        let clock = now.clone();
        let flashes = Flashes::new(b"secret", Clock::from_fn(move || clock.load(Ordering::Relaxed)));
        let sealed = flashes.seal(flash(), "/", None).unwrap();
        for (later, shown) in [(0, true), (LIFETIME_MS, true), (LIFETIME_MS + 1, false), (-1, false)] {
            now.store(1_000_000 + later, Ordering::Relaxed);
            assert_eq!(flashes.open(&sealed, "/", None).is_some(), shown, "{later}");
        }
        let long = Flash {
            told: Told::Refused {
                form: "/fn/x".into(),
                error: AppError::invalid("x", Reason::new("model-gone").with("model", "x".repeat(MAX_BYTES))),
            },
            ..flash()
        };
        assert_eq!(flashes.seal(long, "/", None), None);
    }
}
