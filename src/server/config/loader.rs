//! [`Loader`]: reads a table into its struct, and records each problem with its key, its origin and what is wanted.

use std::{collections::BTreeMap, fmt::Display, iter};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value as Schema;
use serde_path_to_error::Segment;
use toml::Value;

use super::{
    problem::{Origin, Problem, found},
    schema::{closest, default, properties, schema_of, wanted},
};

/// The origins of values, and the problems found in them so far.
///
/// A path names a value as messages do: `server.listen`, and below `[[provider]]`, with numbers from 1,
/// `provider 1 models 2 name`.
pub struct Loader<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    /// The key that was probably meant by an unknown one.
    nearest: fn(&str) -> Option<&'static str>,
    /// By path; a default value has none.
    pub origins: BTreeMap<String, Origin>,
    pub problems: Vec<Problem>,
}

impl<'a> Loader<'a> {
    pub fn new(
        variable: &'a dyn Fn(&str) -> Option<String>,
        nearest: fn(&str) -> Option<&'static str>,
    ) -> Self {
        Self { variable, nearest, origins: BTreeMap::new(), problems: Vec::new() }
    }

    /// The value of a variable, without blanks around it; an empty one counts as unset.
    pub fn variable(&self, name: &str) -> Option<String> {
        Some((self.variable)(name)?.trim().to_owned()).filter(|text| !text.is_empty())
    }

    pub fn set_origin(&mut self, path: &str, origin: Origin) {
        self.origins.insert(path.to_owned(), origin);
    }

    /// The origin of the value at a path. A field that a provider leaves out has the origin of its table.
    pub fn origin(&self, path: &str) -> Origin {
        let mut paths = iter::successors(Some(path), |path| Some(path.rsplit_once(' ')?.0));
        paths.find_map(|path| self.origins.get(path)).cloned().unwrap_or(Origin::Default)
    }

    /// Whether a section has no problem so far.
    pub fn is_valid(&self, section: &str) -> bool {
        self.problems.iter().all(|problem| !problem.key.starts_with(section))
    }

    /// Records a problem of the value at a path.
    pub fn problem(&mut self, path: &str, message: impl Into<String>) {
        self.problem_at(self.origin(path), path, message);
    }

    /// As [`problem`](Self::problem). Only the first problem of a value is kept.
    pub fn problem_at(&mut self, origin: Origin, path: &str, message: impl Into<String>) {
        if self.problems.iter().all(|problem| problem.key != path) {
            self.problems.push(Problem { key: path.to_owned(), origin, message: message.into() });
        }
    }

    /// Records that a value is not what is wanted.
    pub fn refuse(&mut self, path: &str, value: &Value, wanted: &str) {
        self.problem(path, format!("found {}, wanted {wanted}", found(value)));
    }

    /// Reads a table. A value that serde refuses is recorded and removed, and the rest is read again, because one run
    /// reports all problems. `None`: the value is no table.
    pub fn read<T: DeserializeOwned + JsonSchema>(&mut self, path: &str, mut table: Value) -> Option<T> {
        let schema = schema_of::<T>();
        self.check(path, &table, &schema);
        loop {
            let error = match serde_path_to_error::deserialize(table.clone()) {
                Ok(read) => return Some(read),
                Err(error) => error,
            };
            // The path ends at a list, because without one of its items the others would have other numbers.
            let keys = error.path().iter().map_while(|segment| match segment {
                Segment::Map { key } => Some(&**key),
                _ => None,
            });
            let keys: Vec<&str> = keys.collect();
            let Some((last, parents)) = keys.split_last() else {
                self.refuse(path, &table, &wanted(&schema));
                return None;
            };
            let at = keys.iter().fold(path.to_owned(), |path, key| below(&path, key));
            let parent = parents.iter().fold(&schema, |schema, key| &schema["properties"][key]);
            let fields =
                parents.iter().try_fold(&mut table, |value, key| value.get_mut(key))?.as_table_mut()?;
            let value = fields.remove(*last)?;
            let Some(field) = parent["properties"].get(last) else {
                self.unknown(&at, last, &value, parent);
                continue;
            };
            match error.inner().message() {
                sentence if sentence.starts_with("found ") => self.problem(&at, sentence),
                _ => self.refuse(&at, &value, &wanted(field)),
            }
            // A default that serde refuses would be refused for ever.
            if let Some(default) = default(field).filter(|default| *default != value) {
                fields.insert((*last).to_owned(), default);
            }
        }
    }

    /// Records what serde does not refuse: fields that are missing, dates, which it reads as text, and numbers out of
    /// their range.
    fn check(&mut self, path: &str, value: &Value, schema: &Schema) {
        let required = schema["required"].as_array().filter(|_| value.is_table());
        for name in required.into_iter().flatten().filter_map(Schema::as_str) {
            if value.get(name).is_none() {
                let wanted = wanted(&schema["properties"][name]);
                self.problem(&below(path, name), format!("missing, wanted {wanted}"));
            }
        }
        for (name, field) in properties(schema) {
            if let Some(value) = value.get(name) {
                self.check(&below(path, name), value, field);
            }
        }
        let range = schema["minimum"].as_f64().zip(schema["maximum"].as_f64());
        let number = value.as_float().or_else(|| value.as_integer().map(|number| number as f64));
        let is_outside = range.zip(number).is_some_and(|((least, most), it)| !(least..=most).contains(&it));
        if is_outside || value.is_datetime() {
            self.refuse(path, value, &wanted(schema));
        }
    }

    /// Records an unknown key, or each key of an unknown section.
    fn unknown(&mut self, path: &str, name: &str, value: &Value, parent: &Schema) {
        if is_provider(path) || is_sign_in(path) {
            let names: Vec<&str> = properties(parent).map(|(name, _)| &**name).collect();
            let hint = match closest(name, names.iter().copied()) {
                _ if is_sign_in(path) && name.contains("secret") => {
                    ": secrets stay out of files; put it into a variable and name that in client_secret_env"
                        .to_owned()
                }
                _ if ["api_key", "key", "token"].contains(&name) => {
                    ": keys stay out of files; put it into a variable and name that in api_key_env".to_owned()
                }
                Some(near) => format!("; did you mean {near}?"),
                None => format!(", only {}", names.join(", ")),
            };
            return self.problem(path, format!("there is no such key{hint}"));
        }
        match (value.as_table().filter(|table| !table.is_empty()), (self.nearest)(path)) {
            (Some(table), _) => {
                table.iter().for_each(|(name, value)| self.unknown(&below(path, name), name, value, parent));
            }
            (None, Some(near)) => self.problem(path, format!("there is no such key; did you mean {near}?")),
            (None, None) => self.problem(path, "there is no such key; inglenook --help lists them"),
        }
    }
}

/// The path of a field, or of an item counted from 1.
pub(super) fn below(path: &str, name: impl Display) -> String {
    match path {
        "" => name.to_string(),
        path if matches!(path.split(' ').next(), Some("provider" | "sign_in")) => format!("{path} {name}"),
        path => format!("{path}.{name}"),
    }
}

/// Whether a path leads into a `[[provider]]`.
pub(super) fn is_provider(path: &str) -> bool {
    path.starts_with("provider ")
}

/// Whether a path leads into a `[[sign_in]]`.
pub(super) fn is_sign_in(path: &str) -> bool {
    path.starts_with("sign_in ")
}
