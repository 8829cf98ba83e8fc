//! What administrators do with the accounts of others. No call here answers what people wrote.

use super::{
    Accounts, Caller,
    audit::Note,
    codes,
    passwords::Lane,
    valid::{find_account, known_words, same_email, valid_password},
};
use crate::{
    domain::{AuditKind, Authority, Page, Reason, User, UserRole, UserState},
    error::AppError,
    server::store::{PeopleQuery, Reset, Updated, UserPatch},
};

/// How many people a page lists, at the most.
pub const MAX_PEOPLE: u32 = 100;
const DEFAULT_PEOPLE: u32 = 50;
/// How long a link for a new password counts: a day.
pub const RESET_LIFE_MS: i64 = 24 * 60 * 60 * 1000;
/// Longer texts are in no name.
const MAX_SEARCH_CHARS: usize = 254;

/// A change of somebody's account; `None` leaves a field as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct PersonChange {
    pub role: Option<UserRole>,
    /// [`UserState::Deleted`] is no state to choose; see [`Accounts::delete_person`].
    pub state: Option<UserState>,
}

/// A page of people, and how many there are in all.
#[derive(Clone, Debug)]
pub struct PeoplePage {
    pub page: Page<User>,
    pub total: u64,
}

/// A link for a new password, which is shown once.
#[derive(Clone, Debug)]
pub struct ResetLink {
    /// What follows `/reset/` in the address.
    pub secret: String,
    /// UTC milliseconds.
    pub expires_at: i64,
}

/// Leaves of the preferences what others may see: instructions for models are nobody else's to read.
pub(super) fn hide_preferences(user: &mut User) {
    user.preferences = std::mem::take(&mut user.preferences).seen_by_others();
}

impl Accounts {
    /// The people of the site, those who registered last first. `cursor` is that of the page before.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] of `limit`.
    pub async fn people<'a>(
        &self,
        _: impl Into<Authority<'a>>,
        search: &str,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<PeoplePage, AppError> {
        let search: String = search.trim().chars().take(MAX_SEARCH_CHARS).collect();
        let limit = AppError::valid_limit(limit, DEFAULT_PEOPLE, MAX_PEOPLE)?;
        let after = cursor.map(str::to_owned);
        // One more than is shown says whether there is a next page.
        let query = PeopleQuery { search: search.clone(), after, limit: limit + 1 };
        let mut items = self.people.people(&query).await?;
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next_cursor = items.last().filter(|_| more).map(|user| user.id.clone());
        items.iter_mut().for_each(hide_preferences);
        let total = self.people.count_people(&search).await?;
        Ok(PeoplePage { page: Page { items, next_cursor }, total })
    }

