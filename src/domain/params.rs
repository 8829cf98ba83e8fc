//! [`Params`]: how a model answers: how freely, how long, how hard it thinks, and how much of the conversation it sees.

use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::Reason;

/// The most of [`Params::max_tokens`].
pub const MOST_TOKENS: u32 = 1_000_000;
/// The most of [`Params::turns`].
pub const MOST_TURNS: u32 = 1000;

/// How a model answers. What is missing is decided by whoever comes next: the conversation, the person, the model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Params {
    /// From 0 (the likeliest words) to 2. Missing, as all others may be: not decided here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 2)]
    pub temperature: Option<f32>,
    /// From 0 to 1: only the likeliest words that together have this probability are chosen from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    pub top_p: Option<f32>,
    /// The most tokens of one answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 1_000_000)]
    pub max_tokens: Option<u32>,
    /// How long a model that thinks does so before it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reasoning_effort: Option<ReasoningEffort>,
    /// How many of the newest questions are sent, each with its answer; the new question is one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 1000)]
    pub turns: Option<u32>,
}

// A number that was checked is never NaN, which alone is not equal to itself.
impl Eq for Params {}

/// The efforts that the OpenAI API knows. Some models take only some of them.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum ReasoningEffort {
    None,
    Minimal,
    Low,
    Medium,
    High,
}

/// A parameter that cannot be taken: its name, and why.
pub type Refused = (&'static str, Reason);

impl Params {
    /// These, and the other ones where these decide nothing.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self {
            temperature: self.temperature.or(other.temperature),
            top_p: self.top_p.or(other.top_p),
            max_tokens: self.max_tokens.or(other.max_tokens),
            reasoning_effort: self.reasoning_effort.or(other.reasoning_effort),
            turns: self.turns.or(other.turns),
        }
    }

    /// # Errors
    ///
    /// The first parameter that is out of its range.
    pub fn check(&self) -> Result<(), Refused> {
        let within = |number: Option<f32>, most: f32| number.is_none_or(|it| (0.0..=most).contains(&it));
        let counts = |number: Option<u32>, most: u32| number.is_none_or(|it| (1..=most).contains(&it));
        if !within(self.temperature, 2.0) {
            return Err(temperature_refused());
        }
        if !within(self.top_p, 1.0) {
            return Err(top_p_refused());
        }
        if !counts(self.max_tokens, MOST_TOKENS) {
            return Err(max_tokens_refused());
        }
        if !counts(self.turns, MOST_TURNS) {
            return Err(turns_refused());
        }
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn temperature_refused() -> Refused {
    ("temperature", Reason::new("temperature-out-of-range"))
}

fn top_p_refused() -> Refused {
    ("top_p", Reason::new("top-p-out-of-range"))
}

fn max_tokens_refused() -> Refused {
    ("max_tokens", Reason::new("max-tokens-out-of-range").with("most", MOST_TOKENS))
}

fn turns_refused() -> Refused {
    ("turns", Reason::new("turns-out-of-range").with("most", MOST_TURNS))
}

fn effort_refused() -> Refused {
    let known: Vec<&str> = ReasoningEffort::VARIANTS.iter().map(|effort| effort.into_str()).collect();
    ("reasoning_effort", Reason::new("reasoning-effort-unknown").with("known", known.join(", ")))
}

/// A field of a form: `None` when the form lacks it. An empty one is `Some`, which an `Option` as the argument of a server
/// function would not tell from a missing one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Typed(pub Option<String>);

impl<'de> Deserialize<'de> for Typed {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self(Some(text)))
    }
}

/// Parameters as they are typed into a form. A field that is missing stays as it is, an empty one decides nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TypedParams {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turns: Option<String>,
}

impl TypedParams {
    /// The parameters as a form shows them.
    pub fn of(params: &Params) -> Self {
        let effort = params.reasoning_effort.map(|effort| effort.into_str());
        Self {
            temperature: Some(shown(params.temperature)),
            top_p: Some(shown(params.top_p)),
            max_tokens: Some(shown(params.max_tokens)),
            reasoning_effort: Some(effort.unwrap_or_default().to_owned()),
            turns: Some(shown(params.turns)),
        }
    }

    /// These, and the other ones where these are missing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            temperature: self.temperature.or(other.temperature),
            top_p: self.top_p.or(other.top_p),
            max_tokens: self.max_tokens.or(other.max_tokens),
            reasoning_effort: self.reasoning_effort.or(other.reasoning_effort),
            turns: self.turns.or(other.turns),
        }
    }

    /// Whether the form has any of the fields.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What `before` becomes by these.
    ///
    /// # Errors
    ///
    /// The first field that is no number, or one out of its range.
    pub fn change(&self, before: &Params) -> Result<Params, Refused> {
        let effort = |text: &str| text.parse().map_err(|_| effort_refused());
        let params = Params {
            temperature: read(&self.temperature, before.temperature, |text| {
                number(text).ok_or_else(temperature_refused)
            })?,
            top_p: read(&self.top_p, before.top_p, |text| number(text).ok_or_else(top_p_refused))?,
            max_tokens: read(&self.max_tokens, before.max_tokens, |text| {
                text.parse().map_err(|_| max_tokens_refused())
            })?,
            reasoning_effort: read(&self.reasoning_effort, before.reasoning_effort, effort)?,
            turns: read(&self.turns, before.turns, |text| text.parse().map_err(|_| turns_refused()))?,
        };
        params.check()?;
        Ok(params)
    }
}

