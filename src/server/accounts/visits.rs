//! A visit to a provider: a person is sent there and comes back.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::{
    Accounts, Caller,
    audit::Note,
    keys::hash_secret,
    sign_in::{Entered, SignedIn},
};
use crate::{
    domain::{AuditKind, CurrentUser, Reason},
    error::AppError,
    server::oidc::{Proven, Trip, Trouble, Way},
};

/// How long a person may be at a provider: ten minutes.
pub const AWAY_SECONDS: i64 = 10 * 60;
/// Longer ones are not ours.
const MAX_SEALED_BYTES: usize = 3500;
const MAX_CODE_BYTES: usize = 4096;
const MAX_STATE_BYTES: usize = 256;

/// What a person is sent to a provider for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    Enter,
    /// The session in which an identity is to be connected.
    Connect(String),
    /// The session in which the person proves who they are.
    Prove(String),
}

/// What the browser keeps meanwhile.
#[derive(Serialize, Deserialize)]
struct Away {
    way: String,
    trip: Trip,
    purpose: Purpose,
    next: Option<String>,
    /// Of the invitation that the person was redeeming; empty without one.
    code: String,
    /// UTC milliseconds.
    until: i64,
}

/// Where to send a person, and what their browser is to keep.
pub struct Leaving {
    pub address: String,
    pub label: String,
    pub sealed: String,
}

/// What a request brings that comes from a provider.
#[derive(Clone, Copy)]
pub struct Back<'a> {
    pub way: &'a str,
    /// What the browser kept.
    pub sealed: &'a str,
    pub state: &'a str,
    pub code: &'a str,
    /// The provider's word for why there is no code.
    pub error: &'a str,
}

/// How a person came back.
pub struct Returned {
    pub purpose: Purpose,
    pub next: Option<String>,
    pub outcome: Result<Arrived, AppError>,
}

#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is answered, and never kept")]
pub enum Arrived {
    In(SignedIn),
    /// A code of the second factor is wanted, with this ticket.
    CodeWanted(String),
    Connected,
    Proved,
}

impl Accounts {
    /// Sends a person to a provider.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`] without such a provider; [`AppError::ProofRequired`] to connect one;
    /// [`AppError::Forbidden`] when it does not answer; [`AppError::Overloaded`].
    pub async fn leave_for(
        &self,
        way: &str,
        (purpose, current): (Purpose, Option<&CurrentUser>),
        (next, code): (Option<&str>, &str),
        caller: &Caller,
    ) -> Result<Leaving, AppError> {
        let way = self.ways.find(way).ok_or(AppError::NotFound)?;
        if let (Purpose::Connect(_), Some(current)) = (&purpose, current) {
            self.proved(current)?;
        }
        let _place = self.attempts.place(&caller.address, way.name())?;
        let again = matches!(purpose, Purpose::Prove(_));
        let begun = way.begin(again).await.map_err(|trouble| told(way, trouble))?;
        let away = Away {
            way: way.name().to_owned(),
            trip: begun.trip,
            purpose,
            next: next.map(str::to_owned),
            code: code.to_owned(),
            until: self.clock.now() + AWAY_SECONDS * 1000,
        };
        let bytes = serde_json::to_vec(&away).unwrap_or_default();
        let sealed = self.trips.seal(&bytes, "").filter(|sealed| sealed.len() <= MAX_SEALED_BYTES);
        let sealed = sealed.ok_or(AppError::Internal)?;
        Ok(Leaving { address: begun.address, label: way.label().to_owned(), sealed })
    }

    /// What becomes of somebody who comes back from a provider. Nothing is stored unless everything is as it should be.
    pub async fn come_back(
        &self,
        back: Back<'_>,
        current: Option<&CurrentUser>,
        caller: &Caller,
    ) -> Returned {
        let Some(away) = self.away(&back) else {
            return Returned {
                purpose: Purpose::Enter,
                next: None,
                outcome: Err(forbidden("sign-in-way-old")),
            };
        };
        let outcome = self.arrived(&back, &away, current, caller).await;
        if let Err(error) = &outcome {
            let refused = Note::by_nobody(AuditKind::SignInRefused, &caller.address);
            self.audit.note(refused.saying(error.reason())).await;
        }
        Returned { purpose: away.purpose, next: away.next, outcome }
    }

