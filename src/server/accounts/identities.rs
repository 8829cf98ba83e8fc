//! Sign-in through a provider: a person is sent there and comes back, and what then becomes of the identity.
//!
//! A known identity signs its person in. An unknown one is connected by itself only where provider and site both know that
//! the e-mail address is that person's; otherwise anybody could take an account over who writes its address somewhere.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{
    Accounts, Caller,
    audit::Note,
    sign_in::SignedIn,
    valid::{find_account, same_email, valid_email, valid_name},
};
use crate::{
    domain::{AuditKind, CurrentUser, Identity, Reason, User, UserState},
    error::AppError,
    server::{
        oidc::{Proven, Trip, Trouble, Way},
        store::{Credentials, NewUser, UserPatch},
    },
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

/// An identity as its person sees it.
pub struct Connected {
    pub id: String,
    pub label: String,
    pub used_at: i64,
}

impl Accounts {
    /// The ways to sign in beside a password: name and label of each.
    pub fn ways(&self) -> Vec<(String, String)> {
        self.ways.all().map(|way| (way.name().to_owned(), way.label().to_owned())).collect()
    }

    /// The ways in which this person can prove who they are.
    pub async fn ways_of(&self, current: &CurrentUser) -> Result<Vec<(String, String)>, AppError> {
        let own = self.identities.identities(current.id()).await?;
        let mut ways = self.ways();
        ways.retain(|(name, _)| own.iter().any(|one| one.provider == *name));
        Ok(ways)
    }

    /// Whether the person has a password.
    pub async fn has_password(&self, current: &CurrentUser) -> Result<bool, AppError> {
        let known = self.users.credentials(&current.user.login).await?;
        Ok(known.is_some_and(|known| !known.password_hash.is_empty()))
    }

    /// Sends a person to a provider.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`] without such a provider; [`AppError::ProofRequired`] to connect one;
    /// [`AppError::Forbidden`] when it does not answer.
    pub async fn leave_for(
        &self,
        way: &str,
        (purpose, current): (Purpose, Option<&CurrentUser>),
        (next, code): (Option<&str>, &str),
    ) -> Result<Leaving, AppError> {
        let way = self.ways.find(way).ok_or(AppError::NotFound)?;
        if let (Purpose::Connect(_), Some(current)) = (&purpose, current) {
            self.proved(current)?;
        }
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
        let _turn = self.attempts.turn(&caller.address).await?;
        let proven = way.end(back.code, &away.trip).await.map_err(|trouble| told(way, trouble))?;
        let (session, connects) = match &away.purpose {
            Purpose::Enter => return self.enter_as(way, &proven, &away.code, caller).await,
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

    async fn enter_as(
        &self,
        way: &Way,
        proven: &Proven,
        code: &str,
        caller: &Caller,
    ) -> Result<Arrived, AppError> {
        let user = match self.identities.identity(way.name(), &proven.subject).await? {
            Some(identity) => {
                let user = self.users.user(&identity.user_id).await?;
                let user = user.filter(|user| user.state == UserState::Active);
                let user = user.ok_or(AppError::WrongCredentials)?;
                self.identities.use_identity(&identity.id, self.clock.now()).await?;
                user
            }
            None => self.newcomer(way, proven, code, caller).await?,
        };
        let known = self.users.credentials(&user.login).await?.ok_or(AppError::WrongCredentials)?;
        if self.confirmed(&user.id).await?.is_some() {
            return self.ticket(&known).map(Arrived::CodeWanted);
        }
        let how = Reason::new("audit-through").with("name", way.label().to_owned());
        self.enter(known, None, Some(how), caller).await.map(Arrived::In)
    }

    /// The account for an identity that nobody has yet.
    async fn newcomer(
        &self,
        way: &Way,
        proven: &Proven,
        code: &str,
        caller: &Caller,
    ) -> Result<User, AppError> {
        let email = proven.email.as_deref().and_then(|email| valid_email(email).ok());
        if let Some(email) = &email
            && let Some(Credentials { user, .. }) = find_account(&*self.users, email).await?
        {
            if user.state != UserState::Active {
                return Err(AppError::WrongCredentials);
            }
            if !(proven.email_verified && user.email_verified) {
                return Err(AppError::Conflict { reason: Reason::new("sign-in-way-has-account") });
            }
            self.store_identity(way, proven, &user.id).await?;
            self.note_connected(&user, way, &caller.address).await;
            return Ok(user);
        }
        let tried = self.attempts.registrations.take(&caller.address, self.clock.instant())?;
        let email_verified = proven.email_verified && email.is_some();
        let login = email.unwrap_or_else(|| made_up(way, &proven.subject));
        let name = valid_name(&proven.name, &login).or_else(|_| valid_name("", &login))?;
        let id = self.ids.next();
        let new = NewUser {
            identity: Some(self.identity_of(way, proven, &id)),
            id,
            login,
            name,
            password_hash: String::new(),
            created_at: self.clock.now(),
            email_verified,
        };
        let made = self.make(&new, code).await;
        if made.is_err() {
            tried.forgive();
        }
        let user = made?;
        let how = Reason::new("audit-through").with("name", way.label().to_owned());
        self.audit.note(Note::of(&user, AuditKind::Registered, &caller.address).saying(how)).await;
        tracing::info!(user = %user.id, role = ?user.role, way = way.name(), "registered through a provider");
        Ok(user)
    }

    async fn connect(&self, current: &CurrentUser, way: &Way, proven: &Proven) -> Result<(), AppError> {
        self.store_identity(way, proven, current.id()).await?;
        let same = proven.email.as_deref().map(same_email) == Some(same_email(&current.user.login));
        if same && proven.email_verified && !current.user.email_verified {
            let patch = UserPatch { email_verified: Some(true), ..UserPatch::default() };
            self.done(self.users.update_user(current.id(), &patch, None).await?)?;
        }
        self.note_connected(&current.user, way, &current.address).await;
        Ok(())
    }

    async fn store_identity(&self, way: &Way, proven: &Proven, user_id: &str) -> Result<(), AppError> {
        let identity = self.identity_of(way, proven, user_id);
        match self.identities.connect_identity(&identity).await? {
            true => Ok(()),
            false => Err(AppError::Conflict { reason: Reason::new("identity-taken") }),
        }
    }

    fn identity_of(&self, way: &Way, proven: &Proven, user_id: &str) -> Identity {
        let now = self.clock.now();
        Identity {
            id: self.ids.next(),
            user_id: user_id.to_owned(),
            provider: way.name().to_owned(),
            subject: proven.subject.clone(),
            made_at: now,
            used_at: now,
        }
    }

    async fn note_connected(&self, user: &User, way: &Way, address: &str) {
        let how = Reason::new("audit-through").with("name", way.label().to_owned());
        self.audit.note(Note::of(user, AuditKind::IdentityConnected, address).saying(how)).await;
    }

    /// The identities of the person.
    pub async fn connected(&self, current: &CurrentUser) -> Result<Vec<Connected>, AppError> {
        let all = self.identities.identities(current.id()).await?;
        Ok(all
            .into_iter()
            .map(|Identity { id, provider, used_at, .. }| {
                let label = self.ways.find(&provider).map_or(provider.clone(), |way| way.label().to_owned());
                Connected { id, label, used_at }
            })
            .collect())
    }

    /// Disconnects an identity of the person, unless it is their last way in.
    ///
    /// # Errors
    ///
    /// [`AppError::ProofRequired`]; [`AppError::NotFound`]; [`AppError::Conflict`] for the last way in.
    pub async fn disconnect(&self, current: &CurrentUser, id: &str) -> Result<(), AppError> {
        self.proved(current)?;
        let all = self.identities.identities(current.id()).await?;
        let gone = all.iter().find(|one| one.id == id).ok_or(AppError::NotFound)?;
        let other = all.iter().any(|one| one.id != id && self.ways.find(&one.provider).is_some());
        if !other && !self.has_password(current).await? {
            return Err(AppError::Conflict { reason: Reason::new("identity-last") });
        }
        if !self.identities.disconnect_identity(current.id(), id).await? {
            return Err(AppError::NotFound);
        }
        let name = self.ways.find(&gone.provider).map_or(gone.provider.as_str(), Way::label);
        let how = Reason::new("audit-through").with("name", name.to_owned());
        self.audit.note(Note::by(current, AuditKind::IdentityDisconnected).saying(how)).await;
        Ok(())
    }
}

/// What somebody is called here whose provider tells no address.
fn made_up(way: &Way, subject: &str) -> String {
    let digest = Sha256::digest(subject);
    let part: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{part}", way.name())
}

fn forbidden(key: &'static str) -> AppError {
    AppError::Forbidden { reason: Reason::new(key) }
}

/// The sentence about a provider that told nobody; the log has the cause.
fn told(way: &Way, trouble: Trouble) -> AppError {
    let (key, cause) = match trouble {
        Trouble::Away(cause) => ("sign-in-way-away", cause),
        Trouble::Wrong(cause) => ("sign-in-way-wrong", cause),
    };
    tracing::warn!(way = way.name(), cause, "sign-in through a provider failed");
    AppError::Forbidden { reason: Reason::new(key).with("name", way.label().to_owned()) }
}
