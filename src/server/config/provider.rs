//! [`ProviderConfig`]: where models are asked, from `[[provider]]`, `INGLENOOK_PROVIDERS` and `OPENAI_*`.

use reqwest::Url;

use crate::domain::{Listed, Traits};

use super::{
    keys::PROVIDER_KEYS,
    models,
    problem::Origin,
    reader::{Reader, Setting},
    secret::Secret,
    table::{Table, unknown_fields},
    value::{Node, Value, parse_array},
};

/// The base URL of a provider named `openai` that sets none.
pub const OPENAI_BASE_URL: &str = "https://api.openai.com/v1";

/// What the built-in model without a provider is called; no provider may take the name.
pub const DEMO: &str = "demo";

/// A server that speaks the OpenAI protocol.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// Unique; without slashes, because a model is called `provider/model`.
    pub name: String,
    /// http or https, without a slash at the end, such as `http://localhost:11434/v1`.
    pub base_url: String,
    /// `None`: no `Authorization` is sent.
    pub api_key: Option<Secret>,
    /// Empty: `/models` is asked. What is said of all models stands in each of them, too.
    pub models: Vec<Listed>,
    /// What is said of all its models.
    pub traits: Traits,
    /// The model that names conversations; `None`: the one that answers.
    pub title_model: Option<String>,
    pub origin: Origin,
}

/// All providers, in the order they are offered.
pub(super) fn providers(reader: &mut Reader<'_>) -> Vec<ProviderConfig> {
    let (nodes, variable) = given(reader);
    let mut found: Vec<ProviderConfig> = Vec::new();
    let mut uses_openai_key = false;
    for (i, node) in nodes.iter().enumerate() {
        let origin = variable.clone().unwrap_or_else(|| reader.in_file(node.line));
        let mut table = Table { reader, key: format!("provider {}", i + 1), node, variable: &variable };
        uses_openai_key |= table.text("api_key_env").is_some_and(|name| name == "OPENAI_API_KEY");
        let Some(provider) = provider(&mut table, origin.clone()) else { continue };
        if found.iter().any(|other| other.name == provider.name) {
            let message = format!("found {:?} a second time, wanted a name of its own", provider.name);
            reader.problem(format!("provider {} name", i + 1), origin, message);
        } else {
            found.push(provider);
        }
    }
    // A provider that was written down goes before the one the variables alone would make, and the
    // key is not sent anywhere else than it says.
    if !uses_openai_key && found.iter().all(|provider| provider.name != "openai") {
        found.extend(from_openai_variables(reader));
    }
    for provider in &found {
        let key = if provider.api_key.is_some() { "key set" } else { "no key" };
        reader.settings.push(Setting {
            key: format!("provider {}", provider.name),
            shown: format!("{} ({key})", provider.base_url),
            origin: provider.origin.clone(),
        });
    }
    found
}

/// The tables, and the variable when they came from it.
fn given(reader: &mut Reader<'_>) -> (Vec<Node>, Option<Origin>) {
    const NAME: &str = "INGLENOOK_PROVIDERS";
    if let Some(text) = reader.variable(NAME) {
        let origin = Origin::Variable(NAME);
        let nodes = parse_array(&text).unwrap_or_else(|| {
            let wanted = r#"an array of tables as JSON or TOML, such as [{"name": "local", "base_url": "http://localhost:11434/v1"}]"#;
            reader.problem("provider", origin.clone(), format!("found something else, wanted {wanted}"));
            Vec::new()
        });
        return (nodes, Some(origin));
    }
    match reader.providers.take() {
        None => (Vec::new(), None),
        Some(Node { value: Value::List(nodes), .. }) => (nodes, None),
        Some(node) => {
            let origin = reader.in_file(node.line);
            let message =
                format!("found {}, wanted a list of tables: write [[provider]]", node.value.shown());
            reader.problem("provider", origin, message);
            (Vec::new(), None)
        }
    }
}

fn from_openai_variables(reader: &mut Reader<'_>) -> Option<ProviderConfig> {
    let key = reader.variable("OPENAI_API_KEY");
    let url = reader.variable("OPENAI_BASE_URL");
    let origin = Origin::Variable(if key.is_some() { "OPENAI_API_KEY" } else { "OPENAI_BASE_URL" });
    if key.is_none() && url.is_none() {
        return None;
    }
    let base_url = match base_url(url.as_deref().unwrap_or(OPENAI_BASE_URL)) {
        Ok(base_url) => base_url,
        Err(message) => {
            reader.problem("base_url of the provider openai", Origin::Variable("OPENAI_BASE_URL"), message);
            return None;
        }
    };
    let api_key = key.and_then(|key| {
        usable_key(&key)
            .map_err(|message| reader.problem("api_key of the provider openai", origin.clone(), message))
            .ok()
    });
    Some(ProviderConfig {
        name: "openai".to_owned(),
        base_url,
        api_key,
        models: Vec::new(),
        traits: Traits::default(),
        title_model: None,
        origin,
    })
}

