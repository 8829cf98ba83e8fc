//! `[[sign_in]]`: the providers that people sign in through, from the file or `INGLENOOK_SIGN_IN`.

use reqwest::Url;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::Error};
use toml::Value;

use super::{
    provider::{label, some_text, variable_name},
    text,
};
use crate::server::config::{
    loader::{Loader, below},
    problem::{Origin, without_password},
};

/// A provider that people sign in through.
#[derive(Clone, Debug)]
pub struct SignInConfig {
    /// Unique; it stands in addresses and beside what is stored.
    pub name: String,
    /// What its button says.
    pub label: String,
    pub kind: SignInKind,
    pub client_id: String,
    /// `None`: a public client, which has none.
    pub client_secret: Option<SecretString>,
    pub scopes: Vec<String>,
    pub origin: Origin,
}

impl SignInConfig {
    /// Where it is, for people who read the configuration.
    pub fn address(&self) -> &str {
        match &self.kind {
            SignInKind::OpenId { issuer } => issuer,
            SignInKind::OAuth { authorize_url, .. } => authorize_url,
        }
    }
}

/// What a provider speaks.
#[derive(Clone, Debug)]
pub enum SignInKind {
    OpenId {
        issuer: String,
    },
    /// A code for a token, and an address that tells whose token it is.
    OAuth {
        authorize_url: String,
        token_url: String,
        user_info_url: String,
        fields: UserFields,
    },
}

/// The names of the fields with which a provider tells who somebody is.
#[derive(Clone, Debug)]
pub struct UserFields {
    pub id: String,
    pub email: String,
    /// `None`: the provider does not tell, so no address counts as verified.
    pub email_verified: Option<String>,
    pub name: String,
}

/// A table as the file has it; `required` lists the fields whose absence is a problem.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("required" = ["name", "client_id"]))]
pub struct SignInTable {
    /// What it is called in addresses and in the database, so it must not change; small letters, digits and dashes.
    #[serde(default, deserialize_with = "name")]
    #[schemars(with = "String", extend("wanted" = "1 to 40 small letters, digits or dashes"))]
    name: Option<String>,
    /// What its button says; left out, its name.
    #[serde(default, deserialize_with = "label")]
    #[schemars(with = "String", extend("wanted" = "a name on one line of at most 40 characters"))]
    label: Option<String>,
    /// The issuer of an OpenID Connect provider, byte for byte as the provider writes it.
    #[serde(default, deserialize_with = "address")]
    #[schemars(with = "String", extend("wanted" = "an https address such as https://id.example.org"))]
    issuer: Option<String>,
    /// Instead of issuer, for a provider that speaks OAuth alone: where people are sent.
    #[serde(default, deserialize_with = "address")]
    #[schemars(with = "String", extend("wanted" = "an https address"))]
    authorize_url: Option<String>,
    /// Where a code is exchanged for a token.
    #[serde(default, deserialize_with = "address")]
    #[schemars(with = "String", extend("wanted" = "an https address"))]
    token_url: Option<String>,
    /// Where the token's owner is told, as a JSON object.
    #[serde(default, deserialize_with = "address")]
    #[schemars(with = "String", extend("wanted" = "an https address"))]
    user_info_url: Option<String>,
    /// What the provider calls this site.
    #[serde(default, deserialize_with = "some_text")]
    #[schemars(with = "String", extend("wanted" = "the id that the provider gave"))]
    client_id: Option<String>,
    /// The name of the variable that holds the secret; left out for a public client.
    #[serde(default, deserialize_with = "variable_name")]
    #[schemars(with = "String", extend("wanted" = "the name of a variable, such as ACME_SECRET"))]
    client_secret_env: Option<String>,
    /// What is asked for; left out, email and profile of an OpenID Connect provider (openid is always asked for), else nothing.
    #[schemars(with = "Vec<String>", extend("wanted" = "a list of words"))]
    scopes: Option<Vec<String>>,
    /// The field of user_info_url with the person's lasting id; left out, id.
    #[serde(default, deserialize_with = "some_text")]
    #[schemars(with = "String", extend("wanted" = "the name of a field"))]
    id_field: Option<String>,
    /// The field with the e-mail address; left out, email.
    #[serde(default, deserialize_with = "some_text")]
    #[schemars(with = "String", extend("wanted" = "the name of a field"))]
    email_field: Option<String>,
    /// The field that is true for a verified address; left out, no address counts as verified.
    #[serde(default, deserialize_with = "some_text")]
    #[schemars(with = "String", extend("wanted" = "the name of a field"))]
    email_verified_field: Option<String>,
    /// The field with the name; left out, name.
    #[serde(default, deserialize_with = "some_text")]
    #[schemars(with = "String", extend("wanted" = "the name of a field"))]
    name_field: Option<String>,
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text(deserializer, |name| {
        let is_plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        (is_plain && (1..=40).contains(&name.len())).then(|| Some(name.to_owned()))
    })
}

