//! `[[provider]]`: the servers that are asked for models, from the file, `INGLENOOK_PROVIDERS` and `OPENAI_*`.

use std::collections::HashSet;

use reqwest::Url;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::Error};
use toml::{Table, Value};

use super::text;
use crate::{
    domain::{Listed, Model, Price, Traits, model::CONTEXT_TOKENS},
    server::config::{
        loader::{Loader, below},
        problem::{Origin, without_password},
    },
};

/// The base URL of a provider named `openai` that sets none.
pub const OPENAI_BASE_URL: &str = "https://api.openai.com/v1";

/// The name of the built-in model's provider; no other may take it.
pub const DEMO: &str = "demo";

/// A server that speaks the OpenAI protocol.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// Unique; without slashes, because a model is called `provider/model`.
    pub name: String,
    /// http or https, without a slash at the end, such as `http://localhost:11434/v1`.
    pub base_url: String,
    /// `None`: no `Authorization` is sent.
    pub api_key: Option<SecretString>,
    /// What people call it; `None`: what is known by its name.
    pub label: Option<String>,
    /// Empty: `/models` is asked. Each has the traits of all models, where it has none of its own.
    pub models: Vec<Listed>,
    /// The traits of all its models.
    pub traits: Traits,
    /// The model that names conversations; `None`: the one that answers.
    pub title_model: Option<String>,
    pub origin: Origin,
}

/// A table as the file has it. All fields are optional, because a missing one must not hide other problems; `required`
/// lists those whose absence is a problem.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("required" = ["name", "base_url"]))]
pub struct ProviderTable {
    /// What people see before the model; letters, digits, dot, dash and underscore.
    #[serde(default, deserialize_with = "name")]
    #[schemars(with = "String", extend("wanted" = "1 to 40 letters, digits, dots, dashes or underscores"))]
    name: Option<String>,
    /// What sentences and the list of models call it; left out, OpenAI for openai and so on, else its name.
    #[serde(default, deserialize_with = "label")]
    #[schemars(with = "String", extend("wanted" = "a name on one line of at most 40 characters"))]
    label: Option<String>,
    /// An OpenAI-compatible API, such as http://localhost:11434/v1; a /v1 that is left out is found.
    #[serde(default, deserialize_with = "base_url")]
    #[schemars(with = "String", extend("wanted" = "an address such as http://localhost:11434/v1"))]
    base_url: Option<String>,
    /// The name of the variable that holds the key; leave it out when none is wanted.
    #[serde(default, deserialize_with = "variable_name")]
    #[schemars(with = "String", extend("wanted" = "the name of a variable, such as MISTRAL_API_KEY"))]
    api_key_env: Option<String>,
    /// The models to offer, and no others are asked; left out, /models is asked. Names, or tables: ["a", {name = "b", context = 8192}].
    #[serde(default)]
    #[schemars(with = "Vec<String>", extend("wanted" = MODELS))]
    models: Vec<Value>,
    /// The model that names conversations; left out, the one that answers.
    #[serde(default, deserialize_with = "some_text")]
    #[schemars(with = "String", extend("wanted" = "the name of a model"))]
    title_model: Option<String>,
    /// The tokens that prompt and answer may have together, of each model or in a model's table; left out, what the provider says, else 32768.
    #[schemars(
        range(min = *CONTEXT_TOKENS.start(), max = *CONTEXT_TOKENS.end()),
        extend("wanted" = context_wanted())
    )]
    context: Option<u32>,
    /// true or false: whether the models take images, which cannot be sent yet; left out, what the provider says.
    #[schemars(extend("wanted" = "true or false"))]
    vision: Option<bool>,
    /// What a million tokens cost, such as {input = 0.15, output = 0.6, currency = "USD"}; told to programs.
    price: Option<PriceTable>,
}

const MODELS: &str = "a list of models' names of at most 200 characters, or of tables with such a name, such as \
    [\"llama3.2\", {name = \"qwen3\", context = 32768}]";

