//! `/me/export`: everything that one has as a ZIP file, made in the background.

use std::sync::Arc;

use axum::{
    Json as Answer,
    body::Body,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::problems::{Conflict, NotFound, ProofRequired, SignedOut, TooMany};
use crate::{
    domain::{CurrentUser, Export, ExportState},
    error::AppError,
    server::{accounts::Accounts, exports::Exporter, ops::clock::utc, words},
};

/// How far your export is.
#[derive(Serialize, ToSchema)]
#[schema(as = Export)]
pub struct ExportView {
    state: ExportState,
    /// How many conversations are in it so far.
    done: u32,
    /// How many there are; 0 until they are counted.
    total: u32,
    /// The bytes of the file so far.
    bytes: u64,
    /// Why it failed, and what to do about it.
    #[schema(required)]
    failure: Option<String>,
    /// When you asked for it, in UTC milliseconds since 1970.
    made_at: i64,
    /// Until when it is kept, in UTC milliseconds since 1970.
    ends_at: i64,
}

impl From<Export> for ExportView {
    fn from(export: Export) -> Self {
        let Export { state, done, total, bytes, reason, made_at, ends_at, .. } = export;
        let failure = reason.map(|reason| words::current().text(&reason));
        Self { state, done, total, bytes, failure, made_at, ends_at }
    }
}

/// Ask for an export of everything
///
/// Your account, and each conversation with all versions of its messages, also from the archive and the bin, as JSON and as
/// Markdown. It takes the place of an earlier export; while one is being made, no other one begins (409), and a
/// server takes three on a day (429). It needs a proof of the last ten minutes: see /me/proof.
#[utoipa::path(
    post,
    path = "/me/export",
    operation_id = "makeExport",
    tag = "Account",
    responses(
        (status = 202, description = "It is made in the background.", body = ExportView),
        SignedOut,
        ProofRequired,
        Conflict,
        TooMany,
    )
)]
pub async fn make(
    State(exports): State<Arc<Exporter>>,
    current: CurrentUser,
) -> Result<(StatusCode, Answer<ExportView>), AppError> {
    Ok((StatusCode::ACCEPTED, Answer(exports.ask(&current).await?.into())))
}

/// Your export
#[utoipa::path(
    get,
    path = "/me/export",
    operation_id = "showExport",
    tag = "Account",
    responses((status = 200, description = "How far it is.", body = ExportView), SignedOut, NotFound)
)]
pub async fn show(
    State(exports): State<Arc<Exporter>>,
    current: CurrentUser,
) -> Result<Answer<ExportView>, AppError> {
    exports.own(&current).await?.map(|export| Answer(export.into())).ok_or(AppError::NotFound)
}

/// Download your export
#[utoipa::path(
    get,
    path = "/me/export/file",
    operation_id = "downloadExport",
    tag = "Account",
    responses(
        (status = 200, description = "The file, once it is whole.", body = String, content_type = "application/zip"),
        SignedOut,
        NotFound,
    )
)]
pub async fn file(
    State(exports): State<Arc<Exporter>>,
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
) -> Result<Response, AppError> {
    let file = exports.file(&current).await?;
    let day: String = utc(file.made_at).chars().take(10).collect();
    let head = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"inglenook-export-{day}.zip\"")),
        (header::CONTENT_LENGTH, file.bytes.to_string()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((head, Body::from_stream(accounts.while_signed_in(&current, file.parts))).into_response())
}

/// Remove your export
///
/// One that is being made ends.
#[utoipa::path(
    delete,
    path = "/me/export",
    operation_id = "removeExport",
    tag = "Account",
    responses((status = 204, description = "It is removed."), SignedOut, NotFound)
)]
pub async fn remove(
    State(exports): State<Arc<Exporter>>,
    current: CurrentUser,
) -> Result<StatusCode, AppError> {
    exports.remove(&current).await?;
    Ok(StatusCode::NO_CONTENT)
}
