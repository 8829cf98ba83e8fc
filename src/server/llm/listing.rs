//! What `/models` and Ollama's `/api/show` answer, in all the shapes that servers use.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::{Listed, Traits, model::CONTEXT_TOKENS};

/// The models of a list in its order. A list is `{"data": […]}`, `{"models": […]}` or a bare list, of texts or of
/// objects. A senseless entry is left out. `Err` says why a body is no list.
pub(super) fn models(body: &str) -> Result<Vec<Listed>, String> {
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
struct ListEntry(Option<Listed>);

impl<'de> Deserialize<'de> for ListEntry {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let model = match Value::deserialize(json)? {
            Value::String(name) => Some(Listed { name, ..Listed::default() }),
            // Where an entry has both, `name` is the one for people.
            Value::Object(entry) => ["id", "model", "name"]
                .into_iter()
                .find_map(|key| text(entry.get(key)))
                .map(|name| Listed { name, traits: traits(&Value::Object(entry)) }),
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

/// The traits that an entry states.
fn traits(entry: &Value) -> Traits {
    let context = CONTEXTS.iter().find_map(|(place, _)| tokens(entry.pointer(place)?));
    // OpenRouter lists the kinds of input; Mistral has a field for vision.
    let kinds = entry.pointer("/architecture/input_modalities").and_then(Value::as_array);
    let vision = kinds.map(|kinds| kinds.iter().any(|kind| kind == "image"));
    let vision = vision.or_else(|| entry.pointer("/capabilities/vision")?.as_bool());
    Traits { context, vision, price: None }
}

/// The traits in an answer of Ollama's `/api/show`; a `num_ctx` of the model's own outranks the context that it was
/// trained with. `None` when the body is no such answer.
pub(super) fn shown(body: &str) -> Option<Traits> {
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
    let vision = abilities.map(|abilities| abilities.iter().any(|ability| ability == "vision"));
    Some(Traits { context, vision, price: None })
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
mod tests {
    use super::{Traits, models, shown};

    fn names(body: &str) -> Result<Vec<String>, String> {
        models(body).map(|models| models.into_iter().map(|model| model.name).collect())
    }

    #[test]
    fn an_entry_says_what_its_model_takes() {
        for (entry, context, vision) in [
            (r#"{"id":"m"}"#, None, None),
            (r#"{"id":"m","max_model_len":16384}"#, Some(16_384), None),
            (
                r#"{"id":"m","context_length":131072,"architecture":{"input_modalities":["text","image"]}}"#,
                Some(131_072),
                Some(true),
            ),
            (
                r#"{"id":"m","context_length":4096,"architecture":{"input_modalities":["text"]}}"#,
                Some(4096),
                Some(false),
            ),
            (r#"{"id":"m","max_input_tokens":200000}"#, Some(200_000), None),
            (r#"{"id":"m","model_info":{"max_input_tokens":"128000"}}"#, Some(128_000), None),
            (
                r#"{"id":"m","max_context_length":32768,"capabilities":{"vision":false}}"#,
                Some(32_768),
                Some(false),
            ),
            (r#"{"id":"m","context_length":null,"context_window":8192}"#, Some(8192), None),
            // A model with senseless fields stays in the list.
            (r#"{"id":"m","context_length":0,"architecture":"x"}"#, None, None),
            (r#"{"id":"m","context_length":-5,"max_model_len":[],"capabilities":["a"]}"#, None, None),
            (r#"{"id":"m","context_length":99999999999,"max_input_tokens":1.5}"#, None, None),
        ] {
            let listed = models(&format!("[{entry}]")).unwrap().remove(0);
            assert_eq!(listed.name, "m", "{entry}");
            assert_eq!(listed.traits, Traits { context, vision, price: None }, "{entry}");
        }
    }

    #[test]
    fn what_ollama_shows_of_a_model() {
        let body = |parameters: &str| {
            serde_json::json!({
                "license": "x",
                "parameters": parameters,
                "model_info": {
                    "general.architecture": "llama",
                    "llama.context_length": 131_072,
                    "llama.embedding_length": 3072,
                },
                "capabilities": ["completion", "vision"],
            })
            .to_string()
        };
        let vision = Some(true);
        let said = |context| Some(Traits { context: Some(context), vision, price: None });
        assert_eq!(shown(&body("stop  \"<|eot_id|>\"")), said(131_072));
        assert_eq!(shown(&body("stop  \"x\"\nnum_ctx                        8192\ntop_p 1")), said(8192));
        assert_eq!(shown(&body("num_ctx 1\nnum_ctx x")), said(131_072));
        assert_eq!(shown(r#"{"model_info":{}}"#), Some(Traits::default()));
        for other in
            ["", "null", "[]", "{}", r#"{"error":"model not found"}"#, r#"{"model_info":[]}"#, "<html>"]
        {
            assert_eq!(shown(other), None, "{other}");
        }
    }

    #[test]
    fn every_shape_of_a_list() {
        for (body, expected) in [
            (r#"{"object":"list","data":[{"id":"a","object":"model"},{"id":"b"}]}"#, &["a", "b"][..]),
            (r#"[{"id":"a"}]"#, &["a"]),
            (r#" [{"id":"b"},{"id":"a"}] "#, &["b", "a"]),
            (r#"["a","b"]"#, &["a", "b"]),
            (r#"{"data":["a"]}"#, &["a"]),
            (r#"{"models":[{"name":"llama3:latest","model":"llama3:latest"}]}"#, &["llama3:latest"]),
            (r#"{"models":[{"name":"models/gemini-pro","displayName":"Gemini"}]}"#, &["models/gemini-pro"]),
            (r#"{"models":["a"]}"#, &["a"]),
            (r#"{"models":[{"name":"x"}],"data":[{"id":"a"}]}"#, &["a"]),
            (r#"{"models":[{"name":"x"}],"data":null}"#, &["x"]),
            (r#"{"data":[{"name":"A for people","id":"a"}]}"#, &["a"]),
            (r#"{"data":[{"id":null,"name":"n"},{"id":5,"model":"m"}]}"#, &["n", "m"]),
            (
                r#"{"data":[{"id":"a"},null,5,[],{},{"id":{"x":1}},true,{"id":["b"]},{"id":"c"}]}"#,
                &["a", "c"],
            ),
            ("\u{feff}[\"a\"]", &["a"]),
            (r#"{"data":null}"#, &[]),
            (r#"{"models":null}"#, &[]),
            (r#"{"data":[]}"#, &[]),
            ("[]", &[]),
        ] {
            assert_eq!(
                names(body).as_deref(),
                Ok(&expected.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()[..]),
                "{body}"
            );
        }
    }

    #[test]
    fn what_is_no_list() {
        for body in [
            "",
            "<!doctype html><title>x</title>",
            "Ollama is running",
            "null",
            "5",
            "{}",
            r#"{"object":"list"}"#,
            r#"{"error":"Unexpected endpoint or method. (GET /models)"}"#,
            r#"{"data":{"id":"a"}}"#,
            r#"{"data":"a"}"#,
            r#"{"data":[{"id":"a"}"#,
        ] {
            assert!(names(body).is_err(), "{body}");
        }
    }
}
