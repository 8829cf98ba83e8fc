//! [`Audit`]: the log of sign-ins, refusals and administrative acts, which administrators read.
//!
//! An entry never holds a secret, nor what somebody typed who was refused: it may be a password in the wrong field.

mod csv;
mod refusals;

use std::sync::Arc;

use futures::{Stream, TryStreamExt, stream};
use tokio::sync::oneshot;

use self::refusals::Refusals;
use super::valid::{MAX_EMAIL_BYTES, find_account, same_email};
use crate::{
    domain::{Admin, AuditEntry, AuditKind, Authority, CurrentUser, Page, Reason, User, audit::Named},
    error::AppError,
    server::{
        ops::{
            clock::{Clock, Ids},
            tasks::Tasks,
        },
        store::{AuditLog, AuditQuery, Users},
        words::Words,
    },
};

/// How many entries a page of the list has.
const PAGE: u32 = 50;
/// How many entries are read at once for an export.
const EXPORTED_AT_ONCE: u32 = 500;
/// A longer cursor cannot be one of ours.
const MAX_CURSOR_BYTES: usize = 26;

/// Something to be noted.
#[derive(Clone, Debug)]
pub struct Note {
    kind: AuditKind,
    actor: Option<Named>,
    subject: Option<Named>,
    address: String,
    detail: Option<Reason>,
}

impl Note {
    /// What somebody did who is signed in.
    pub fn by(current: &CurrentUser, kind: AuditKind) -> Self {
        Self::of(&current.user, kind, &current.address)
    }

    /// What an administrator did, or a command on the server.
    pub fn on(by: Authority<'_>, kind: AuditKind) -> Self {
        match by {
            Authority::Admin(admin) => Self::by(admin.current(), kind),
            Authority::Operator => Self::by_nobody(kind, "").saying(Reason::new("audit-by-command")),
        }
    }

    /// What this person did, who is not signed in yet, from an address of the network.
    pub fn of(user: &User, kind: AuditKind, address: &str) -> Self {
        Self { actor: Some(named(user)), ..Self::by_nobody(kind, address) }
    }

    /// What happened without anybody who is signed in. The address is empty for a command on the server.
    pub fn by_nobody(kind: AuditKind, address: &str) -> Self {
        Self { kind, actor: None, subject: None, address: address.to_owned(), detail: None }
    }

    /// The person to whom it was done.
    #[must_use]
    pub fn to(self, user: &User) -> Self {
        Self { subject: Some(named(user)), ..self }
    }

    /// The thing to which it was done, such as a code or a provider.
    #[must_use]
    pub fn to_thing(self, id: &str, name: &str) -> Self {
        Self { subject: Some(Named { id: id.to_owned(), name: name.to_owned() }), ..self }
    }

    /// More about it, as a sentence; never a secret.
    #[must_use]
    pub fn saying(self, detail: Reason) -> Self {
        Self { detail: Some(detail), ..self }
    }
}

fn named(user: &User) -> Named {
    Named { id: user.id.clone(), name: user.name.clone() }
}

/// Which entries an administrator looks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sought<'a> {
    pub kind: Option<AuditKind>,
    /// A person's id, or what the person signs in with.
    pub person: Option<&'a str>,
    pub cursor: Option<&'a str>,
}

/// One per server.
pub struct Audit {
    entries: Arc<dyn AuditLog>,
    users: Arc<dyn Users>,
    refusals: Refusals,
    clock: Clock,
    ids: Arc<Ids>,
    tasks: Tasks,
}

impl Audit {
    pub fn new(
        (entries, users): (Arc<dyn AuditLog>, Arc<dyn Users>),
        (clock, ids, tasks): (Clock, Arc<Ids>, Tasks),
    ) -> Self {
        Self { entries, users, refusals: Refusals::default(), clock, ids, tasks }
    }

    /// Stores an entry. A failure is logged and not told, because what is noted was done already. The entry is also stored
    /// when the caller goes away meanwhile.
    pub async fn note(&self, note: Note) {
        let Note { kind, actor, mut subject, mut address, detail } = note;
        let (id, at) = (self.ids.next(), self.clock.now());
        let counted_as = (kind == AuditKind::SignInRefused)
            .then(|| self.refusals.counted_as(at, &mut address, &mut subject));
        let entry = AuditEntry { id, at, kind, actor, subject, address, count: 1, detail };
        let store = self.entries.clone();
        let write = async move {
            if let Err(error) = store.add_audit(&entry, counted_as.as_deref()).await {
                tracing::error!(%error, kind = entry.kind.into_str(), "the audit log lacks an entry");
            }
        };
        if self.tasks.is_ending() {
            return write.await;
        }
        let (written, is_written) = oneshot::channel();
        self.tasks.spawn("note for the audit log", async {
            write.await;
            let _ = written.send(());
        });
        let _ = is_written.await;
    }

    /// A page of the log, newest first.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`]: the cursor is none of ours.
    pub async fn list(&self, _: &Admin, sought: Sought<'_>) -> Result<Page<AuditEntry>, AppError> {
        let query = AuditQuery { limit: PAGE + 1, ..self.query(sought).await? };
        let mut items = self.entries.audit(&query).await?;
        let more = items.len() > PAGE as usize;
        items.truncate(PAGE as usize);
        let next_cursor = items.last().filter(|_| more).map(|last| last.id.clone());
        Ok(Page { items, next_cursor })
    }

    /// The whole log as CSV, piece by piece, in these words; the cursor does not matter. When the store fails in the middle
    /// the stream ends with the error.
    pub async fn export(
        &self,
        _: &Admin,
        sought: Sought<'_>,
        words: Words,
    ) -> Result<impl Stream<Item = Result<String, AppError>> + Send + 'static, AppError> {
        let first = self.query(Sought { cursor: None, ..sought }).await?;
        let first = AuditQuery { limit: EXPORTED_AT_ONCE, ..first };
        let entries = self.entries.clone();
        let rows = stream::try_unfold(Some(first), move |query| {
            let entries = entries.clone();
            async move {
                let Some(query) = query else { return Ok(None) };
                let found = entries.audit(&query).await?;
                let text: String = found.iter().map(|entry| csv::row(entry, &words)).collect();
                let last = found.last().filter(|_| found.len() == EXPORTED_AT_ONCE as usize);
                let next = last.map(|last| AuditQuery { before: Some(last.id.clone()), ..query });
                Ok(Some((text, next)))
            }
        });
        let head = stream::once(async { Ok(csv::head()) });
        Ok(futures::StreamExt::chain(head, rows.map_err(|error: AppError| error)))
    }

    async fn query(&self, sought: Sought<'_>) -> Result<AuditQuery, AppError> {
        let before = sought.cursor.filter(|cursor| !cursor.is_empty()).map(str::to_owned);
        if before.as_ref().is_some_and(|before| before.len() > MAX_CURSOR_BYTES || !before.is_ascii()) {
            return Err(AppError::invalid("cursor", Reason::new("cursor-not-ours")));
        }
        let person = match sought.person.map(str::trim).filter(|person| !person.is_empty()) {
            None => None,
            Some(person) if person.len() > MAX_EMAIL_BYTES => Some(String::new()),
            Some(person) => Some(match find_account(&*self.users, &same_email(person)).await? {
                Some(known) => known.user.id,
                // An id, also of somebody who is gone.
                None => person.to_owned(),
            }),
        };
        Ok(AuditQuery { kind: sought.kind, person, before, limit: PAGE })
    }
}