/// One of the `models`; its traits go before those of its provider.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("required" = ["name"]))]
struct ModelTable {
    #[serde(default, deserialize_with = "model_name")]
    #[schemars(with = "String", extend("wanted" = "the name of a model, on one line of at most 200 characters"))]
    name: Option<String>,
    #[schemars(
        range(min = *CONTEXT_TOKENS.start(), max = *CONTEXT_TOKENS.end()),
        extend("wanted" = context_wanted())
    )]
    context: Option<u32>,
    #[schemars(extend("wanted" = "true or false"))]
    vision: Option<bool>,
    price: Option<PriceTable>,
}

/// In units of the currency for a million tokens.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend(
    "required" = ["input", "output", "currency"],
    "wanted" = "a table such as {input = 0.15, output = 0.6, currency = \"USD\"}, for a million tokens"
))]
struct PriceTable {
    #[schemars(range(min = 0, max = MOST), extend("wanted" = AMOUNT))]
    input: Option<f64>,
    #[schemars(range(min = 0, max = MOST), extend("wanted" = AMOUNT))]
    output: Option<f64>,
    #[serde(default, deserialize_with = "currency")]
    #[schemars(with = "String", extend("wanted" = "the three capital letters of a currency, such as \"USD\""))]
    currency: Option<String>,
}

const AMOUNT: &str = "what a million tokens cost, a number that is not below 0, such as 0.15";

/// The highest price of a million tokens.
const MOST: u32 = 1_000_000;

fn context_wanted() -> String {
    format!("a whole number of tokens from {} to {}", CONTEXT_TOKENS.start(), CONTEXT_TOKENS.end())
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name = text(deserializer, |name| {
        let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        (is_plain && (1..=40).contains(&name.len())).then(|| name.to_owned())
    })?;
    if name == DEMO {
        let taken = "found \"demo\", wanted another name, because the built-in model has this one";
        return Err(D::Error::custom(taken));
    }
    Ok(Some(name))
}

/// The URL without a slash at the end, and without the path of a call, because manuals show whole calls.
fn base_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    const WANTED: &str = "wanted an http or https address such as http://localhost:11434/v1";
    let text = String::deserialize(deserializer)?;
    let refused =
        |what: &str| Err(D::Error::custom(format!("found {:?}, {WANTED}{what}", without_password(&text))));
    let url = match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() => url,
        _ => return refused(""),
    };
    if !url.username().is_empty() || url.password().is_some() {
        let advice = "found an address with a password in it, wanted the key in api_key_env";
        return Err(D::Error::custom(advice));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refused(", without ? and #");
    }
    let base = text.trim_end_matches('/');
    let call = ["/chat/completions", "/models"].iter().find_map(|call| base.strip_suffix(call));
    Ok(Some(call.unwrap_or(base).trim_end_matches('/').to_owned()))
}

pub(super) fn variable_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name = String::deserialize(deserializer)?;
    let is_name = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if is_name && name.starts_with(|c: char| !c.is_ascii_digit()) {
        return Ok(Some(name));
    }
    if name.is_empty() {
        return Err(D::Error::custom("not as wanted"));
    }
    // What was found is not shown, because people paste the key itself here.
    let advice =
        "found something that is no variable's name, wanted the name of a variable, such as MISTRAL_API_KEY";
    Err(D::Error::custom(advice))
}

pub(super) fn some_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text(deserializer, |text| (!text.is_empty()).then(|| Some(text.to_owned())))
}

pub(super) fn label<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text(deserializer, |label| {
        let fits = (1..=40).contains(&label.chars().count()) && !label.contains(char::is_control);
        fits.then(|| Some(label.to_owned()))
    })
}

fn model_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text(deserializer, |text| Model::is_name(text).then(|| Some(text.to_owned())))
}

fn currency<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text(deserializer, |text| {
        let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        is_code.then(|| Some(text.to_owned()))
    })
}

impl From<PriceTable> for Option<Price> {
    fn from(table: PriceTable) -> Self {
        Some(Price { input: table.input?, output: table.output?, currency: table.currency? })
    }
}

fn traits(context: Option<u32>, vision: Option<bool>, price: Option<PriceTable>) -> Traits {
    Traits { context, vision, price: price.and_then(Into::into), ..Traits::default() }
}

