//! What a call brings: [`Json`], [`Query`], [`Id`] and [`IdempotencyKey`], whose refusals are problems that name the
//! field.

use std::{str::FromStr, sync::Arc};

use axum::{
    extract::{FromRef, FromRequest, FromRequestParts, Path, Request},
    http::{HeaderMap, header, request::Parts},
};
use serde::de::{DeserializeOwned, IgnoredAny};
use strum::VariantNames;
use utoipa::IntoParams;

use crate::{
    domain::Reason,
    error::{AppError, missing_field},
    server::http::{body, site::Site},
};

/// A body of JSON. Fields that nobody asked for are ignored, so a client may be newer than the server.
///
/// Answers 415 without a JSON content type, 413 when the body is too large (also one that does not say
/// how long it is), and 422 with the path of the field when it is not what the call takes.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T>
where
    Arc<Site>: FromRef<S>,
{
    type Rejection = AppError;

    async fn from_request(request: Request, state: &S) -> Result<Self, AppError> {
        if !is_json(request.headers()) {
            return Err(AppError::UnsupportedMediaType { wanted: "application/json".into() });
        }
        let bytes = body::read(&Arc::<Site>::from_ref(state).config.limits, request).await?;
        parse(&bytes).map(Self)
    }
}

/// [`Json`] that may be left out: without a content type nothing is read, and the fields have their defaults.
pub struct MaybeJson<T>(pub T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for MaybeJson<T>
where
    Arc<Site>: FromRef<S>,
{
    type Rejection = AppError;

    async fn from_request(request: Request, state: &S) -> Result<Self, AppError> {
        if !request.headers().contains_key(header::CONTENT_TYPE) {
            return Ok(Self(T::default()));
        }
        Json::from_request(request, state).await.map(|Json(value)| Self(value))
    }
}

/// `application/json`, or a type that is JSON by its suffix; parameters such as a charset do not matter.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, AppError> {
    // serde would take a list of the fields' values as well.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(AppError::invalid("", Reason::new("body-not-object")));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let (path, cause) = (error.path().to_string(), error.inner());
        // serde_json says of a number in place of a word that a value is expected, as it does of a broken body.
        if !cause.is_data() && serde_json::from_slice::<IgnoredAny>(bytes).is_err() {
            return not_json(cause);
        }
        let sentence = without_place(cause);
        let parent = if path == "." { String::new() } else { path };
        // A missing field is told of its parent.
        let missing =
            if sentence.starts_with("missing field") { missing_field(&sentence) } else { String::new() };
        let field = match (parent.is_empty(), missing.is_empty()) {
            (false, false) => format!("{parent}.{missing}"),
            _ => parent + &missing,
        };
        AppError::Invalid { field, reason: Reason::new("body-does-not-fit").with("cause", sentence) }
    })?;
    json.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

fn not_json(error: &serde_json::Error) -> AppError {
    AppError::invalid("", Reason::new("body-not-json").with("cause", error.to_string()))
}

/// serde's sentence without the line and column, which say little once the field is named.
fn without_place(error: &serde_json::Error) -> String {
    let sentence = error.to_string();
    sentence.split(" at line ").next().unwrap_or(&sentence).to_owned()
}

/// What is said of a parameter that should be a number: see [`Values::parsed`].
pub fn whole_number(name: &str) -> Reason {
    Reason::new("query-not-a-number").with("name", name)
}

/// The parameters after `?`, each by its name. Unknown ones are ignored.
pub struct Query<T>(pub T);

/// Parameters that a call takes after `?`.
pub trait Parameters: Sized {
    /// 422 with the name of the parameter that is not as it should be.
    fn read(values: &Values) -> Result<Self, AppError>;
}

/// The values after `?`. Of a parameter that comes twice the first counts; an empty value counts as none.
pub struct Values(Vec<(String, String)>);

