//! What a chat completion looks like on the wire, read with little copying and much patience: every
//! field may be missing, null or of a kind nobody expected.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::domain::Usage;

/// One `data:` of a stream, or the whole body of an answer that is not streamed.
#[derive(Debug, Deserialize)]
pub(super) struct Chunk<'a> {
    #[serde(borrow, default)]
    pub(super) choices: First<'a>,
    #[serde(default)]
    pub(super) usage: Option<Counts>,
    #[serde(default)]
    pub(super) error: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(default)]
    index: Option<i64>,
    #[serde(borrow, default)]
    delta: Option<Piece<'a>>,
    #[serde(borrow, default)]
    message: Option<Piece<'a>>,
    #[serde(borrow, default)]
    finish_reason: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Piece<'a> {
    #[serde(borrow, default)]
    content: Text<'a>,
    /// What a model says instead of content when it declines.
    #[serde(borrow, default)]
    refusal: Text<'a>,
    #[serde(borrow, default)]
    reasoning_content: Text<'a>,
    /// The same under another name; some servers send both.
    #[serde(borrow, default)]
    reasoning: Text<'a>,
}

impl<'a> Choice<'a> {
    /// The part of the answer in it; of a stream or not.
    pub(super) fn piece(&self) -> Option<&Piece<'a>> {
        self.delta.as_ref().or(self.message.as_ref())
    }

    /// Why the answer ended, when it did.
    pub(super) fn finish_reason(&self) -> Option<&str> {
        self.finish_reason.get()
    }
}

impl Piece<'_> {
    pub(super) fn text(&self) -> Option<&str> {
        self.content.get().or(self.refusal.get())
    }

    pub(super) fn reasoning(&self) -> Option<&str> {
        self.reasoning_content.get().or(self.reasoning.get())
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Counts {
    #[serde(default)]
    prompt_tokens: Count,
    #[serde(default)]
    completion_tokens: Count,
}

impl From<Counts> for Usage {
    fn from(counts: Counts) -> Self {
        Self { prompt_tokens: counts.prompt_tokens.0, completion_tokens: counts.completion_tokens.0 }
    }
}

/// Of a list of choices the first whose `index` is 0 or missing: nobody asked for more than one.
#[derive(Debug, Default)]
pub(super) struct First<'a>(pub(super) Option<Choice<'a>>);

/// A text that may also come as null, as a list of parts or as an object with a `text`.
#[derive(Debug, Default)]
struct Text<'a>(Option<Cow<'a, str>>);

impl Text<'_> {
    fn get(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

/// A number of tokens; null counts as 0, a fraction is cut off.
#[derive(Debug, Default)]
struct Count(u32);

macro_rules! visit_scalars_as {
    ($value:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($value)
        }
    };
}

impl<'de: 'a, 'a> Deserialize<'de> for First<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Choices;
        impl<'de> Visitor<'de> for Choices {
            type Value = First<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of choices")
            }
            visit_scalars_as!(First(None));
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut first = None;
                while let Some(choice) = list.next_element::<Option<Choice<'de>>>()? {
                    first = first.or(choice.filter(|choice| choice.index.unwrap_or(0) == 0));
                }
                Ok(First(first))
            }
        }
        deserializer.deserialize_any(Choices)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyText;
        impl<'de> Visitor<'de> for AnyText {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            visit_scalars_as!(Text(None));
            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Text(None))
            }
            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Text(None))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Text(None))
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Borrowed(text))))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(text.to_owned()))))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut joined = String::new();
                while let Some(part) = list.next_element::<Text<'de>>()? {
                    joined.push_str(part.get().unwrap_or_default());
                }
                Ok(Text(Some(joined.into())))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut text = Text(None);
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    if key == "text" {
                        text = map.next_value()?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(text)
            }
        }
        deserializer.deserialize_any(AnyText)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Option::<f64>::deserialize(deserializer)?.unwrap_or_default();
        // `as` saturates, and makes NaN 0.
        Ok(Self(number as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::{Chunk, Usage};

    /// (text, reasoning, finish reason) of a chunk.
    fn read(json: &str) -> (String, String, String) {
        let chunk: Chunk<'_> = serde_json::from_str(json).unwrap();
        let Some(choice) = chunk.choices.0 else { return Default::default() };
        let piece = choice.piece();
        let text = piece.and_then(|piece| piece.text()).unwrap_or_default().to_owned();
        let reasoning = piece.and_then(|piece| piece.reasoning()).unwrap_or_default().to_owned();
        (text, reasoning, choice.finish_reason().unwrap_or_default().to_owned())
    }

    fn text(delta: &str) -> String {
        read(&format!(r#"{{"choices":[{{"delta":{delta}}}]}}"#)).0
    }

    #[test]
    fn content_of_every_kind() {
        assert_eq!(text(r#"{"content":"a"}"#), "a");
        assert_eq!(text(r#"{"content":"a\n\u00e9\ud83d\ude00"}"#), "a\né😀");
        assert_eq!(text(r#"{"content":null,"role":"assistant"}"#), "");
        assert_eq!(text(r#"{"content":[{"type":"text","text":"a"},{"type":"image"},{"text":"b"}]}"#), "ab");
        assert_eq!(text(r#"{"content":null,"refusal":"no"}"#), "no");
        assert_eq!(text(r#"{"content":7,"tool_calls":[{"function":{"arguments":"{}"}}]}"#), "");
        assert_eq!(text("null"), "");
    }

    #[test]
    fn only_the_first_choice_counts() {
        assert_eq!(read(r#"{"choices":[{"index":1,"delta":{"content":"b"}}]}"#).0, "");
        let both = r#"{"choices":[{"index":1,"delta":{"content":"b"}},{"index":0,"delta":{"content":"a"}}]}"#;
        assert_eq!(read(both).0, "a");
        for none in [r#"{"choices":[]}"#, r#"{"choices":null}"#, r#"{"choices":[null]}"#, "{}"] {
            assert_eq!(read(none).0, "", "{none}");
        }
    }

    #[test]
    fn reasoning_and_ends() {
        let both =
            r#"{"choices":[{"delta":{"reasoning_content":"r","reasoning":"r"},"finish_reason":"stop"}]}"#;
        assert_eq!(read(both), (String::new(), "r".into(), "stop".into()));
        assert_eq!(
            read(r#"{"choices":[{"message":{"content":"whole"},"finish_reason":"length"}]}"#).2,
            "length"
        );
        assert_eq!(read(r#"{"choices":[{"delta":{},"finish_reason":""}]}"#).2, "");
    }

    #[test]
    fn usage_with_strange_numbers() {
        let json = r#"{"usage":{"prompt_tokens":10.0,"completion_tokens":null,"total_tokens":11}}"#;
        let usage: Usage = serde_json::from_str::<Chunk<'_>>(json).unwrap().usage.unwrap().into();
        assert_eq!(usage, Usage { prompt_tokens: 10, completion_tokens: 0 });
    }
}
