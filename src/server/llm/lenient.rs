//! JSON values that accept anything: a value of an unexpected kind counts as missing and is no error.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::dialects::{is_thinking_type, reasoning_rank};

/// An object; `None` for anything else in its place.
#[derive(Debug)]
pub(super) struct Object<T>(pub(super) Option<T>);

/// A text that may also be a list of parts or an object, some of which may be thinking.
#[derive(Debug, Default)]
pub(super) struct LenientText<'a> {
    text: Cow<'a, str>,
    thinking: Cow<'a, str>,
}

/// A number, also written as digits in a text; 0 for anything else.
#[derive(Debug, Default)]
pub(super) struct Number(pub(super) f64);

/// Whether a value holds anything: false for null, `false`, 0, blank text, and a list or object of nothing else.
#[derive(Debug, Default)]
pub(super) struct Truthy(pub(super) bool);

impl LenientText<'_> {
    pub(super) fn text(&self) -> Option<&str> {
        (!self.text.is_empty()).then_some(&self.text)
    }

    pub(super) fn thinking(&self) -> Option<&str> {
        (!self.thinking.is_empty()).then_some(&self.thinking)
    }

    /// Text and thinking together, for a field that is all thinking.
    pub(super) fn all(&self) -> Cow<'_, str> {
        match (self.text(), self.thinking()) {
            (Some(text), None) => text.into(),
            (None, Some(thinking)) => thinking.into(),
            _ => format!("{}{}", self.thinking, self.text).into(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.thinking.is_empty()
    }
}

impl<'a> LenientText<'a> {
    fn add(&mut self, more: LenientText<'a>) {
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

/// Implements the visitor methods for the kinds of JSON that the visitor cannot use.
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

pub(super) use {expecting, visit_as};

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

impl<'de: 'a, 'a> Deserialize<'de> for LenientText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyText;
        impl<'de> Visitor<'de> for AnyText {
            type Value = LenientText<'de>;
            expecting!("a text");
            visit_as!(LenientText::default(); scalars numbers);
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(LenientText { text: text.into(), ..LenientText::default() })
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(LenientText { text: text.to_owned().into(), ..LenientText::default() })
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut all = LenientText::default();
                while let Some(part) = list.next_element::<LenientText<'de>>()? {
                    all.add(part);
                }
                Ok(all)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut all, mut is_thinking) = (LenientText::default(), false);
                while let Some(FieldName(key)) = map.next_key()? {
                    match &*key {
                        "type" => {
                            let kind: LenientText<'de> = map.next_value()?;
                            is_thinking |= kind.text().is_some_and(is_thinking_type);
                        }
                        "text" | "content" | "summary" => all.add(map.next_value()?),
                        // Gemini marks a part by `thought: true`.
                        "thought" => is_thinking |= map.next_value::<Truthy>()?.0,
                        key if reasoning_rank(key).is_some() => {
                            all.add(map.next_value::<LenientText<'de>>()?.into_thinking());
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
pub(super) struct FieldName<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for FieldName<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyKey;
        impl<'de> Visitor<'de> for AnyKey {
            type Value = FieldName<'de>;
            expecting!("a name");
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(FieldName(text.into()))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(FieldName(text.to_owned().into()))
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

impl<'de> Deserialize<'de> for Truthy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Anything;
        impl<'de> Visitor<'de> for Anything {
            type Value = Truthy;
            expecting!("anything");
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Truthy(value))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Truthy(false))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Truthy(number != 0))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Truthy(number != 0))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
                Ok(Truthy(number != 0.0))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Truthy(!text.trim().is_empty()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut any = false;
                while let Some(Truthy(given)) = list.next_element()? {
                    any |= given;
                }
                Ok(Truthy(any))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut any = false;
                while let Some((_, Truthy(given))) = map.next_entry::<IgnoredAny, Truthy>()? {
                    any |= given;
                }
                Ok(Truthy(any))
            }
        }
        deserializer.deserialize_any(Anything)
    }
}
