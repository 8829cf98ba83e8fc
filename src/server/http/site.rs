//! [`Site`]: what the edge of the server knows of the site: its configuration, its cookie, and its seals.

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
    /// `secret`: the one that signs tokens; cookie and seals take their part from it.
    pub fn new(config: Config, secret: &[u8], clock: Clock) -> Self {
        Self {
            config,
            cookie_name: cookie::name(secret),
            flashes: Flashes::new(secret, clock.clone()),
            clock,
        }
    }
}
