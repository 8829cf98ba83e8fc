//! Reports: what members tell the moderators of a room about a message, and how those settle it.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::{Rooms, marked::BEGINNING};
use crate::{
    domain::{ConversationKind, CurrentUser, Message, Reason, Report, report::MAX_REASON_CHARS},
    error::AppError,
    server::{
        accounts::{attempts::Limit, valid},
        store::{AccessLevel, Grant, Need, NewReport, ReportOutcome, ReportQuery},
    },
};

/// How many messages a person may report within [`REPORTS_WINDOW`].
const REPORTS: u32 = 20;
const REPORTS_WINDOW: Duration = Duration::from_secs(60 * 60);
/// How many reports a page has.
const PAGE: u32 = 50;

/// The limit of reports.
pub fn limit() -> Limit {
    Limit::new(REPORTS, REPORTS_WINDOW)
}

/// A report with how its message begins; `None`: nothing is left of it.
#[derive(Clone, Debug)]
pub struct Reported {
    pub report: Report,
    pub message: Option<Message>,
}

/// A page of reports, newest first.
#[derive(Clone, Debug)]
pub struct ReportPage {
    pub items: Vec<Reported>,
    pub next_cursor: Option<String>,
}

impl Rooms {
    /// Reports a message of a room to its moderators. A second report of the same message by the same person is the first one.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]; [`AppError::Invalid`] of `reason`; [`AppError::Conflict`]: it is the person's own message, or one
    /// of a conversation of two, which nobody moderates; [`AppError::TooMany`].
    pub async fn report(
        &self,
        current: &CurrentUser,
        message_id: &str,
        reason: &str,
    ) -> Result<(), AppError> {
        let (grant, message) = self.chats.message_access(current.id(), message_id, Need::Read).await?;
        // A private conversation has nobody to report to.
        if !grant.conversation().kind.is_shared() || message.talk.deleted_at.is_some() {
            return Err(AppError::NotFound);
        }
        if grant.conversation().kind == ConversationKind::Direct {
            return Err(AppError::Conflict { reason: Reason::new("report-in-direct") });
        }
        let too_long = || {
            AppError::invalid("reason", Reason::new("report-reason-too-long").with("most", MAX_REASON_CHARS))
        };
        let reason = valid::plain(reason, MAX_REASON_CHARS).ok_or_else(too_long)?;
        if message.author_id == current.id() {
            return Err(AppError::Conflict { reason: Reason::new("report-own") });
        }
        let _ = self.reports.take(current.id(), Instant::now())?;
        let id = self.ids.next();
        let report = NewReport { id: &id, message_id, reason, now: self.clock.now() };
        match self.chats.report(&grant, &report).await? {
            ReportOutcome::Made => {
                tracing::info!(by = %current.id(), room = %grant.conversation_id(), "a message was reported");
                Ok(())
            }
            ReportOutcome::Same => Ok(()),
            ReportOutcome::Missing => Err(AppError::NotFound),
        }
    }

    /// The reports of a room, newest first: those that are open, or those that were settled. For moderators.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]; [`AppError::Forbidden`].
    pub async fn reports(
        &self,
        current: &CurrentUser,
        id: &str,
        (settled, before): (bool, Option<&str>),
    ) -> Result<ReportPage, AppError> {
        let grant = self.granted(current, id, Need::Manage).await?;
        let query = ReportQuery { settled, before, limit: PAGE + 1 };
        let mut reports = self.chats.reports(&grant, query).await?;
        let more = reports.len() > PAGE as usize;
        reports.truncate(PAGE as usize);
        let next_cursor = reports.last().filter(|_| more).map(|last| last.id.clone());
        let ids: Vec<String> = reports.iter().map(|report| report.message_id.clone()).collect();
        let messages = self.chats.beginnings(&grant, &ids, BEGINNING).await?;
        let messages: HashMap<String, Message> = messages.into_iter().map(|it| (it.id.clone(), it)).collect();
        let items = reports.into_iter().map(|mut report| {
            let message = messages.get(&report.message_id).cloned();
            // Whoever wrote a message does not learn who reported it, moderator or not.
            if message.as_ref().is_none_or(|message| message.author_id == current.id()) {
                report.reporter_id = None;
            }
            Reported { report, message }
        });
        Ok(ReportPage { items: items.collect(), next_cursor })
    }

    /// How many reports are open; 0 for whoever manages nothing.
    ///
    /// # Errors
    ///
    /// The store does not answer.
    pub async fn open_reports(&self, grant: &Grant) -> Result<u32, AppError> {
        if grant.level() < AccessLevel::Moderator {
            return Ok(0);
        }
        Ok(self.chats.open_reports(grant).await?)
    }

    /// Settles a report; its message stays. Whoever wrote the message leaves that to others, unless they own the room.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is none that is open; [`AppError::Forbidden`].
    pub async fn dismiss_report(
        &self,
        current: &CurrentUser,
        id: &str,
        report_id: &str,
    ) -> Result<(), AppError> {
        let grant = self.granted(current, id, Need::Manage).await?;
        let report = self.chats.one_report(&grant, report_id).await?.ok_or(AppError::NotFound)?;
        let message = self.chats.message(&grant, &report.message_id).await?;
        let own = message.is_some_and(|message| message.author_id == current.id());
        if own && grant.level() < AccessLevel::Owner {
            return Err(AppError::Forbidden { reason: Reason::new("report-about-own") });
        }
        if !self.chats.dismiss_report(&grant, report_id, self.clock.now()).await? {
            return Err(AppError::NotFound);
        }
        tracing::info!(by = %current.id(), room = %id, report = %report_id, "a report was dismissed");
        Ok(())
    }
}
