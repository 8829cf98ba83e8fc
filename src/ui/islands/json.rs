//! [`Json`]: what the server sends, parsed by the browser. A parser of our own would be a quarter of all that a browser has
//! to load.

use js_sys::{JSON, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// A value of JSON. What is missing, or of another kind than is asked for, is `None`.
pub(super) struct Json(JsValue);

impl Json {
    pub fn parse(text: &str) -> Option<Self> {
        JSON::parse(text).ok().map(Self)
    }

    /// Those of these texts that are JSON.
    pub fn parse_all(texts: &[String]) -> Vec<Self> {
        texts.iter().filter_map(|text| Self::parse(text)).collect()
    }

    /// The member `name` of an object.
    pub fn get(&self, name: &str) -> Option<Self> {
        let value = Reflect::get(&self.0, &name.into()).ok()?;
        (!value.is_undefined() && !value.is_null()).then_some(Self(value))
    }

    pub fn as_text(&self) -> Option<String> {
        self.0.as_string()
    }

    /// [`get`](Self::get) of a text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name)?.as_text()
    }

    /// [`get`](Self::get) of a whole number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.0.as_f64().map(|number| number as u64)
    }

    /// [`get`](Self::get) of a truth value; `false` where it is missing.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.0.is_truthy())
    }

    /// The items of an array.
    pub fn items(&self) -> Vec<Self> {
        self.0.dyn_ref::<js_sys::Array>().map(|array| array.iter().map(Self).collect()).unwrap_or_default()
    }
}
