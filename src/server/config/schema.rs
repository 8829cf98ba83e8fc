//! What the structs of `sections` say of their fields, read from their JSON schema: [`wanted`], [`default()`].

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value as Schema;
use toml::Value;

/// The JSON schema of a struct, with the schemas of its fields inside it instead of references.
pub(super) fn schema_of<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// The fields of a table.
pub(super) fn properties(schema: &Schema) -> impl Iterator<Item = (&String, &Schema)> {
    schema["properties"].as_object().into_iter().flatten()
}

/// The end of the message about a value that is refused.
pub(super) fn wanted(schema: &Schema) -> String {
    let words: Vec<String> = schema["enum"].as_array().into_iter().flatten().map(Schema::to_string).collect();
    match (schema["wanted"].as_str(), words.split_last()) {
        (Some(wanted), _) => wanted.to_owned(),
        (None, Some((last, rest))) => format!("{} or {last}", rest.join(", ")),
        (None, None) if schema["type"] == "integer" => {
            format!("a whole number from {} to {}", schema["minimum"], schema["maximum"])
        }
        (None, None) => "a table".to_owned(),
    }
}

/// The default of a schema; of a table, the defaults of its fields.
pub(super) fn default(schema: &Schema) -> Option<Value> {
    match &schema["default"] {
        Schema::String(text) => Some(text.as_str().into()),
        Schema::Number(number) => number.as_i64().map(Value::Integer),
        _ if schema["type"] == "object" => {
            let fields = properties(schema).filter_map(|(name, field)| Some((name.clone(), default(field)?)));
            Some(Value::Table(fields.collect()))
        }
        _ => None,
    }
}

/// The candidate with the fewest edits, when these are few enough for a misspelling.
pub(super) fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::levenshtein(word, candidate), candidate))
        .filter(|(edits, candidate)| *edits <= (candidate.len() / 4).max(2))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}
