//! The OpenAPI document: what is said of the API as a whole. The routes bring what is said of each call.

use axum::{
    body::Bytes,
    http::header,
    response::{IntoResponse, Response},
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::BASE;
use crate::server::http::errors::Problem;

const DESCRIPTION: &str = "The calls that a program can make. JSON in and out. Make an API key under \
    Settings, or sign in with POST /auth/login, and send the key or the token as `Authorization: Bearer …`. Errors are \
    RFC 9457 problems. Ids are opaque texts, times are UTC milliseconds. What belongs to somebody else is answered like what is missing: 404. A body that comes too slowly is \
    answered 408, a host that is not this site's 421. Any call may be answered 503 with Retry-After: `unavailable` (the \
    database does not answer), `stopping` (the server restarts), `storage_full` or `storage_lost` (nothing can be kept \
    until an administrator has looked). Fields that are not listed here are ignored in requests, and may be added to \
    answers.";

const COOKIE: &str = "The name goes on with a part of the site's own, as Set-Cookie says it, and begins with `__Host-` \
    over https. Calls that change something must then come from the same site.";

const KEY: &str = "An API key that a person made under Settings. A call needs the scope that is named with it, or a larger \
    one: `read`, `chat`, `all`. Calls without one are not for keys.";

/// The document before any route is added to it.
#[derive(OpenApi)]
#[openapi(
    info(title = "Inglenook", description = DESCRIPTION),
    servers((url = BASE)),
    security(("bearer" = []), ("cookie" = [])),
    tags(
        (name = "Sign in"),
        (name = "Account"),
        (name = "Conversations"),
        (name = "Messages"),
        (name = "People"),
        (name = "Administration")
    ),
    components(schemas(Problem)),
    modifiers(&SignIn)
)]
pub struct Document;

/// How a call says who asks.
struct SignIn;

impl Modify for SignIn {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let cookie = ApiKey::Cookie(ApiKeyValue::with_description("inglenook", COOKIE));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let key =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("ink_…").description(Some(KEY));
        components.add_security_scheme("key", SecurityScheme::Http(key.build()));
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
    }
}

/// `GET /api/openapi.json`. Any site may read the document, because it holds nothing of anybody's.
pub fn answer(document: Bytes) -> Response {
    let fixed = [
        (header::CONTENT_TYPE, "application/json"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (fixed, document).into_response()
}
