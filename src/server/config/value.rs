//! [`Value`]: what stands behind a key, from TOML, JSON or a variable, with the line it stands in.

use toml::{Spanned, de::DeTable, de::DeValue};

#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Decimal(f64),
    Truth(bool),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
    /// A kind that no key wants, in words.
    Other(&'static str),
}

/// A value and its line, counted from 1.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub value: Value,
    pub line: usize,
}

impl Value {
    /// For messages; long texts are cut.
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) if text.chars().count() > 80 => {
                format!("{:?} and so on", text.chars().take(60).collect::<String>())
            }
            Self::Text(text) => format!("{text:?}"),
            Self::Integer(number) => format!("the number {number}"),
            Self::Decimal(number) => format!("the number {number}"),
            Self::Truth(truth) => truth.to_string(),
            Self::List(_) => "a list".to_owned(),
            Self::Table(_) => "a table".to_owned(),
            Self::Other(kind) => (*kind).to_owned(),
        }
    }
}

/// The tables of a TOML text. The error is the parser's sentence and the line; the line's text is
/// left out, for it may hold a secret.
pub(super) fn parse_toml(text: &str) -> Result<Vec<(String, Node)>, (String, usize)> {
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        (error.message().lines().collect::<Vec<_>>().join(", "), line)
    })?;
    Ok(from_table(table.get_ref(), text))
}

/// A JSON or a TOML array; `None` when it is neither.
pub(super) fn parse_array(text: &str) -> Option<Vec<Node>> {
    let value = match serde_json::from_str::<serde_json::Value>(text) {
        Ok(json) => from_json(json),
        Err(_) => from_toml(&DeValue::parse(text).ok()?, text).value,
    };
    match value {
        Value::List(nodes) => Some(nodes),
        _ => None,
    }
}

fn from_table(table: &DeTable<'_>, text: &str) -> Vec<(String, Node)> {
    table.iter().map(|(key, value)| (key.get_ref().to_string(), from_toml(value, text))).collect()
}

fn from_toml(node: &Spanned<DeValue<'_>>, text: &str) -> Node {
    let value = match node.get_ref() {
        DeValue::String(string) => Value::Text(string.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("a number out of range"), Value::Integer),
        DeValue::Array(array) => Value::List(array.iter().map(|item| from_toml(item, text)).collect()),
        DeValue::Table(table) => Value::Table(from_table(table, text)),
        DeValue::Boolean(truth) => Value::Truth(*truth),
        DeValue::Float(number) => {
            number.as_str().parse().map_or(Value::Other("a number with a point"), Value::Decimal)
        }
        DeValue::Datetime(_) => Value::Other("a date"),
    };
    Node { value, line: line_of(text, node.span().start) }
}

fn from_json(json: serde_json::Value) -> Value {
    let node = |json| Node { value: from_json(json), line: 1 };
    match json {
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Value::Integer(integer),
            (None, Some(number)) => Value::Decimal(number),
            (None, None) => Value::Other("a number out of range"),
        },
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(node).collect()),
        serde_json::Value::Object(fields) => {
            Value::Table(fields.into_iter().map(|(key, value)| (key, node(value))).collect())
        }
        serde_json::Value::Bool(truth) => Value::Truth(truth),
        serde_json::Value::Null => Value::Other("null"),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
