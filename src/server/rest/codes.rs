//! `/admin/codes`: invitations and activation codes; `/me/redeem`: how one uses a code.

use std::sync::Arc;

use axum::{Json as Answer, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    extract::{Id, Json, Parameters, Query, Values},
    problems::{Conflict, InvalidBody, NotFound, ProofRequired, SignedOut},
};
use crate::{
    domain::{Admin, Code, CodeState, CodeUse, CurrentUser, User, UserRole},
    error::AppError,
    server::{
        accounts::{
            Accounts,
            invitations::{JOIN, ListedCode, MadeCode, NewCodes, WhichCodes},
        },
        words,
    },
};

/// Codes to make, all alike.
#[derive(Deserialize, ToSchema)]
pub struct CodesToMake {
    /// How many; 1 when it is left out.
    #[schema(minimum = 1, maximum = 500)]
    count: Option<u32>,
    /// Whether one may register with them: invitations. Otherwise they must give a tier.
    registers: bool,
    /// The role of whoever registers with one; a member's when it is left out.
    role: Option<UserRole>,
    /// The id of the tier that they give.
    tier: Option<String>,
    /// How many days the tier lasts; without them it does not end.
    #[schema(minimum = 1, maximum = 36_500)]
    tier_days: Option<u32>,
    /// How many people may use each; 1 when it is left out.
    #[schema(minimum = 1, maximum = 100_000)]
    uses: Option<u32>,
    /// How many days they count; without them until somebody ends them.
    #[schema(minimum = 1, maximum = 36_500)]
    days: Option<u32>,
    /// What you call them.
    #[schema(max_length = 100)]
    label: Option<String>,
}

/// A code that was just made.
#[derive(Serialize, ToSchema)]
pub struct NewCode {
    /// What one types, or opens as `path` below the site's address. It is answered now and never again.
    secret: String,
    path: String,
    code: Code,
}

impl NewCode {
    pub fn of(made: MadeCode) -> Self {
        let path = format!("{JOIN}{}", made.secret.replace('-', ""));
        Self { secret: made.secret, path, code: made.code }
    }
}

#[derive(Serialize, ToSchema)]
pub struct NewCodeList {
    items: Vec<NewCode>,
}

/// A code, whether it can be used, and who used it.
#[derive(Serialize, ToSchema)]
pub struct CodeInList {
    code: Code,
    state: CodeState,
    /// The newest 20 of its uses, newest first; `code.used` counts all.
    used_by: Vec<CodeUse>,
}

#[derive(Serialize, ToSchema)]
pub struct CodePage {
    items: Vec<CodeInList>,
    /// `cursor` of the next page, an opaque text; `null` at the end.
    #[schema(required)]
    next_cursor: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichCodePage {
    /// `next_cursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
}

impl Parameters for WhichCodePage {
    fn read(values: &Values) -> Result<Self, AppError> {
        Ok(Self { cursor: values.text("cursor") })
    }
}

#[derive(Deserialize, ToSchema)]
pub struct CodeToRedeem {
    /// As it was handed out, in any groups, or the link.
    code: String,
    /// Also when that ends another tier that you have.
    #[serde(default)]
    replace: bool,
}

#[derive(Serialize, ToSchema)]
pub struct RedeemedCode {
    /// Your account as it is now.
    user: User,
    /// Which tier you have now and until when, in your language.
    message: String,
}

/// The codes, newest first
#[utoipa::path(
    get,
    path = "/admin/codes",
    operation_id = "listCodes",
    tag = "Administration",
    params(WhichCodePage),
    responses((status = 200, description = "A page.", body = CodePage), SignedOut, NotFound)
)]
pub async fn list(
    State(accounts): State<Arc<Accounts>>,
    admin: Admin,
    Query(which): Query<WhichCodePage>,
) -> Result<Answer<CodePage>, AppError> {
    let (listed, next_cursor) = accounts.codes(&admin, which.cursor.as_deref()).await?;
    let item =
        |listed: ListedCode| CodeInList { code: listed.code, state: listed.state, used_by: listed.uses };
    Ok(Answer(CodePage { items: listed.into_iter().map(item).collect(), next_cursor }))
}

/// Make codes
///
/// Each has 128 random bits. Only their hashes are stored, so this answer is the only one that has them. Codes that
/// make administrators need a proof of the last ten minutes (/me/proof).
#[utoipa::path(
    post,
    path = "/admin/codes",
    operation_id = "makeCodes",
    tag = "Administration",
    request_body = CodesToMake,
    responses(
        (status = 201, description = "The codes.", body = NewCodeList),
        SignedOut,
        ProofRequired,
        NotFound,
        InvalidBody,
    )
)]
pub async fn make(
    State(accounts): State<Arc<Accounts>>,
    admin: Admin,
    Json(wanted): Json<CodesToMake>,
) -> Result<(StatusCode, Answer<NewCodeList>), AppError> {
    let new = NewCodes {
        count: wanted.count.unwrap_or(1),
        registers: wanted.registers,
        role: wanted.role.unwrap_or(UserRole::Member),
        tier: wanted.tier.as_deref(),
        tier_days: wanted.tier_days,
        uses: wanted.uses.unwrap_or(1),
        days: wanted.days,
        label: wanted.label.as_deref().unwrap_or_default(),
    };
    let made = accounts.make_codes(&admin, new).await?;
    let items = made.codes.into_iter().map(NewCode::of).collect();
    Ok((StatusCode::CREATED, Answer(NewCodeList { items })))
}

/// End a code
///
/// Who used it keeps what it gave.
#[utoipa::path(
    delete,
    path = "/admin/codes/{id}",
    operation_id = "endCode",
    tag = "Administration",
    params(("id" = String, Path, description = "The code's id.")),
    responses((status = 204, description = "Ended."), SignedOut, NotFound)
)]
pub async fn end(
    State(accounts): State<Arc<Accounts>>,
    admin: Admin,
    Id(id): Id,
) -> Result<StatusCode, AppError> {
    accounts.end_codes(&admin, WhichCodes::One(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Redeem a code
///
/// The tier that you have already is extended from its present end. Another one takes its place only with `replace`: without
/// it you are told what would end (409).
#[utoipa::path(
    post,
    path = "/me/redeem",
    operation_id = "redeem",
    tag = "Account",
    request_body = CodeToRedeem,
    responses(
        (status = 200, description = "You have what the code gives.", body = RedeemedCode),
        SignedOut,
        Conflict,
        InvalidBody,
    )
)]
pub async fn redeem(
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
    Json(CodeToRedeem { code, replace }): Json<CodeToRedeem>,
) -> Result<Answer<RedeemedCode>, AppError> {
    let redeemed = accounts.redeem(&current, &code, replace).await?;
    let message = words::current().text(&redeemed.told);
    Ok(Answer(RedeemedCode { user: redeemed.user, message }))
}
