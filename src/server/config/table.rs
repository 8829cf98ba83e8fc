//! [`Table`]: one table of the configuration while it is read, with its mistakes told by key and line.

use super::{
    keys::closest,
    problem::Origin,
    reader::Reader,
    value::{Node, Value},
};

/// One `[[provider]]` table, or a table inside it, while it is read.
pub(super) struct Table<'t, 'r> {
    pub reader: &'t mut Reader<'r>,
    /// `provider 2`
    pub key: String,
    pub node: &'t Node,
    pub variable: &'t Option<Origin>,
}

impl<'t, 'r> Table<'t, 'r> {
    /// The table that a field of this one holds, or an item of a list in it.
    pub fn inner<'i>(&'i mut self, name: &str, node: &'i Node) -> Table<'i, 'r> {
        Table { key: format!("{} {name}", self.key), reader: self.reader, node, variable: self.variable }
    }

    pub fn fields(&self) -> &'t [(String, Node)] {
        match &self.node.value {
            Value::Table(fields) => fields,
            _ => &[],
        }
    }

    pub fn field(&self, name: &str) -> Option<&'t Node> {
        self.fields().iter().find(|(field, _)| field == name).map(|(_, node)| node)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        match &self.field(name)?.value {
            Value::Text(text) => Some(text.trim()),
            _ => None,
        }
    }

    /// Records a mistake in a field, or in the whole table when `name` is empty.
    pub fn problem(&mut self, name: &str, message: impl Into<String>) {
        let line = self.field(name).unwrap_or(self.node).line;
        let origin = self.variable.clone().unwrap_or_else(|| self.reader.in_file(line));
        let key = if name.is_empty() { self.key.clone() } else { format!("{} {name}", self.key) };
        self.reader.problem(key, origin, message);
    }

    /// A text; of another kind it is a mistake, and missing it is one when `required`.
    pub fn wanted_text(&mut self, name: &str, wanted: &str, required: bool) -> Option<String> {
        match self.field(name).map(|node| node.value.clone()) {
            Some(Value::Text(text)) if !text.trim().is_empty() => return Some(text.trim().to_owned()),
            Some(Value::Text(_)) => self.problem(name, format!("found an empty text, wanted {wanted}")),
            Some(other) => self.problem(name, format!("found {}, wanted {wanted}", other.shown())),
            None if required => self.problem(name, format!("missing, wanted {wanted}")),
            None => {}
        }
        None
    }
}

/// Records every field that is none of `keys`, with the one that was probably meant.
pub(super) fn unknown_fields(table: &mut Table<'_, '_>, keys: &'static [(&str, &str)]) {
    let known = || keys.iter().map(|(name, _)| *name);
    let unknown: Vec<String> = table.fields().iter().map(|(field, _)| field.clone()).collect();
    for field in unknown.iter().filter(|field| known().all(|name| name != *field)) {
        let hint = match &**field {
            "api_key" | "key" | "token" => {
                "there is no such key: keys stay out of files; put it into a variable and name that in api_key_env"
                    .to_owned()
            }
            _ => match closest(field, known()) {
                Some(near) => format!("there is no such key; did you mean {near}?"),
                None => format!("there is no such key, only {}", known().collect::<Vec<_>>().join(", ")),
            },
        };
        table.problem(field, hint);
    }
}
