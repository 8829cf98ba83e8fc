//! What `/models` and Ollama's `/api/show` answer, in all the shapes that servers use.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::{
    Traits,
    model::{CONTEXT_TOKENS, MAX_MODEL_CHARS},
};

/// What a server tells of one model.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Entry {
    pub name: String,
    /// Its name for people.
    pub label: Option<String>,
    /// When it was made, in seconds since 1970.
    pub created: Option<i64>,
    /// Whether it can hold a conversation, where the server says.
    pub chats: Option<bool>,
    pub traits: Traits,
}

/// The models of a list in its order. A list is `{"data": […]}`, `{"models": […]}` or a bare list, of texts or of
/// objects. A senseless entry is left out. `Err` says why a body is no list.
pub(super) fn models(body: &str) -> Result<Vec<Entry>, String> {
    #[derive(Deserialize)]
    struct List {
        #[serde(default, deserialize_with = "given")]
        data: Option<Option<Vec<ListEntry>>>,
        #[serde(default, deserialize_with = "given")]
        models: Option<Option<Vec<ListEntry>>>,
    }
    let body = body.trim_start_matches('\u{feff}').trim_start();
    let entries: Vec<ListEntry> = if body.starts_with('[') {
        serde_json::from_str(body).map_err(|error| error.to_string())?
    } else {
        let list: List = serde_json::from_str(body).map_err(|error| error.to_string())?;
        match (list.data, list.models) {
            (Some(Some(entries)), _) | (_, Some(Some(entries))) => entries,
            // The server has no models.
            (Some(None), _) | (_, Some(None)) => Vec::new(),
            (None, None) => return Err("neither data nor models".to_owned()),
        }
    };
    Ok(entries.into_iter().filter_map(|ListEntry(model)| model).collect())
}

/// Tells a field that is `null` from a field that is missing.
fn given<'de, D: serde::Deserializer<'de>>(json: D) -> Result<Option<Option<Vec<ListEntry>>>, D::Error> {
    Deserialize::deserialize(json).map(Some)
}

/// One entry of a list, read entry by entry because a list may have thousands and only one is held whole.
struct ListEntry(Option<Entry>);

impl<'de> Deserialize<'de> for ListEntry {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let model = match Value::deserialize(json)? {
            Value::String(name) => Some(Entry { name, ..Entry::default() }),
            // Where an entry has both, `name` is the one for people.
            Value::Object(entry) => {
                let name = ["id", "model", "name"].into_iter().find_map(|key| text(entry.get(key)));
                name.map(|name| told(name, &Value::Object(entry)))
            }
            _ => None,
        };
        Ok(Self(model))
    }
}

/// Where an entry says how many tokens its model takes, the most reliable field first, and which servers use it.
const CONTEXTS: &[(&str, &str)] = &[
    ("/max_model_len", "vLLM, SGLang: as the server was started"),
    ("/context_length", "OpenRouter, Together, Fireworks"),
    ("/max_context_length", "Mistral"),
    ("/context_window", "Groq"),
    ("/max_input_tokens", "LiteLLM, Anthropic: without the answer"),
    ("/model_info/max_input_tokens", "LiteLLM, /model/info"),
];

/// Fields for the name that people know a model by.
const LABELS: &[&str] = &["/display_name", "/displayName", "/friendly_name", "/name"];

/// What an entry tells of the model that is called so.
fn told(name: String, entry: &Value) -> Entry {
    let label = LABELS.iter().filter_map(|place| entry.pointer(place)?.as_str()).map(str::trim);
    // Many servers repeat the id in these fields, or another one.
    let for_people = |label: &&str| label.contains(|c: char| c == ' ' || c.is_uppercase() || !c.is_ascii());
    let fits = |label: &&str| {
        *label != name && label.chars().count() <= MAX_MODEL_CHARS && !label.contains(char::is_control)
    };
    let label = label.filter(for_people).find(fits).map(str::to_owned);
    let created = entry.get("created").and_then(Value::as_i64).filter(|created| *created > 0);
    Entry { label, created, chats: chats(entry), traits: traits(entry), name }
}