/// https, or http on this machine alone, because whoever is in between could sign in as anybody.
fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let refused =
        |wanted: &str| Err(D::Error::custom(format!("found {:?}, wanted {wanted}", without_password(&text))));
    let Ok(url) = Url::parse(&text) else { return refused("an https address") };
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.host_str().is_none() || !(url.scheme() == "https" || url.scheme() == "http" && here) {
        return refused("an https address; http only for this machine");
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return refused("an address without a password and #");
    }
    Ok(Some(text))
}

/// All ways, in the order they are offered.
pub fn ways(loader: &mut Loader<'_>, tables: Vec<Value>) -> Vec<SignInConfig> {
    let mut found: Vec<SignInConfig> = Vec::new();
    for (table, i) in tables.into_iter().zip(1..) {
        let path = format!("sign_in {i}");
        let Some(way) = way(loader, &path, table) else { continue };
        if found.iter().any(|other| other.name == way.name) {
            let message = format!("found {:?} a second time, wanted a name of its own", way.name);
            loader.problem(&below(&path, "name"), message);
        } else {
            found.push(way);
        }
    }
    found
}

fn way(loader: &mut Loader<'_>, path: &str, table: Value) -> Option<SignInConfig> {
    let table: SignInTable = loader.read(path, table)?;
    let urls = (table.authorize_url, table.token_url, table.user_info_url);
    let kind = match (table.issuer, urls) {
        (Some(issuer), (None, None, None)) => SignInKind::OpenId { issuer },
        (None, (Some(authorize_url), Some(token_url), Some(user_info_url))) => {
            let or = |field: Option<String>, other: &str| field.unwrap_or_else(|| other.to_owned());
            let fields = UserFields {
                id: or(table.id_field, "id"),
                email: or(table.email_field, "email"),
                email_verified: table.email_verified_field,
                name: or(table.name_field, "name"),
            };
            SignInKind::OAuth { authorize_url, token_url, user_info_url, fields }
        }
        _ => {
            let wanted = "wanted issuer, or authorize_url, token_url and user_info_url together";
            loader.problem(path, wanted);
            return None;
        }
    };
    let of_openid = || vec!["email".to_owned(), "profile".to_owned()];
    let scopes = table.scopes.unwrap_or_else(|| match &kind {
        SignInKind::OpenId { .. } => of_openid(),
        SignInKind::OAuth { .. } => Vec::new(),
    });
    let client_secret = table.client_secret_env.and_then(|variable| secret(loader, path, &variable));
    let name = table.name?;
    Some(SignInConfig {
        label: table.label.unwrap_or_else(|| name.clone()),
        name,
        kind,
        client_id: table.client_id?,
        client_secret,
        scopes,
        origin: loader.origin(path),
    })
}

fn secret(loader: &mut Loader<'_>, path: &str, variable: &str) -> Option<SecretString> {
    let found = loader.variable(variable);
    if found.is_none() {
        let message = format!("the variable {variable} is not set; set it to the provider's secret");
        loader.problem(&below(path, "client_secret_env"), message);
    }
    found.map(Into::into)
}
