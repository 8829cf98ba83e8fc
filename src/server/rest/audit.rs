//! `/admin/audit`: what happened on the site, for administrators.

use std::sync::Arc;

use axum::{
    Json as Answer,
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    extract::{Parameters, Query, Values},
    problems::{InvalidParameter, NotFound, SignedOut},
};
use crate::{
    domain::{Admin, AuditEntry, AuditKind, Page},
    error::AppError,
    server::{
        accounts::{
            Accounts,
            audit::{Audit, Sought},
        },
        words,
    },
};

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichEntries {
    /// `next_cursor` of the page before; an export has all pages.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// Only what happened in this way.
    #[param(nullable = false, inline)]
    kind: Option<AuditKind>,
    /// Only what this person did, or what was done to them: an id, or what the person signs in with.
    #[param(nullable = false)]
    person: Option<String>,
}

impl Parameters for WhichEntries {
    fn read(values: &Values) -> Result<Self, AppError> {
        Ok(Self { cursor: values.text("cursor"), kind: values.word("kind")?, person: values.text("person") })
    }
}

impl WhichEntries {
    fn sought(&self) -> Sought<'_> {
        Sought { kind: self.kind, person: self.person.as_deref(), cursor: self.cursor.as_deref() }
    }
}

#[derive(Serialize, ToSchema)]
pub struct AuditPage {
    items: Vec<AuditEntry>,
    /// `cursor` of the next page, an opaque text; `null` at the end.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// What happened on the site, newest first
///
/// Sign-ins, refusals, and what administrators did. It is kept for some time, 90 days if the configuration says nothing
/// else.
#[utoipa::path(
    get,
    path = "/admin/audit",
    operation_id = "listAudit",
    tag = "Administration",
    params(WhichEntries),
    responses(
        (status = 200, description = "A page.", body = AuditPage),
        SignedOut,
        NotFound,
        InvalidParameter,
    )
)]
pub async fn list(
    State(audit): State<Arc<Audit>>,
    admin: Admin,
    Query(which): Query<WhichEntries>,
) -> Result<Answer<AuditPage>, AppError> {
    let Page { items, next_cursor } = audit.list(&admin, which.sought()).await?;
    Ok(Answer(AuditPage { items, next_cursor }))
}

/// What happened on the site, as CSV for a spreadsheet
///
/// UTF-8 with its mark in front. An apostrophe stands before a cell that a spreadsheet would take for a formula.
#[utoipa::path(
    get,
    path = "/admin/audit.csv",
    operation_id = "exportAudit",
    tag = "Administration",
    params(WhichEntries),
    responses(
        (status = 200, description = "All entries, newest first.", body = String, content_type = "text/csv"),
        SignedOut,
        NotFound,
        InvalidParameter,
    )
)]
pub async fn export(
    State(audit): State<Arc<Audit>>,
    State(accounts): State<Arc<Accounts>>,
    admin: Admin,
    Query(which): Query<WhichEntries>,
) -> Result<Response, AppError> {
    let rows = audit.export(&admin, which.sought(), words::current()).await?;
    let fixed = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"inglenook-audit.csv\""),
    ];
    let rows = accounts.while_signed_in(admin.current(), rows);
    Ok((fixed, Body::from_stream(rows)).into_response())
}
