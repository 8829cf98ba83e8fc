//! [`Tokens`]: JSON web tokens that name a session row, signed and read with the site's one secret.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use super::jwt_hmac;
use crate::{error::AppError, server::store::Session};

const ISSUER: &str = "inglenook";
/// What a token is for, so that one of another kind never passes as a session.
const KIND: &str = "session";
/// `{"typ":"JWT","alg":"HS256"}` in base64, with which every token begins.
const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";
/// The site's tokens have about 250 bytes; much longer ones are refused unread.
const MAX_TOKEN_BYTES: usize = 1024;

/// A token as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedToken {
    pub token: String,
    /// UTC milliseconds.
    pub expires_at: i64,
}

/// The claims of a session's token. One with any other claim is refused, even if it is signed with the site's key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claims {
    iss: String,
    kind: String,
    /// The user.
    pub sub: String,
    /// The session row.
    pub sid: String,
    /// When the token was issued, in seconds since 1970 as the standard says.
    pub iat: i64,
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
        // The session's row decides that.
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
    pub(super) fn read(&self, token: &str) -> Option<Claims> {
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
