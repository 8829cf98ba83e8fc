//! The one gate: cookie or bearer token → session row → [`CurrentUser`].
//!
//! The token is a JWT (HS256, one secret) that names a session row. The row is looked up on each
//! request, so signing out, a new password or a disabled account end a session at once. Only the row says
//! how long a session lives, whatever the token says: a session in use is prolonged once a day, in its row.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use super::jwt_hmac;
use crate::{
    domain::{User, UserRole, UserState},
    error::AppError,
    server::{app::AppState, store::Session},
};

/// At sign-out: what was typed and not sent is kept in the browser, and is not for who comes next. Caches
/// hold nothing of a person, and browsers take long to clear them.
pub const CLEAR_SITE_DATA: (http::HeaderName, &str) =
    (http::HeaderName::from_static("clear-site-data"), "\"storage\"");

const ISSUER: &str = "inglenook";
/// What a token is for; other kinds must never pass as a session.
const KIND: &str = "session";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// `{"typ":"JWT","alg":"HS256"}` as it stands in every token.
const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";
/// A token is made a moment after its row was written or prolonged; never much later.
const MADE_WITHIN: i64 = 60;
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
    /// Seconds, as the standard says, and for others to read: the row decides how long a session lives.
    iat: i64,
    exp: i64,
}

/// Signs tokens and checks them.
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Tokens {
    pub fn new(secret: &[u8]) -> Self {
        jwt_hmac::install();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        // The row has it.
        validation.validate_exp = false;
        validation.validate_aud = false;
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
        }
    }

    pub fn issue(&self, session: &Session) -> Result<IssuedToken, AppError> {
        let claims = Claims {
            iss: ISSUER.into(),
            kind: KIND.into(),
            sub: session.user_id.clone(),
            sid: session.id.clone(),
            iat: session.last_seen_at / 1000,
            exp: session.expires_at / 1000,
        };
        let token = encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).map_err(|error| {
            tracing::error!(%error, "cannot sign a token");
            AppError::Internal
        })?;
        Ok(IssuedToken { token, expires_at: session.expires_at })
    }

    /// What a token says that we signed; `None` for any other. No clock is asked: another server's may be
    /// ahead, and our own may have been set.
    fn read(&self, token: &str) -> Option<Claims> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        // Ours all begin alike. This refuses what a header could ask of a reader: other algorithms, keys
        // from elsewhere, critical extensions.
        if token.split('.').next() != Some(HEADER) {
            return None;
        }
        let claims = decode::<Claims>(token, &self.decoding, &self.validation).ok()?.claims;
        (claims.kind == KIND && claims.exp > claims.iat).then_some(claims)
    }

    /// Whether we signed this.
    pub fn is_ours(&self, token: &str) -> bool {
        self.read(token).is_some()
    }
}

/// What the gate found: who asks, and their session, which may have been prolonged just now.
pub struct Entry {
    pub current: CurrentUser,
    pub session: Session,
    pub prolonged: bool,
}

/// Looks the token's session up. `Ok(None)`: nobody.
pub async fn enter(state: &AppState, token: &str) -> Result<Option<Entry>, AppError> {
    let Some(claims) = state.tokens.read(token) else { return Ok(None) };
    let Some((mut session, user)) = state.store.session(&claims.sid).await? else { return Ok(None) };
    let now = state.clock.now();
    let made_for_it =
        session.user_id == claims.sub && claims.iat <= session.last_seen_at / 1000 + MADE_WITHIN;
    if !made_for_it || session.expires_at <= now || user.state != UserState::Active {
        return Ok(None);
    }
    let prolonged = now - session.last_seen_at > DAY_MS;
    if prolonged {
        session.last_seen_at = now;
        session.expires_at = now + session_ms(state);
        state.store.touch_session(&session.id, now, session.expires_at).await?;
    }
    let current = CurrentUser { user, session_id: session.id.clone() };
    Ok(Some(Entry { current, session, prolonged }))
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

/// The token of `Authorization: Bearer`. A header that is there decides, also when it holds no token.
pub fn bearer(headers: &http::HeaderMap) -> Option<Option<&str>> {
    let value = headers.get(http::header::AUTHORIZATION)?;
    let pair = value.to_str().ok().and_then(|value| value.split_once(' '));
    Some(pair.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim()))
}
