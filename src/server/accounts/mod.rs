//! [`Accounts`]: who people are, how they prove it, and the sessions that remember it.

pub mod appearance;
pub mod attempts;
mod jwt_hmac;
pub mod language;
mod me;
pub mod passwords;
mod preferences;
mod register;
mod sessions;
mod sign_in;
mod tokens;
pub mod valid;

use std::sync::Arc;

use self::{attempts::Attempts, passwords::Passwords, tokens::Tokens};
pub use self::{me::MeChange, register::Registering, sessions::Resumed, tokens::IssuedToken};
use super::{
    config::{Config, Registration},
    ops::{
        clock::{Clock, Ids},
        ended::Ended,
    },
    store::{Sessions, Users},
};

/// Who sends a request, as far as it can be seen from outside.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// What the limits count by: an address, or a network for IPv6.
    pub address: String,
    /// What a session remembers.
    pub user_agent: String,
}

/// One per server.
pub struct Accounts {
    users: Arc<dyn Users>,
    sessions: Arc<dyn Sessions>,
    tokens: Tokens,
    passwords: Passwords,
    attempts: Attempts,
    ended: Arc<Ended>,
    clock: Clock,
    ids: Arc<Ids>,
    registration: Registration,
    /// How long a session lives without a visit, in milliseconds.
    session_ms: i64,
    /// The host of the site's public address, which must not be a password; empty where it is not known.
    host: String,
}

impl Accounts {
    /// `secret` signs the tokens; `ended` is told which sessions end.
    pub fn new(
        config: &Config,
        secret: &[u8],
        (users, sessions): (Arc<dyn Users>, Arc<dyn Sessions>),
        ended: Arc<Ended>,
        (clock, ids): (Clock, Arc<Ids>),
    ) -> Self {
        Self {
            users,
            sessions,
            tokens: Tokens::new(secret),
            passwords: Passwords::default(),
            attempts: Attempts::new(&config.limits),
            ended,
            clock,
            ids,
            registration: config.auth.registration,
            session_ms: i64::try_from(config.auth.session.as_millis()).unwrap_or(i64::MAX / 2),
            host: config.public_host().to_owned(),
        }
    }
}
