//! The one gate: cookie or bearer token → session row → [`CurrentUser`].
//!
//! The token is a JWT (HS256, one secret) that names a session row. The row is looked up on each
//! request, so signing out, a new password or a disabled account end a session at once. As the row
//! decides, the token lives as long as the session may; a session in use is prolonged once a day.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use super::{clock::Clock, state::AppState, store::Session};
use crate::{
    domain::{User, UserRole, UserState},
    error::AppError,
};

/// At sign-out: what was typed and not sent is kept in the browser, and is not for who comes next. Caches
/// hold nothing of a person, and browsers take long to clear them.
pub const CLEAR_SITE_DATA: (http::HeaderName, &str) =
    (http::HeaderName::from_static("clear-site-data"), "\"storage\"");

/// The cookie that carries the token. Its name gets the `__Host-` prefix over https.
pub const COOKIE: &str = "inglenook";
const ISSUER: &str = "inglenook";
/// What a token is for; other kinds must never pass as a session.
const KIND: &str = "session";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// `{"typ":"JWT","alg":"HS256"}` as it stands in every token.
const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";
/// Ours are about 250 bytes; longer ones are refused unread.
const MAX_TOKEN_BYTES: usize = 1024;

/// Who asks. Every service takes one, and the owner is part of every query.
#[derive(Clone, Debug)]
pub struct CurrentUser {
    pub user: User,
    pub session_id: String,
}

impl CurrentUser {
    pub fn id(&self) -> &str {
        &self.user.id
    }

    pub fn is_admin(&self) -> bool {
        self.user.role == UserRole::Admin
    }
}

/// A token as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedToken {
    pub token: String,
    /// UTC milliseconds.
    pub expires_at: i64,
}

/// A token with any other claim was not made here, even where our key signed it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    kind: String,
    /// The user.
    sub: String,
    /// The session row.
    sid: String,
    /// Seconds, as the standard says.
    iat: i64,
    exp: i64,
}

/// Signs tokens and checks them.
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    clock: Clock,
}

impl Tokens {
    pub fn new(secret: &[u8], clock: Clock) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        // Expiry is checked against our own clock in `read`.
        validation.validate_exp = false;
        validation.validate_aud = false;
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
            clock,
        }
    }

    pub fn issue(&self, session: &Session) -> Result<IssuedToken, AppError> {
        let claims = Claims {
            iss: ISSUER.into(),
            kind: KIND.into(),
            sub: session.user_id.clone(),
            sid: session.id.clone(),
            iat: self.clock.now() / 1000,
            exp: session.expires_at / 1000,
        };
        let token = encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).map_err(|error| {
            tracing::error!(%error, "cannot sign a token");
            AppError::Internal
        })?;
        Ok(IssuedToken { token, expires_at: session.expires_at })
    }

    /// The session id and user id of a token that we signed and that has not expired.
    fn read(&self, token: &str) -> Option<(String, String)> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        // Ours all begin alike. This refuses what a header could ask of a reader: other algorithms, keys
        // from elsewhere, critical extensions.
        if token.split('.').next() != Some(HEADER) {
            return None;
        }
        let claims = decode::<Claims>(token, &self.decoding, &self.validation).ok()?.claims;
        let now = self.clock.now() / 1000;
        (claims.kind == KIND && claims.exp > now && claims.iat <= now + 60)
            .then_some((claims.sid, claims.sub))
    }
}

/// What the gate found: who asks, and a fresh token when the session was prolonged.
pub struct Entry {
    pub current: CurrentUser,
    pub renewed: Option<IssuedToken>,
}

/// Looks the token's session up. `Ok(None)`: nobody.
pub async fn enter(state: &AppState, token: &str) -> Result<Option<Entry>, AppError> {
    let Some((session_id, user_id)) = state.tokens.read(token) else { return Ok(None) };
    let Some((mut session, user)) = state.store.session(&session_id).await? else { return Ok(None) };
    let now = state.clock.now();
    if session.user_id != user_id || session.expires_at <= now || user.state != UserState::Active {
        return Ok(None);
    }
    let renewed = if now - session.last_seen_at > DAY_MS {
        session.last_seen_at = now;
        session.expires_at = now + session_ms(state);
        state.store.touch_session(&session.id, now, session.expires_at).await?;
        Some(state.tokens.issue(&session)?)
    } else {
        None
    };
    Ok(Some(Entry { current: CurrentUser { user, session_id: session.id }, renewed }))
}

/// How long a session lives without a visit.
fn session_ms(state: &AppState) -> i64 {
    i64::try_from(state.config.auth.session.as_millis()).unwrap_or(i64::MAX / 2)
}

/// Starts a session and answers its token. `password_hash`: of the password with which the person proved who they are;
/// when it is another one by now, or the account is disabled, there is no session.
pub async fn start(
    state: &AppState,
    user_id: &str,
    password_hash: &str,
    user_agent: &str,
) -> Result<IssuedToken, AppError> {
    let now = state.clock.now();
    let session = Session {
        id: state.ids.next(),
        user_id: user_id.to_owned(),
        created_at: now,
        last_seen_at: now,
        expires_at: now + session_ms(state),
        user_agent: user_agent.chars().take(200).collect(),
    };
    if !state.store.create_session(&session, password_hash).await? {
        return Err(AppError::WrongCredentials);
    }
    state.tokens.issue(&session)
}

/// The name of the cookie for this site. `__Host-` binds it to this host and to https.
pub fn cookie_name(secure: bool) -> String {
    if secure { format!("__Host-{COOKIE}") } else { COOKIE.to_owned() }
}

/// `Set-Cookie` for a token, or for none (which removes the cookie).
pub fn set_cookie(secure: bool, token: Option<&IssuedToken>, now: i64) -> String {
    let name = cookie_name(secure);
    let (value, age) = token.map_or(("", 0), |t| (t.token.as_str(), ((t.expires_at - now) / 1000).max(0)));
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}")
}

/// The token of a request: `Authorization: Bearer` first, then the cookie. A cookie that is sent twice
/// is not ours to choose from, and counts as none.
pub fn token_of(headers: &http::HeaderMap, secure: bool) -> Option<&str> {
    if let Some(value) = headers.get(http::header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then_some(token.trim());
    }
    let name = cookie_name(secure);
    let mut found = headers
        .get_all(http::header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let first = found.next();
    if found.next().is_some() { None } else { first }
}
