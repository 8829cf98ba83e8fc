//! What becomes of an identity that a provider proved, and the identities of a person.
//!
//! A known identity signs its person in. An unknown one is connected by itself only where provider and site both know that
//! the e-mail address is that person's; otherwise anybody could take an account over who writes its address somewhere.

use sha2::{Digest, Sha256};

use super::{
    Accounts, Caller,
    audit::Note,
    sign_in::Entered,
    valid::{find_account, same_email, valid_email, valid_name},
};
use crate::{
    domain::{AuditKind, ConnectedIdentity, CurrentUser, Identity, Reason, User, UserState},
    error::AppError,
    server::{
        oidc::{Proven, Way},
        store::{Credentials, NewUser, Updated, UserPatch},
    },
};

impl Accounts {
    /// The ways to sign in beside a password: name and label of each.
    pub fn ways(&self) -> Vec<(String, String)> {
        self.ways.all().map(|way| (way.name().to_owned(), way.label().to_owned())).collect()
    }

    /// The ways in which this person can prove who they are.
    pub async fn ways_of(&self, current: &CurrentUser) -> Result<Vec<(String, String)>, AppError> {
        let own = self.identities.identities(current.id()).await?;
        let mut ways = self.ways();
        ways.retain(|(name, _)| self.ways.find(name).is_some_and(Way::tells_when));
        ways.retain(|(name, _)| own.iter().any(|one| one.provider == *name));
        Ok(ways)
    }

    /// Whether the person has a password.
    pub async fn has_password(&self, current: &CurrentUser) -> Result<bool, AppError> {
        let known = self.users.credentials(&current.user.login).await?;
        Ok(known.is_some_and(|known| !known.password_hash.is_empty()))
    }

    /// Signs the person of an identity in.
    pub(super) async fn enter_as(
        &self,
        way: &Way,
        proven: &Proven,
        code: &str,
        caller: &Caller,
    ) -> Result<Entered, AppError> {
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
            return self.ticket(&known).map(Entered::CodeWanted);
        }
        let how = Reason::new("audit-through").with("name", way.label().to_owned());
        self.enter(known, None, Some(how), caller).await.map(Entered::In)
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
        let made = self.make(&new, code, caller).await;
        if made.is_err() {
            tried.forgive();
        }
        let user = made?;
        let how = Reason::new("audit-through").with("name", way.label().to_owned());
        self.audit.note(Note::of(&user, AuditKind::Registered, &caller.address).saying(how)).await;
        tracing::info!(user = %user.id, role = ?user.role, way = way.name(), "registered through a provider");
        Ok(user)
    }

    /// Connects an identity with the account of who is signed in.
    pub(super) async fn connect(
        &self,
        current: &CurrentUser,
        way: &Way,
        proven: &Proven,
    ) -> Result<(), AppError> {
        self.store_identity(way, proven, current.id()).await?;
        let same = proven.email.as_deref().map(same_email) == Some(same_email(&current.user.login));
        if same && proven.email_verified && !current.user.email_verified {
            // The person may have another address by now, of which the provider said nothing.
            let old_login = Some(current.user.login.clone());
            let patch = UserPatch { email_verified: Some(true), old_login, ..UserPatch::default() };
            if self.users.update_user(current.id(), &patch, None).await? == Updated::Missing {
                tracing::info!(user = current.id(), "an address changed while it was verified");
            }
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

    /// The identities of the person, the oldest first.
    pub async fn connected(&self, current: &CurrentUser) -> Result<Vec<ConnectedIdentity>, AppError> {
        let all = self.identities.identities(current.id()).await?;
        Ok(all
            .into_iter()
            .map(|Identity { id, provider, made_at, used_at, .. }| {
                let label = self.ways.find(&provider).map_or(provider.clone(), |way| way.label().to_owned());
                ConnectedIdentity { id, provider, label, made_at, used_at }
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
        let usable: Vec<String> = all
            .iter()
            .map(|one| one.provider.clone())
            .filter(|provider| self.ways.find(provider).is_some())
            .collect();
        // The store looks, too, because two may be disconnected at the same time.
        let others = if self.has_password(current).await? { None } else { Some(usable.as_slice()) };
        if !self.identities.disconnect_identity(current.id(), id, others).await? {
            return Err(match others {
                Some(_) => AppError::Conflict { reason: Reason::new("identity-last") },
                None => AppError::NotFound,
            });
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