/// Whether an entry says that its model can chat. The fields, and which servers use them:
fn chats(entry: &Value) -> Option<bool> {
    let list = |place: &str| entry.pointer(place).and_then(Value::as_array);
    let word = |place: &str| entry.pointer(place).and_then(Value::as_str);
    // OpenRouter, GitHub Models
    let kinds = list("/architecture/output_modalities").or_else(|| list("/supported_output_modalities"));
    if let Some(kinds) = kinds.filter(|kinds| !kinds.is_empty()) {
        return Some(kinds.iter().any(|kind| kind == "text"));
    }
    // OpenRouter, earlier: "text+image->text"
    if let Some((_, output)) = word("/architecture/modality").and_then(|it| it.split_once("->")) {
        return Some(output.contains("text"));
    }
    // Mistral, Fireworks
    let said = entry.pointer("/capabilities/completion_chat").or_else(|| entry.get("supports_chat"));
    if let Some(said) = said.and_then(Value::as_bool) {
        return Some(said);
    }
    // Google: a model that lists this may speak or draw all the same.
    if let Some(methods) = list("/supportedGenerationMethods") {
        return (!methods.iter().any(|method| method == "generateContent")).then_some(false);
    }
    // LiteLLM; Together and LM Studio; GitHub Models
    let kind = word("/mode").or_else(|| word("/model_info/mode"));
    match kind.or_else(|| word("/type")).or_else(|| word("/task"))? {
        "chat" | "responses" | "llm" | "vlm" | "chat-completion" => Some(true),
        kind => {
            const OTHERS: [&str; 8] =
                ["audio", "embed", "image", "language", "moderation", "rerank", "transcri", "video"];
            OTHERS.iter().any(|other| kind.starts_with(other)).then_some(false)
        }
    }
}

/// Whether any of these fields says yes; `None` when none says anything.
fn says(entry: &Value, places: &[&str]) -> Option<bool> {
    let said = places.iter().filter_map(|place| entry.pointer(place)?.as_bool());
    said.reduce(|one, other| one || other)
}

/// The traits that an entry states.
fn traits(entry: &Value) -> Traits {
    let context = CONTEXTS.iter().find_map(|(place, _)| tokens(entry.pointer(place)?));
    // OpenRouter lists the kinds of input; Mistral has a field for vision.
    let kinds = entry.pointer("/architecture/input_modalities").and_then(Value::as_array);
    let vision = kinds.map(|kinds| kinds.iter().any(|kind| kind == "image"));
    let vision = vision.or_else(|| entry.pointer("/capabilities/vision")?.as_bool());
    // OpenRouter lists the parameters that a model takes; LiteLLM and Mistral have fields.
    let parameters = entry.get("supported_parameters").and_then(Value::as_array);
    let takes = |name: &str| parameters.map(|them| them.iter().any(|it| it == name));
    const TOOLS: &[&str] = &["/capabilities/function_calling", "/model_info/supports_function_calling"];
    const REASONING: &[&str] = &["/capabilities/reasoning", "/model_info/supports_reasoning"];
    let tools = takes("tools").or_else(|| says(entry, TOOLS));
    let reasoning = takes("reasoning").or_else(|| says(entry, REASONING));
    Traits { context, vision, reasoning, tools, price: None }
}

/// What an answer of Ollama's `/api/show` tells of the model `name`; a `num_ctx` of the model's own outranks the context that it was
/// trained with. `None` when the body is no such answer.
pub(super) fn shown(name: &str, body: &str) -> Option<Entry> {
    let answer: Value = serde_json::from_str(body).ok()?;
    let info = answer.get("model_info")?.as_object()?;
    // The key is prefixed with the architecture, as in `llama.context_length`.
    let trained = info.iter().find(|(key, _)| key.ends_with(".context_length"));
    let own = answer.get("parameters").and_then(Value::as_str).and_then(|lines| {
        let mut words = lines.lines().map(str::split_whitespace);
        words.find_map(|mut line| (line.next() == Some("num_ctx")).then(|| line.next())?)?.parse().ok()
    });
    let context = own.filter(|own| CONTEXT_TOKENS.contains(own));
    let context = context.or_else(|| tokens(trained?.1));
    let abilities = answer.get("capabilities").and_then(Value::as_array);
    let can = |what: &str| abilities.map(|abilities| abilities.iter().any(|ability| ability == what));
    let traits = Traits {
        context,
        vision: can("vision"),
        reasoning: can("thinking"),
        tools: can("tools"),
        price: None,
    };
    Some(Entry { name: name.to_owned(), chats: can("completion"), traits, ..Entry::default() })
}

/// A plausible number of tokens, also written as a text.
fn tokens(value: &Value) -> Option<u32> {
    let number = match value {
        Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| CONTEXT_TOKENS.contains(number))
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
