//! What `/models` answers, in the shapes that servers give it.

use serde::Deserialize;
use serde_json::Value;

/// The names in a list, in its order: `{"data": […]}`, `{"models": […]}` or the list alone, of texts or of
/// objects. An entry that makes no sense costs itself alone. `Err`: this is no list.
pub(super) fn names(body: &str) -> Result<Vec<String>, String> {
    #[derive(Deserialize)]
    struct List {
        #[serde(default, deserialize_with = "given")]
        data: Option<Option<Vec<Entry>>>,
        #[serde(default, deserialize_with = "given")]
        models: Option<Option<Vec<Entry>>>,
    }
    let body = body.trim_start_matches('\u{feff}').trim_start();
    let entries: Vec<Entry> = if body.starts_with('[') {
        serde_json::from_str(body).map_err(|error| error.to_string())?
    } else {
        let list: List = serde_json::from_str(body).map_err(|error| error.to_string())?;
        match (list.data, list.models) {
            (Some(Some(entries)), _) | (_, Some(Some(entries))) => entries,
            // A server without models.
            (Some(None), _) | (_, Some(None)) => Vec::new(),
            (None, None) => return Err("neither data nor models".to_owned()),
        }
    };
    Ok(entries.into_iter().filter_map(Entry::name).collect())
}

/// Tells a field that is `null` from one that is not there.
fn given<'de, D: serde::Deserializer<'de>>(json: D) -> Result<Option<Option<Vec<Entry>>>, D::Error> {
    Deserialize::deserialize(json).map(Some)
}

/// One of a list of thousands, so that no more than one is held as a whole.
struct Entry(Option<String>);

impl Entry {
    fn name(self) -> Option<String> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let name = match Value::deserialize(json)? {
            Value::String(name) => Some(name),
            // Where there are two, `name` is the one for people.
            Value::Object(entry) => ["id", "model", "name"].into_iter().find_map(|key| text(entry.get(key))),
            _ => None,
        };
        Ok(Self(name))
    }
}

#[cfg(test)]
mod tests {
    use super::names;

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
