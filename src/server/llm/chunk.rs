//! What a chat completion looks like on the wire, read with little copying and much patience: every
//! field may be missing, null or of a kind nobody expected.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::dialects::{is_thinking_type, reasoning_rank};
use crate::domain::Usage;

/// One `data:` of a stream, or the whole body of an answer that is not streamed.
#[derive(Debug, Deserialize)]
pub(super) struct Chunk<'a> {
    #[serde(borrow, default)]
    pub(super) choices: First<'a>,
    #[serde(default)]
    pub(super) usage: Object<Counts>,
    #[serde(default)]
    pub(super) error: Given,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(default)]
    index: Number,
    #[serde(borrow, default)]
    delta: Object<Piece<'a>>,
    #[serde(borrow, default)]
    message: Object<Piece<'a>>,
    /// What completions without a chat have in place of a message.
    #[serde(borrow, default)]
    text: Words<'a>,
    #[serde(borrow, default)]
    finish_reason: Words<'a>,
}

/// A part of an answer.
#[derive(Debug, Default)]
pub(super) struct Piece<'a> {
    content: Words<'a>,
    /// What a model says instead of content when it declines.
    refusal: Words<'a>,
    /// Thinking, with the place of its field among the names for it.
    reasoning: Option<(usize, Words<'a>)>,
    /// A tool was called.
    pub(super) calls: bool,
}

impl<'a> Choice<'a> {
    /// The part of the answer in it; of a stream or not.
    fn piece(&self) -> Option<&Piece<'a>> {
        self.delta.0.as_ref().or(self.message.0.as_ref())
    }

    /// The text in it.
    pub(super) fn text(&self) -> Option<&str> {
        let piece = self.piece();
        let content = piece.and_then(|piece| piece.content.text());
        content.or_else(|| piece?.refusal.text()).or_else(|| self.text.text())
    }

    /// The thinking in it: beside the text, or a part of it.
    pub(super) fn reasoning(&self) -> Option<Cow<'_, str>> {
        let piece = self.piece()?;
        let beside = piece.reasoning.as_ref().map(|(_, words)| words.all());
        beside.or_else(|| piece.content.thinking().map(Cow::Borrowed))
    }

    pub(super) fn calls_a_tool(&self) -> bool {
        self.piece().is_some_and(|piece| piece.calls)
    }

    /// Why the answer ended, when it did.
    pub(super) fn finish_reason(&self) -> Option<&str> {
        self.finish_reason.text()
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Counts {
    #[serde(default)]
    prompt_tokens: Number,
    #[serde(default)]
    completion_tokens: Number,
}

impl From<&Counts> for Usage {
    fn from(counts: &Counts) -> Self {
        // `as` saturates, makes NaN 0, and cuts a fraction off.
        let count = |number: &Number| number.0 as u32;
        Self {
            prompt_tokens: count(&counts.prompt_tokens),
            completion_tokens: count(&counts.completion_tokens),
        }
    }
}

/// Of a list of choices the first whose `index` is 0 or missing: nobody asked for more than one.
#[derive(Debug, Default)]
pub(super) struct First<'a>(pub(super) Option<Choice<'a>>);

/// An object; anything else in its place is none.
#[derive(Debug)]
pub(super) struct Object<T>(pub(super) Option<T>);

/// A text that may also come as a list of parts or as an object, in which some may be thinking.
#[derive(Debug, Default)]
struct Words<'a> {
    text: Cow<'a, str>,
    thinking: Cow<'a, str>,
}

/// A number, also as digits in a text; anything else is 0.
#[derive(Debug, Default)]
struct Number(f64);

/// Whether there is anything in it: no null, `false`, 0, blank text, or list or object of nothing else.
#[derive(Debug, Default)]
pub(super) struct Given(pub(super) bool);

impl Words<'_> {
    fn text(&self) -> Option<&str> {
        (!self.text.is_empty()).then_some(&self.text)
    }

    fn thinking(&self) -> Option<&str> {
        (!self.thinking.is_empty()).then_some(&self.thinking)
    }

    fn all(&self) -> Cow<'_, str> {
        match (self.text(), self.thinking()) {
            (Some(text), None) => text.into(),
            (None, Some(thinking)) => thinking.into(),
            _ => format!("{}{}", self.thinking, self.text).into(),
        }
    }

    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.thinking.is_empty()
    }
}

impl<'a> Words<'a> {
    fn add(&mut self, more: Words<'a>) {
        add(&mut self.text, more.text);
        add(&mut self.thinking, more.thinking);
    }

    fn into_thinking(mut self) -> Self {
        let text = std::mem::take(&mut self.text);
        add(&mut self.thinking, text);
        self
    }
}

fn add<'a>(to: &mut Cow<'a, str>, more: Cow<'a, str>) {
    if to.is_empty() {
        *to = more;
    } else if !more.is_empty() {
        to.to_mut().push_str(&more);
    }
}

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// What a visitor makes of the kinds of JSON that it has no use for.
macro_rules! visit_as {
    ($value:expr; $($kind:ident)*) => { $(visit_as!(@ $kind $value);)* };
    (@ scalars $value:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($value)
        }
    };
    (@ numbers $value:expr) => {
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($value)
        }
    };
    (@ text $value:expr) => {
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok($value)
        }
    };
    (@ list $value:expr) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok($value)
        }
    };
    (@ object $value:expr) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok($value)
        }
    };
}

