//! [`Site`]: what `http` knows of the site: its configuration, the name of its cookie, and its sealed flashes.

use super::{cookie, flash::Flashes};
use crate::server::{config::Config, ops::clock::Clock};

/// One per server.
pub struct Site {
    pub config: Config,
    /// See [`cookie::SessionCookie`].
    pub cookie_name: String,
    pub flashes: Flashes,
    pub clock: Clock,
}

impl Site {
    /// `secret` signs the tokens; the cookie's name and the key of the flashes are derived from it.
    pub fn new(config: Config, secret: &[u8], clock: Clock) -> Self {
        Self {
            config,
            cookie_name: cookie::name(secret),
            flashes: Flashes::new(secret, clock.clone()),
            clock,
        }
    }
}
