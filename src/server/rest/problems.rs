//! The refusals of the API as its document describes them, one for each status: each is a [`Problem`].

#![expect(dead_code, reason = "the fields say which schema a description has")]

use utoipa::IntoResponses;

use crate::server::http::errors::Problem;

/// No valid token came with the call.
#[derive(IntoResponses)]
#[response(status = 401, content_type = "application/problem+json")]
pub struct SignedOut(Problem<'static>);

/// A wrong e-mail address or password, which one is not said (`wrong_credentials`); the password was right, and a code is
/// wanted with it (`second_factor_required`); or a wrong code (`wrong_code`).
#[derive(IntoResponses)]
#[response(status = 401, content_type = "application/problem+json")]
pub struct WrongCredentials(Problem<'static>);

/// It is sensitive, and you proved too long ago who you are (`proof_required`): see /me/proof.
#[derive(IntoResponses)]
#[response(status = 403, content_type = "application/problem+json")]
pub struct ProofRequired(Problem<'static>);

/// Understood, and not allowed.
#[derive(IntoResponses)]
#[response(status = 403, content_type = "application/problem+json")]
pub struct Forbidden(Problem<'static>);

/// Missing, or somebody else's.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
pub struct NotFound(Problem<'static>);

/// At odds with what is there: the address is taken, an answer is still being written.
#[derive(IntoResponses)]
#[response(status = 409, content_type = "application/problem+json")]
pub struct Conflict(Problem<'static>);

/// What [`Json`](super::extract::Json) and the checks of its fields refuse.
#[derive(IntoResponses)]
pub enum InvalidBody {
    /// The body, or the text in it, is too large (`too_large`, `too_long`).
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem<'static>),
    /// The body is not sent as application/json.
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedMediaType(Problem<'static>),
    /// `field` is not as it should be, or the body is not JSON.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(Problem<'static>),
}

/// `field`, a parameter or a header, is not as it should be.
#[derive(IntoResponses)]
#[response(status = 422, content_type = "application/problem+json")]
pub struct InvalidParameter(Problem<'static>);

/// Too many tries, open streams, or answers being written; only the last, whose code is `too_many_answers`, comes
/// without a time to wait.
#[derive(IntoResponses)]
#[response(
    status = 429,
    content_type = "application/problem+json",
    headers(("Retry-After" = u64, description = "Seconds."))
)]
pub struct TooMany(Problem<'static>);

/// More people are signing in than this server can check right now, or the database does not answer.
#[derive(IntoResponses)]
#[response(
    status = 503,
    content_type = "application/problem+json",
    headers(("Retry-After" = u64, description = "Seconds."))
)]
pub struct Overloaded(Problem<'static>);
