//! [`Ways`]: the providers that people sign in through. Each sends a person away with a [`Trip`], and tells who came back.
//!
//! Nothing is asked of a provider before somebody wants to sign in, so one that is down keeps no server from starting.
//! What a provider says is checked and limited; its own words are neither shown nor logged.

mod call;
mod oauth;
mod openid;

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use openidconnect::{CsrfToken, Nonce, PkceCodeChallenge, core::CoreProviderMetadata};
use serde::{Deserialize, Serialize};

use self::call::Caller;
use super::{
    config::{Config, SignInConfig, SignInKind},
    ops::clock::Clock,
};

/// How long the provider's own description counts.
const KNOWN_FOR: Duration = Duration::from_secs(60 * 60);
/// How long a provider that could not describe itself is not asked again.
const FAILED_FOR: Duration = Duration::from_secs(10);
/// The longest that a provider may call somebody; the standard's own limit.
const MAX_SUBJECT_BYTES: usize = 255;
const MAX_EMAIL_BYTES: usize = 254;
const MAX_NAME_CHARS: usize = 80;

/// What a browser keeps, sealed, while a person is at a provider.
#[derive(Clone, Serialize, Deserialize)]
pub struct Trip {
    pub state: String,
    nonce: String,
    /// When the person was asked to prove there who they are, in UTC milliseconds.
    #[serde(default)]
    asked_at: Option<i64>,
    /// Proves to the provider that who brings the code is who was sent.
    verifier: String,
}

/// Where to send a person, and what to keep meanwhile.
pub struct Begun {
    pub address: String,
    pub trip: Trip,
}

/// Who came back, as the provider says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    pub subject: String,
    pub email: Option<String>,
    pub email_verified: bool,
    pub name: String,
}

impl Proven {
    fn checked(self) -> Result<Self, Trouble> {
        if self.subject.is_empty() || self.subject.len() > MAX_SUBJECT_BYTES {
            return Err(Trouble::Wrong("no usable subject"));
        }
        let email = self.email.filter(|email| !email.is_empty() && email.len() <= MAX_EMAIL_BYTES);
        let name = self.name.chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect();
        Ok(Self { email_verified: self.email_verified && email.is_some(), email, name, ..self })
    }
}

/// Why a provider told nobody. The word is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It does not answer, or not in time.
    Away(&'static str),
    /// Its answer is not as it should be.
    Wrong(&'static str),
    /// It does not say that the person proved there now who they are.
    Stale,
}

/// One per server.
pub struct Ways(Vec<Way>);

impl Ways {
    pub fn new(config: &Config, clock: &Clock) -> Self {
        let site = config.server.public_url.clone();
        let site = site.unwrap_or_else(|| format!("http://{}", config.server.listen));
        let ways = config.sign_in.iter().map(|way| Way {
            back: format!("{}/login/with/{}/back", site.trim_end_matches('/'), way.name),
            caller: Caller::new(way.address(), config.timeouts.sign_in),
            known: Mutex::new(None),
            asking: tokio::sync::Mutex::new(()),
            clock: clock.clone(),
            config: way.clone(),
        });
        Self(ways.collect())
    }

    pub fn all(&self) -> impl Iterator<Item = &Way> {
        self.0.iter()
    }

    pub fn find(&self, name: &str) -> Option<&Way> {
        self.0.iter().find(|way| way.config.name == name)
    }
}

/// A provider that people sign in through.
pub struct Way {
    config: SignInConfig,
    /// The address to which the provider sends people back.
    back: String,
    caller: Caller,
    /// What the provider said of itself, or why it did not, and when.
    known: Mutex<Option<(Instant, Result<CoreProviderMetadata, Trouble>)>>,
    /// Whoever asks it to describe itself; all others wait for that answer.
    asking: tokio::sync::Mutex<()>,
    clock: Clock,
}

impl Way {
    pub fn name(&self) -> &str {
        &self.config.name
    }

    pub fn label(&self) -> &str {
        &self.config.label
    }

    /// Whether it can say when a person proved there who they are. OAuth alone has no word for it.
    pub fn tells_when(&self) -> bool {
        matches!(self.config.kind, SignInKind::OpenId { .. })
    }

    /// Where to send a person. `again`: also one whom the provider knows by a session has to prove there who they are; one
    /// who did not is [`Trouble::Stale`] at the end.
    pub async fn begin(&self, again: bool) -> Result<Begun, Trouble> {
        if again && !self.tells_when() {
            return Err(Trouble::Stale);
        }
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (state, nonce) = (CsrfToken::new_random(), Nonce::new_random());
        let trip = Trip {
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
            asked_at: again.then(|| self.clock.now()),
        };
        let address = match &self.config.kind {
            SignInKind::OpenId { issuer } => self.openid_address(issuer, &trip, challenge, again).await?,
            SignInKind::OAuth { authorize_url, .. } => {
                self.oauth_address(authorize_url, &trip, &challenge)?
            }
        };
        if !self.caller.may_reach(&address) {
            return Err(Trouble::Wrong("an address without https"));
        }
        Ok(Begun { address, trip })
    }

    /// Who came back with this code.
    pub async fn end(&self, code: &str, trip: &Trip) -> Result<Proven, Trouble> {
        let proven = match &self.config.kind {
            SignInKind::OpenId { issuer } => self.openid_proven(issuer, code, trip).await?,
            SignInKind::OAuth { token_url, user_info_url, fields, .. } => {
                self.oauth_proven((token_url, user_info_url), fields, code, trip).await?
            }
        };
        proven.checked()
    }
}