    /// A person.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`], also for an account that was closed.
    pub async fn person<'a>(&self, _: impl Into<Authority<'a>>, id: &str) -> Result<User, AppError> {
        let user = self.users.user(id).await?.filter(|user| user.state != UserState::Deleted);
        let mut user = user.ok_or(AppError::NotFound)?;
        hide_preferences(&mut user);
        Ok(user)
    }

    /// The person who signs in with this.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`].
    pub async fn person_named<'a>(
        &self,
        by: impl Into<Authority<'a>>,
        login: &str,
    ) -> Result<User, AppError> {
        let found = find_account(&*self.users, &same_email(login)).await?.ok_or(AppError::NotFound)?;
        self.person(by, &found.user.id).await
    }

    /// Changes somebody's role, or lets them in or not. Disabling ends their sessions, keys and streams.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]; [`AppError::ProofRequired`] for a role, and to let an administrator in again;
    /// [`AppError::Conflict`] when the site would be left without an administrator.
    pub async fn change_person<'a>(
        &self,
        by: impl Into<Authority<'a>>,
        id: &str,
        change: PersonChange,
    ) -> Result<User, AppError> {
        let by = by.into();
        let person = self.person(by, id).await?;
        if change.state == Some(UserState::Deleted) {
            let known = "active, disabled";
            return Err(AppError::invalid("state", Reason::new("choice-unknown").with("known", known)));
        }
        let enables_admin = change.state == Some(UserState::Active) && person.role == UserRole::Admin;
        if change.role.is_some() || enables_admin {
            self.proved_on(by)?;
        }
        let patch = UserPatch { role: change.role, state: change.state, ..UserPatch::default() };
        let mut user = self.done(self.users.update_user(id, &patch, None).await?)?;
        hide_preferences(&mut user);
        tracing::info!(by = by.named(), user = %id, ?change, "an account was changed");
        self.note_change(by, &user, change).await;
        Ok(user)
    }

    /// Notes what an administrator changed; `user` is the person after the change.
    async fn note_change(&self, by: Authority<'_>, user: &User, change: PersonChange) {
        let note = |kind| Note::on(by, kind).to(user);
        if let Some(role) = change.role {
            let role = match role {
                UserRole::Admin => Reason::new("role-administrator"),
                UserRole::Member => Reason::new("role-member"),
            };
            let detail = Reason::new("audit-role").with("role", role);
            self.audit.note(note(AuditKind::RoleChanged).saying(detail)).await;
        }
        match change.state {
            Some(UserState::Active) => self.audit.note(note(AuditKind::Enabled)).await,
            Some(UserState::Disabled) => self.audit.note(note(AuditKind::Disabled)).await,
            Some(UserState::Deleted) | None => {}
        }
    }

    /// Makes a link with which somebody sets a new password, once and within a day. An earlier link of theirs counts no
    /// more.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]; [`AppError::ProofRequired`]; [`AppError::Conflict`] for a disabled account.
    pub async fn reset_link<'a>(
        &self,
        by: impl Into<Authority<'a>>,
        id: &str,
    ) -> Result<ResetLink, AppError> {
        let by = by.into();
        let user = self.person(by, id).await?;
        self.proved_on(by)?;
        let link = self.new_reset_link(id).await?;
        if link.is_some() {
            self.audit.note(Note::on(by, AuditKind::ResetLinkMade).to(&user)).await;
        }
        tracing::info!(by = by.named(), user = %id, "a link for a new password was made");
        link.ok_or_else(|| AppError::Conflict { reason: Reason::new("reset-of-disabled") })
    }

    async fn new_reset_link(&self, id: &str) -> Result<Option<ResetLink>, AppError> {
        let secret = codes::new_code()?;
        let expires_at = self.clock.now() + RESET_LIFE_MS;
        let reset = Reset {
            user_id: id.to_owned(),
            hash: codes::hash(&secret).ok_or(AppError::Internal)?,
            expires_at,
        };
        let stored = self.people.put_reset(&reset).await?;
        Ok(stored.then_some(ResetLink { secret, expires_at }))
    }

    /// Whose link for a new password this is.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: it does not count, or no longer.
    pub async fn owner_of_reset(&self, secret: &str) -> Result<User, AppError> {
        let hash = codes::hash(secret).ok_or(AppError::NotFound)?;
        self.people.reset(&hash, self.clock.now()).await?.ok_or(AppError::NotFound)
    }

    /// Sets the password of a link's owner, and ends their sessions. Whoever has the link then signs in as always.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`] as [`Self::owner_of_reset`]; [`AppError::Invalid`] of the password, after which the link
    /// still counts.
    pub async fn reset_password(
        &self,
        secret: &str,
        password: &str,
        caller: &Caller,
    ) -> Result<User, AppError> {
        let owner = self.owner_of_reset(secret).await?;
        valid_password("password", password, &known_words(&self.host, &owner.login, &owner.name))?;
        let _turn = self.attempts.turn(&caller.address).await?;
        let password_hash = self.passwords.hash(Lane::Known, password).await?;
        let hash = codes::hash(secret).ok_or(AppError::NotFound)?;
        let used = self.people.use_reset(&hash, &password_hash, self.clock.now()).await?;
        let user = self.done(used)?;
        tracing::info!(user = %user.id, "a new password was set with a link");
        let note = Note::by_nobody(AuditKind::PasswordChanged, &caller.address).to(&user);
        self.audit.note(note.saying(Reason::new("audit-by-link"))).await;
        Ok(user)
    }

    /// [`Self::delete_person`], once `typed` is what the person signs in with.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] of `confirm`; otherwise those of [`Self::delete_person`].
    pub async fn delete_person_confirmed<'a>(
        &self,
        by: impl Into<Authority<'a>>,
        id: &str,
        erase: bool,
        typed: &str,
    ) -> Result<(), AppError> {
        let by = by.into();
        let person = self.person(by, id).await?;
        if same_email(typed) != person.login {
            return Err(AppError::invalid("confirm", Reason::new("person-delete-not-confirmed")));
        }
        self.delete_person(by, id, erase).await
    }

    /// Closes an account for good: its sessions end and its login is free. With `erase`, all that the person wrote is
    /// removed soon; without it, it stays stored and nobody can open it.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]; [`AppError::ProofRequired`]; [`AppError::Conflict`] for the last administrator.
    pub async fn delete_person<'a>(
        &self,
        by: impl Into<Authority<'a>>,
        id: &str,
        erase: bool,
    ) -> Result<(), AppError> {
        let by = by.into();
        let user = self.person(by, id).await?;
        self.proved_on(by)?;
        let closed = self.people.close_account(id, erase.then(|| self.clock.now())).await?;
        self.done(closed)?;
        tracing::info!(by = by.named(), user = %id, erase, "an account was deleted");
        self.audit.note(Note::on(by, AuditKind::Deleted).to(&user)).await;
        Ok(())
    }

    /// Deletes the accounts whose time has come, with all that they have. A stop in the middle goes on at the next call.
    pub async fn delete_due_accounts(&self) -> Result<(), AppError> {
        for user in self.people.accounts_to_delete(self.clock.now()).await? {
            if user.state != UserState::Deleted {
                let note = |kind| Note::by_nobody(kind, "").to(&user);
                // The owner may have decided to stay since the accounts were listed.
                match self.done(self.people.close_due_account(&user.id, self.clock.now()).await?) {
                    Ok(_) => {
                        let asked = Reason::new("audit-as-its-owner-asked");
                        self.audit.note(note(AuditKind::Deleted).saying(asked)).await;
                    }
                    Err(AppError::NotFound) => continue,
                    Err(AppError::Conflict { reason }) => {
                        tracing::warn!(user = %user.id, "the last administrator is not deleted, and stays");
                        let stays = UserPatch { deletes_at: Some(None), ..UserPatch::default() };
                        self.users.update_user(&user.id, &stays, None).await?;
                        self.audit.note(note(AuditKind::Stayed).saying(reason)).await;
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            }
            while self.people.erase(&user.id).await? {}
            tracing::info!(user = %user.id, "a deleted account is gone with all that it had");
        }
        Ok(())
    }

    /// The user after a change; the streams of the sessions that it ended are told.
    pub(super) fn done(&self, updated: Updated) -> Result<User, AppError> {
        match updated {
            Updated::Done(user, ended) => {
                self.ended.tell(&ended);
                Ok(user)
            }
            Updated::Missing => Err(AppError::NotFound),
            Updated::LoginTaken => Err(AppError::Conflict { reason: Reason::new("email-taken") }),
            Updated::LastAdmin => Err(AppError::Conflict { reason: Reason::new("last-admin") }),
        }
    }
}