macro_rules! expecting {
    ($what:literal) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str($what)
        }
    };
}

impl<'de: 'a, 'a> Deserialize<'de> for First<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Choices;
        impl<'de> Visitor<'de> for Choices {
            type Value = First<'de>;
            expecting!("a list of choices");
            visit_as!(First(None); scalars numbers text);
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut first = None;
                while let Some(Object(choice)) = list.next_element::<Object<Choice<'de>>>()? {
                    // Cut off, so that an index that makes no sense counts as none.
                    first = first.or(choice.filter(|choice| (choice.index.0 as i64) == 0));
                }
                Ok(First(first))
            }
            /// A single choice without a list around it.
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Ok(First(Some(Choice::deserialize(MapAccessDeserializer::new(map))?)))
            }
        }
        deserializer.deserialize_any(Choices)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyObject<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for AnyObject<T> {
            type Value = Object<T>;
            expecting!("an object");
            visit_as!(Object(None); scalars numbers text list);
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|value| Object(Some(value)))
            }
        }
        deserializer.deserialize_any(AnyObject(std::marker::PhantomData))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Piece<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyPiece;
        impl<'de> Visitor<'de> for AnyPiece {
            type Value = Piece<'de>;
            expecting!("a part of an answer");
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut piece = Piece::default();
                while let Some(Key(key)) = map.next_key()? {
                    match &*key {
                        "content" => piece.content = map.next_value()?,
                        "refusal" => piece.refusal = map.next_value()?,
                        "tool_calls" | "function_call" => piece.calls |= map.next_value::<Given>()?.0,
                        key => match reasoning_rank(key) {
                            Some(rank) => {
                                let words: Words<'de> = map.next_value()?;
                                let better = piece.reasoning.as_ref().is_none_or(|(known, _)| rank < *known);
                                if better && !words.is_empty() {
                                    piece.reasoning = Some((rank, words));
                                }
                            }
                            None => {
                                let _: IgnoredAny = map.next_value()?;
                            }
                        },
                    }
                }
                Ok(piece)
            }
        }
        deserializer.deserialize_map(AnyPiece)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Words<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyText;
        impl<'de> Visitor<'de> for AnyText {
            type Value = Words<'de>;
            expecting!("a text");
            visit_as!(Words::default(); scalars numbers);
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Words { text: text.into(), ..Words::default() })
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Words { text: text.to_owned().into(), ..Words::default() })
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut all = Words::default();
                while let Some(part) = list.next_element::<Words<'de>>()? {
                    all.add(part);
                }
                Ok(all)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut all, mut is_thinking) = (Words::default(), false);
                while let Some(Key(key)) = map.next_key()? {
                    match &*key {
                        "type" => {
                            let kind: Words<'de> = map.next_value()?;
                            is_thinking |= kind.text().is_some_and(is_thinking_type);
                        }
                        "text" | "content" | "summary" => all.add(map.next_value()?),
                        // Gemini marks a part by `thought: true`.
                        "thought" => is_thinking |= map.next_value::<Given>()?.0,
                        key if reasoning_rank(key).is_some() => {
                            all.add(map.next_value::<Words<'de>>()?.into_thinking());
                        }
                        _ => {
                            let _: IgnoredAny = map.next_value()?;
                        }
                    }
                }
                Ok(if is_thinking { all.into_thinking() } else { all })
            }
        }
        deserializer.deserialize_any(AnyText)
    }
}

/// The name of a field.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyKey;
        impl<'de> Visitor<'de> for AnyKey {
            type Value = Key<'de>;
            expecting!("a name");
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(text.into()))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(text.to_owned().into()))
            }
        }
        deserializer.deserialize_str(AnyKey)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyNumber;
        impl<'de> Visitor<'de> for AnyNumber {
            type Value = Number;
            expecting!("a number");
            visit_as!(Number(0.0); scalars list object);
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Number(number as f64))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Number(number as f64))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
                Ok(Number(number))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Number(text.trim().parse().unwrap_or_default()))
            }
        }
        deserializer.deserialize_any(AnyNumber)
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Anything;
        impl<'de> Visitor<'de> for Anything {
            type Value = Given;
            expecting!("anything");
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Given(value))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Given(false))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Given(number != 0))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Given(number != 0))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
                Ok(Given(number != 0.0))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Given(!text.trim().is_empty()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut any = false;
                while let Some(Given(given)) = list.next_element()? {
                    any |= given;
                }
                Ok(Given(any))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut any = false;
                while let Some((_, Given(given))) = map.next_entry::<IgnoredAny, Given>()? {
                    any |= given;
                }
                Ok(Given(any))
            }
        }
        deserializer.deserialize_any(Anything)
    }
}

#[cfg(test)]
#[path = "chunk_tests.rs"]
mod tests;