    /// What the browser kept, if it is ours, of this provider, not too old, and belongs to this answer.
    fn away(&self, back: &Back<'_>) -> Option<Away> {
        if back.sealed.len() > MAX_SEALED_BYTES || back.state.len() > MAX_STATE_BYTES {
            return None;
        }
        let away: Away = serde_json::from_slice(&self.trips.open(back.sealed, "")?).ok()?;
        let left = away.until - self.clock.now();
        let is_same = bool::from(away.trip.state.as_bytes().ct_eq(back.state.as_bytes()));
        let counts = is_same && away.way == back.way && (0..=AWAY_SECONDS * 1000).contains(&left);
        counts.then_some(away)
    }

    /// Asks the provider who somebody is. Nobody else waits meanwhile.
    ///
    /// As with passwords, a try is taken before and given back unless the provider's answer was wrong.
    async fn proven(&self, way: &Way, code: &str, away: &Away, caller: &Caller) -> Result<Proven, AppError> {
        let _place = self.attempts.place(&caller.address, way.name())?;
        let tried = self.attempts.visits.take(&caller.address, self.clock.instant())?;
        // A visit counts once, also for somebody who copied the cookie.
        let hash = hash_secret(&away.trip.state);
        if !self.identities.end_visit(&hash, away.until, self.clock.now()).await? {
            return Err(forbidden("sign-in-way-old"));
        }
        let ended = way.end(code, &away.trip).await;
        if !matches!(ended, Err(Trouble::Wrong(_) | Trouble::Stale)) {
            tried.forgive();
        }
        ended.map_err(|trouble| told(way, trouble))
    }

    async fn arrived(
        &self,
        back: &Back<'_>,
        away: &Away,
        current: Option<&CurrentUser>,
        caller: &Caller,
    ) -> Result<Arrived, AppError> {
        let way = self.ways.find(&away.way).ok_or(AppError::NotFound)?;
        match back.error {
            "" => {}
            "access_denied" => return Err(forbidden("sign-in-way-cancelled")),
            _ => return Err(told(way, Trouble::Wrong("an error in place of a code"))),
        }
        if back.code.is_empty() || back.code.len() > MAX_CODE_BYTES {
            return Err(told(way, Trouble::Wrong("no code")));
        }
        let proven = self.proven(way, back.code, away, caller).await?;
        let (session, connects) = match &away.purpose {
            Purpose::Enter => {
                return Ok(match self.enter_as(way, &proven, &away.code, caller).await? {
                    Entered::In(signed_in) => Arrived::In(signed_in),
                    Entered::CodeWanted(ticket) => Arrived::CodeWanted(ticket),
                });
            }
            Purpose::Connect(session) => (session, true),
            Purpose::Prove(session) => (session, false),
        };
        let current = current.filter(|current| current.session_id == *session);
        let current = current.ok_or_else(|| forbidden("sign-in-way-old"))?;
        if connects {
            self.connect(current, way, &proven).await?;
            return Ok(Arrived::Connected);
        }
        let identity = self.identities.identity(way.name(), &proven.subject).await?;
        if identity.is_none_or(|identity| identity.user_id != current.id()) {
            return Err(forbidden("identity-not-yours"));
        }
        if self.confirmed(current.id()).await?.is_some() {
            return Err(forbidden("proof-sign-in-again"));
        }
        let proved = self.sessions.prove_session(&current.session_id, self.clock.now()).await?;
        if proved { Ok(Arrived::Proved) } else { Err(AppError::SignedOut) }
    }
}

fn forbidden(key: &'static str) -> AppError {
    AppError::Forbidden { reason: Reason::new(key) }
}

/// The sentence about a provider that told nobody; the log has the cause.
fn told(way: &Way, trouble: Trouble) -> AppError {
    let (key, cause) = match trouble {
        Trouble::Away(cause) => ("sign-in-way-away", cause),
        Trouble::Wrong(cause) => ("sign-in-way-wrong", cause),
        Trouble::Stale => ("sign-in-way-stale", "no new sign-in there"),
    };
    tracing::warn!(way = way.name(), cause, "sign-in through a provider failed");
    AppError::Forbidden { reason: Reason::new(key).with("name", way.label().to_owned()) }
}