fn shown(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn read<T: Copy>(
    typed: &Option<String>,
    before: Option<T>,
    parse: impl FnOnce(&str) -> Result<T, Refused>,
) -> Result<Option<T>, Refused> {
    match typed.as_deref().map(str::trim) {
        None => Ok(before),
        Some("") => Ok(None),
        Some(text) => parse(text).map(Some),
    }
}

/// A number with a point, or with a comma as many keyboards have it.
fn number(text: &str) -> Option<f32> {
    text.replace(',', ".").parse().ok()
}

/// Reads parameters that are stored: those that a later version knows and this one does not count as missing, because
/// an account must open whatever is in it.
pub fn stored<'de, D: Deserializer<'de>>(from: D) -> Result<Params, D::Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Stored {
        temperature: Known<f32>,
        top_p: Known<f32>,
        max_tokens: Known<u32>,
        reasoning_effort: Known<ReasoningEffort>,
        turns: Known<u32>,
    }
    let stored = match Known::<Stored>::deserialize(from)? {
        Known::This(stored) => stored,
        Known::Other(_) => Stored::default(),
    };
    let params = Params {
        temperature: stored.temperature.into(),
        top_p: stored.top_p.into(),
        max_tokens: stored.max_tokens.into(),
        reasoning_effort: stored.reasoning_effort.into(),
        turns: stored.turns.into(),
    };
    Ok(if params.check().is_ok() { params } else { Params::default() })
}

/// A stored value that this version knows, or one of a later version.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Known<T> {
    This(T),
    Other(IgnoredAny),
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

impl<T> From<Known<T>> for Option<T> {
    fn from(known: Known<T>) -> Self {
        match known {
            Known::This(value) => Some(value),
            Known::Other(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(field: &str, text: &str) -> TypedParams {
        serde_json::from_value(serde_json::json!({ field: text })).unwrap()
    }

    #[test]
    fn each_parameter_has_a_range() {
        for (field, good, bad) in [
            (
                "temperature",
                &["0", "2", "0.7", "0,7", " 1 ", "1e0"][..],
                &["-0.1", "2.01", "NaN", "inf", "hot"][..],
            ),
            ("top_p", &["0", "1", ".5"], &["1.1", "-1", "nan", "x"]),
            ("max_tokens", &["1", "1000000"], &["0", "1000001", "-5", "1.5", "99999999999"]),
            ("reasoning_effort", &["none", "minimal", "low", "medium", "high"], &["High", "huge"]),
            ("turns", &["1", "1000"], &["0", "1001", "all"]),
        ] {
            for text in good {
                let params = typed(field, text).change(&Params::default());
                assert!(params.is_ok_and(|params| !params.is_empty()), "{field} {text}");
            }
            for text in bad {
                let refused = typed(field, text).change(&Params::default()).unwrap_err();
                assert_eq!(refused.0, field, "{text}");
            }
        }
    }

    #[test]
    fn a_missing_field_stays_and_an_empty_one_decides_nothing() {
        let before = Params { temperature: Some(0.5), turns: Some(3), ..Params::default() };
        let changed = typed("turns", " ").change(&before).unwrap();
        assert_eq!(changed, Params { temperature: Some(0.5), ..Params::default() });
        assert_eq!(TypedParams::default().change(&before).unwrap(), before);
        assert_eq!(TypedParams::of(&before).change(&Params::default()).unwrap(), before);
        assert_eq!(TypedParams::of(&before).temperature.as_deref(), Some("0.5"));
    }

    #[test]
    fn what_is_nearer_decides() {
        let near = Params { temperature: Some(0.0), turns: Some(3), ..Params::default() };
        let far = Params { temperature: Some(1.0), max_tokens: Some(9), ..Params::default() };
        let both =
            Params { temperature: Some(0.0), max_tokens: Some(9), turns: Some(3), ..Params::default() };
        assert_eq!(near.or(&far), both);
    }

    #[test]
    fn what_a_later_version_stored_counts_as_missing() {
        let read = |text: &str| stored(&mut serde_json::Deserializer::from_str(text)).unwrap();
        let known = Params { temperature: Some(0.7), ..Params::default() };
        for text in [
            r#"{"temperature":0.7}"#,
            r#"{"temperature":0.7,"reasoning_effort":"extreme","seed":[1]}"#,
            r#"{"temperature":0.7,"turns":"auto","max_tokens":-1}"#,
        ] {
            assert_eq!(read(text), known, "{text}");
        }
        for text in ["{}", "[]", "null", "7", r#"{"temperature":9}"#] {
            assert_eq!(read(text), Params::default(), "{text}");
        }
        assert_eq!(serde_json::to_string(&known).unwrap(), r#"{"temperature":0.7}"#);
    }
}
