//! Accounts: who people are, how they prove it, and the sessions that remember it.

pub mod attempts;
pub mod jwt_hmac;
pub mod language;
pub mod login;
pub mod passwords;
pub mod session;
