//! A chat completion as it comes over the wire, read with little copying and much patience: every field may be
//! missing, null or of an unexpected kind.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::dialects::reasoning_rank;
use super::lenient::{FieldName, LenientText, Number, Object, Truthy, expecting, visit_as};
use crate::domain::Usage;

/// One `data:` of a stream (a chat completion chunk), or the whole body of an answer that is not streamed.
#[derive(Debug, Deserialize)]
pub(super) struct CompletionChunk<'a> {
    #[serde(borrow, default)]
    pub(super) choices: First<'a>,
    #[serde(default)]
    pub(super) usage: Object<Counts>,
    #[serde(default)]
    pub(super) error: Truthy,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct CompletionChoice<'a> {
    #[serde(default)]
    index: Number,
    #[serde(borrow, default)]
    delta: Object<MessagePart<'a>>,
    #[serde(borrow, default)]
    message: Object<MessagePart<'a>>,
    /// The text of a completion without a chat, which has no message.
    #[serde(borrow, default)]
    text: LenientText<'a>,
    #[serde(borrow, default)]
    finish_reason: LenientText<'a>,
}

/// The `delta` or `message` of a choice: a part of an answer.
#[derive(Debug, Default)]
pub(super) struct MessagePart<'a> {
    content: LenientText<'a>,
    /// The text that a model sends instead of content when it declines.
    refusal: LenientText<'a>,
    /// Thinking, with the rank of its field among the names for it.
    reasoning: Option<(usize, LenientText<'a>)>,
    /// Whether the model called a tool.
    pub(super) calls: bool,
}

impl<'a> CompletionChoice<'a> {
    /// The part of the answer in the choice, streamed or not.
    fn part(&self) -> Option<&MessagePart<'a>> {
        self.delta.0.as_ref().or(self.message.0.as_ref())
    }

    /// The text in the choice.
    pub(super) fn text(&self) -> Option<&str> {
        let part = self.part();
        let content = part.and_then(|part| part.content.text());
        content.or_else(|| part?.refusal.text()).or_else(|| self.text.text())
    }

    /// The thinking in the choice: in a field of its own, or a part of the content.
    pub(super) fn reasoning(&self) -> Option<Cow<'_, str>> {
        let part = self.part()?;
        let beside = part.reasoning.as_ref().map(|(_, words)| words.all());
        beside.or_else(|| part.content.thinking().map(Cow::Borrowed))
    }

    pub(super) fn calls_a_tool(&self) -> bool {
        self.part().is_some_and(|part| part.calls)
    }

    /// The reason why the answer ended, once it has.
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
        // `as` saturates, turns NaN into 0 and cuts off fractions.
        let count = |number: &Number| number.0 as u32;
        Self {
            prompt_tokens: count(&counts.prompt_tokens),
            completion_tokens: count(&counts.completion_tokens),
        }
    }
}

/// The first choice whose `index` is 0 or missing, because the request asks for one only.
#[derive(Debug, Default)]
pub(super) struct First<'a>(pub(super) Option<CompletionChoice<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for First<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Choices;
        impl<'de> Visitor<'de> for Choices {
            type Value = First<'de>;
            expecting!("a list of choices");
            visit_as!(First(None); scalars numbers text);
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut first = None;
                while let Some(Object(choice)) = list.next_element::<Object<CompletionChoice<'de>>>()? {
                    // Truncated, so that a senseless index counts as none.
                    first = first.or(choice.filter(|choice| (choice.index.0 as i64) == 0));
                }
                Ok(First(first))
            }
            /// A single choice without the list around it.
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Ok(First(Some(CompletionChoice::deserialize(MapAccessDeserializer::new(map))?)))
            }
        }
        deserializer.deserialize_any(Choices)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for MessagePart<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyMessagePart;
        impl<'de> Visitor<'de> for AnyMessagePart {
            type Value = MessagePart<'de>;
            expecting!("a part of an answer");
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut part = MessagePart::default();
                while let Some(FieldName(key)) = map.next_key()? {
                    match &*key {
                        "content" => part.content = map.next_value()?,
                        "refusal" => part.refusal = map.next_value()?,
                        "tool_calls" | "function_call" => part.calls |= map.next_value::<Truthy>()?.0,
                        key => match reasoning_rank(key) {
                            Some(rank) => {
                                let words: LenientText<'de> = map.next_value()?;
                                let better = part.reasoning.as_ref().is_none_or(|(known, _)| rank < *known);
                                if better && !words.is_empty() {
                                    part.reasoning = Some((rank, words));
                                }
                            }
                            None => {
                                let _: IgnoredAny = map.next_value()?;
                            }
                        },
                    }
                }
                Ok(part)
            }
        }
        deserializer.deserialize_map(AnyMessagePart)
    }
}

#[cfg(test)]
#[path = "chunk_tests.rs"]
mod tests;