/// All providers, in the order they are offered.
pub fn providers(loader: &mut Loader<'_>, tables: Vec<Value>) -> Vec<ProviderConfig> {
    let says = |field: &str, text: &str| {
        tables.iter().any(|table| table.get(field).and_then(Value::as_str) == Some(text))
    };
    // A provider of the file goes before the one that the variables make, and a key that is meant for one server is
    // not sent to another.
    let is_written = says("name", "openai") || says("api_key_env", "OPENAI_API_KEY");
    let mut given: Vec<(String, Value)> =
        tables.into_iter().zip(1..).map(|(table, i)| (format!("provider {i}"), table)).collect();
    let variable =
        ["OPENAI_API_KEY", "OPENAI_BASE_URL"].into_iter().find(|name| loader.variable(name).is_some());
    if let Some(variable) = variable.filter(|_| !is_written) {
        loader.set_origin("provider openai", Origin::Variable(variable));
        given.push((
            "provider openai".to_owned(),
            Table::from_iter([("name".to_owned(), "openai".into())]).into(),
        ));
    }
    let mut found: Vec<ProviderConfig> = Vec::new();
    for (path, table) in given {
        let Some(provider) = provider(loader, &path, table) else { continue };
        if found.iter().any(|other| other.name == provider.name) {
            let message = format!("found {:?} a second time, wanted a name of its own", provider.name);
            loader.problem(&below(&path, "name"), message);
        } else {
            found.push(provider);
        }
    }
    found
}

fn provider(loader: &mut Loader<'_>, path: &str, mut table: Value) -> Option<ProviderConfig> {
    if table.get("name").and_then(Value::as_str) == Some("openai") {
        complete_openai(loader, path, table.as_table_mut()?);
    }
    let table: ProviderTable = loader.read(path, table)?;
    let traits = traits(table.context, table.vision, table.price);
    let models = models(loader, path, table.models, &traits);
    let api_key = table.api_key_env.and_then(|variable| api_key(loader, path, &variable));
    Some(ProviderConfig {
        name: table.name?,
        label: table.label,
        base_url: table.base_url?,
        api_key,
        models,
        traits,
        title_model: table.title_model,
        origin: loader.origin(path),
    })
}

/// Fills in what a table named `openai` leaves out from the variables that most programs for OpenAI read.
fn complete_openai(loader: &mut Loader<'_>, path: &str, table: &mut Table) {
    if !table.contains_key("base_url") {
        const VARIABLE: &str = "OPENAI_BASE_URL";
        let given = loader.variable(VARIABLE);
        loader.set_origin(&below(path, "base_url"), Origin::Variable(VARIABLE));
        table.insert("base_url".to_owned(), given.unwrap_or_else(|| OPENAI_BASE_URL.to_owned()).into());
    }
    if !table.contains_key("api_key_env") && loader.variable("OPENAI_API_KEY").is_some() {
        table.insert("api_key_env".to_owned(), "OPENAI_API_KEY".into());
    }
}

/// The key in a variable. Blanks and letters beyond ASCII are refused, because the key goes into a header.
fn api_key(loader: &mut Loader<'_>, path: &str, variable: &str) -> Option<SecretString> {
    let message = match loader.variable(variable) {
        Some(key) if key.bytes().all(|byte| byte.is_ascii_graphic()) => return Some(key.into()),
        Some(_) => {
            format!("{variable}: found a key with spaces or unusual characters in it, wanted the key alone")
        }
        None => format!("the variable {variable} is not set; set it to the provider's key"),
    };
    loader.problem(&below(path, "api_key_env"), message);
    None
}

/// The models of a provider, each once, in their order; `of_all` are the traits of those without their own.
fn models(loader: &mut Loader<'_>, path: &str, items: Vec<Value>, of_all: &Traits) -> Vec<Listed> {
    let mut seen = HashSet::new();
    let mut models = Vec::new();
    for (item, i) in items.into_iter().zip(1..) {
        let (name, traits) = match item {
            Value::String(name) if Model::is_name(&name) => (Some(name), Traits::default()),
            table @ Value::Table(_) => {
                let Some(table) = loader.read::<ModelTable>(&below(path, format!("models {i}")), table)
                else {
                    continue;
                };
                (table.name, traits(table.context, table.vision, table.price))
            }
            other => {
                loader.refuse(&below(path, "models"), &other, MODELS);
                continue;
            }
        };
        if let Some(name) = name.filter(|name| seen.insert(name.clone())) {
            models.push(Listed { name, traits: traits.or(of_all) });
        }
    }
    models
}