fn provider(table: &mut Table<'_, '_>, origin: Origin) -> Option<ProviderConfig> {
    if !matches!(table.node.value, Value::Table(_)) {
        table.problem("", format!("found {}, wanted a table", table.node.value.shown()));
        return None;
    }
    unknown_fields(table, PROVIDER_KEYS);
    let name = name(table);
    let is_openai = name.as_deref() == Some("openai");
    let base_url = table_base_url(table, is_openai);
    let api_key = api_key(table, is_openai);
    let traits = models::traits(table);
    let models = models::models(table, &traits);
    let title_model = table.wanted_text("title_model", "the name of a model", false);
    Some(ProviderConfig { name: name?, base_url: base_url?, api_key, models, traits, title_model, origin })
}

fn name(table: &mut Table<'_, '_>) -> Option<String> {
    const WANTED: &str = "1 to 40 letters, digits, dots, dashes or underscores";
    let name = table.wanted_text("name", WANTED, true)?;
    let fits = name.len() <= 40 && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if !fits {
        table.problem("name", format!("found {}, wanted {WANTED}", Value::Text(name).shown()));
        return None;
    }
    if name == DEMO {
        table.problem("name", "found \"demo\", wanted another name: the built-in model is called so");
        return None;
    }
    Some(name)
}

fn table_base_url(table: &mut Table<'_, '_>, is_openai: bool) -> Option<String> {
    const WANTED: &str = "an address such as http://localhost:11434/v1";
    let given = table.wanted_text("base_url", WANTED, !is_openai);
    if given.is_none() && table.field("base_url").is_some() {
        return None;
    }
    let text = given.or_else(|| {
        is_openai
            .then(|| table.reader.variable("OPENAI_BASE_URL").unwrap_or_else(|| OPENAI_BASE_URL.to_owned()))
    })?;
    base_url(&text).map_err(|message| table.problem("base_url", message)).ok()
}

fn api_key(table: &mut Table<'_, '_>, is_openai: bool) -> Option<Secret> {
    const WANTED: &str = "the name of a variable, such as MISTRAL_API_KEY";
    let Some(variable) = table.wanted_text("api_key_env", WANTED, false) else {
        let key = is_openai.then(|| table.reader.variable("OPENAI_API_KEY")).flatten()?;
        return usable_key(&key).map_err(|message| table.problem("api_key_env", message)).ok();
    };
    let is_name = variable.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if !is_name || variable.starts_with(|c: char| c.is_ascii_digit()) {
        // People paste the key itself here, so what was found is not shown.
        table.problem("api_key_env", format!("found something that is no variable's name, wanted {WANTED}"));
        return None;
    }
    let Some(key) = table.reader.variable(&variable) else {
        table.problem(
            "api_key_env",
            format!("the variable {variable} is not set; set it to the provider's key"),
        );
        return None;
    };
    usable_key(&key).map_err(|message| table.problem("api_key_env", format!("{variable}: {message}"))).ok()
}

/// A key goes into a header, which takes no other characters.
fn usable_key(key: &str) -> Result<Secret, &'static str> {
    let key = key.trim();
    let fits = key.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        Ok(Secret::new(key))
    } else {
        Err("found a key with spaces or unusual characters in it, wanted the key alone")
    }
}

/// The URL without a slash at the end, or what was found and what is wanted.
fn base_url(text: &str) -> Result<String, String> {
    let wanted = "wanted an http or https address such as http://localhost:11434/v1";
    let found = super::reader::without_password(text.trim());
    let Ok(url) = Url::parse(text.trim()) else { return Err(format!("found {found:?}, {wanted}")) };
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(format!("found {found:?}, {wanted}"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("found an address with a password in it, wanted the key in api_key_env".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("found {found:?}, {wanted}, without ? and #"));
    }
    let base = text.trim().trim_end_matches('/');
    // Often pasted with the call that a manual shows.
    let base =
        ["/chat/completions", "/models"].iter().find_map(|call| base.strip_suffix(call)).unwrap_or(base);
    Ok(base.trim_end_matches('/').to_owned())
}