impl Values {
    fn find(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(key, _)| key == name);
        value.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.find(name).map(str::to_owned)
    }

    /// A number, or `true` or `false`; `wanted` says what the parameter of that name should be.
    pub fn parsed<T: FromStr>(&self, name: &str, wanted: fn(&str) -> Reason) -> Result<Option<T>, AppError> {
        let parsed = self.find(name).map(str::parse).transpose();
        parsed.map_err(|_| AppError::invalid(name, wanted(name)))
    }

    /// One of a few words; the default when there is none.
    pub fn choice<T: FromStr + VariantNames + Default>(&self, name: &str) -> Result<T, AppError> {
        Ok(self.word(name)?.unwrap_or_default())
    }

    /// One of a few words, if there is one.
    pub fn word<T: FromStr + VariantNames>(&self, name: &str) -> Result<Option<T>, AppError> {
        self.find(name).map(str::parse).transpose().map_err(|_| {
            let words = T::VARIANTS.join(", ");
            AppError::invalid(name, Reason::new("query-not-one-of").with("name", name).with("words", words))
        })
    }
}

impl<T: Parameters, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        let values = axum::extract::Query::try_from_uri(&parts.uri)
            .map_err(|_| AppError::invalid("", Reason::new("query-not-understood")))?;
        T::read(&Values(values.0)).map(Self)
    }
}

/// The id in the path. One of any shape that is not ours is simply not found.
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        let id = Path::<String>::from_request_parts(parts, state).await;
        id.map(|Path(id)| Self(id)).map_err(|_| AppError::NotFound)
    }
}

/// The two ids in the path.
pub struct Ids(pub String, pub String);

impl<S: Send + Sync> FromRequestParts<S> for Ids {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        let ids = Path::<(String, String)>::from_request_parts(parts, state).await;
        ids.map(|Path((first, second))| Self(first, second)).map_err(|_| AppError::NotFound)
    }
}

/// The key by which a question that is sent again is known.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKey {
    /// Any text of up to 200 bytes that is new for a new question. It counts for a day, in this conversation.
    #[param(rename = "Idempotency-Key", nullable = false, max_length = 200)]
    pub key: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        let key = header_text(&parts.headers, "Idempotency-Key")?;
        Ok(Self { key: key.map(str::to_owned) })
    }
}

/// A header's text, if it is there.
pub fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, AppError> {
    let text = headers.get(name).map(|value| value.to_str()).transpose();
    text.map_err(|_| AppError::invalid(name, Reason::new("header-not-ascii").with("name", name)))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only whether it can be read matters")]
    struct Outer {
        name: String,
        inner: Option<Inner>,
        #[serde(default)]
        list: Vec<u8>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only whether it can be read matters")]
    struct Inner {
        size: u8,
    }

    #[test]
    fn a_refusal_names_the_field_by_its_path() {
        for (body, field) in [
            ("{}", "name"),
            (r#"{"name":1}"#, "name"),
            (r#"{"name":"x","inner":{}}"#, "inner.size"),
            (r#"{"name":"x","inner":{"size":-1}}"#, "inner.size"),
            (r#"{"name":"x","inner":"`size`"}"#, "inner"),
            (r#"{"name":"x","list":[1,2,"3"]}"#, "list[2]"),
            ("7", ""),
            (r#"["x",null,[]]"#, ""),
            ("", ""),
            ("{", ""),
            (r#"{"name":"x"} x"#, ""),
            ("{\"name\":\"\u{0}\"}", ""),
        ] {
            match parse::<Outer>(body.as_bytes()) {
                Err(AppError::Invalid { field: found, reason }) => {
                    assert_eq!(found, field, "{body}: {reason}")
                }
                other => panic!("{body}: {other:?}"),
            }
        }
        assert!(parse::<Outer>(b"{\"name\":\"\xff\"}").is_err());
        parse::<Outer>(br#" {"name":"x","more":{"a":[1]}} "#).unwrap();
    }

    #[test]
    fn json_by_its_content_type() {
        let kind = |text: &'static str| {
            is_json(&HeaderMap::from_iter([(header::CONTENT_TYPE, header::HeaderValue::from_static(text))]))
        };
        assert!(
            kind("application/json") && kind("Application/JSON; charset=utf-8") && kind("application/x+json")
        );
        assert!(!kind("text/plain") && !kind("application/x-www-form-urlencoded") && !kind("text/json"));
        assert!(!is_json(&HeaderMap::new()));
    }
}
