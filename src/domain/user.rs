//! A person with an account. The password hash is never part of it.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::{
    Preferences,
    session::{Scope, SessionKind},
};

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    pub id: String,
    /// What the person signs in with; unique, in lower case. The e-mail address, or a name without `@` for an account
    /// that has none.
    pub login: String,
    /// The e-mail address, if the account has one.
    #[schema(required)]
    pub email: Option<String>,
    /// Whether an identity provider said that the address is this person's.
    pub email_verified: bool,
    pub name: String,
    pub role: UserRole,
    pub state: UserState,
    /// The id of the tier that somebody gave the person; the default tier counts for everybody else.
    #[schema(required)]
    pub tier: Option<String>,
    /// Until when the tier counts, in UTC milliseconds since 1970; without it the tier does not end.
    #[schema(required)]
    pub tier_until: Option<i64>,
    /// The tag of the language that the person chose; without one `Accept-Language` counts.
    #[serde(default)]
    #[schema(required)]
    pub language: Option<String>,
    #[serde(default)]
    #[schema(required)]
    pub preferences: Preferences,
    /// UTC milliseconds since 1970.
    pub created_at: i64,
    /// When the person was last here, to within some minutes, in UTC milliseconds since 1970.
    #[schema(required)]
    pub seen_at: Option<i64>,
    /// When the account will be deleted, in UTC milliseconds since 1970: its owner asked for that and may still change
    /// their mind.
    #[schema(required)]
    pub deletes_at: Option<i64>,
}

/// The e-mail address in what a person signs in with.
pub fn email_of(login: &str) -> Option<String> {
    login.contains('@').then(|| login.to_owned())
}

/// What a person may do with the site itself.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum UserRole {
    Admin,
    Member,
}

/// A disabled account cannot sign in, and its sessions end at once.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum UserState {
    Active,
    Disabled,
    /// The account was closed for good; its row stays while something that the person wrote does.
    Deleted,
}

/// Who asks, as the server found out from their session or API key. Every service takes one. Only `accounts` makes one
/// (`tests/map` looks), so that no service can be called for somebody who proved nothing.
#[derive(Clone, Debug)]
pub struct CurrentUser {
    pub user: User,
    /// The session or the API key; streams that it opened end with it.
    pub session_id: String,
    /// Whether a browser asks or a program with a key.
    pub kind: SessionKind,
    /// What a session of this kind may do.
    pub scope: Scope,
    /// Private, so that nothing but [`CurrentUser::found`] makes one.
    proved_at: i64,
    /// Where the request came from: an IPv4 address or a network of IPv6, which counts for limits and the audit log.
    pub address: String,
}

impl CurrentUser {
    /// For `accounts` alone, which has looked the session up.
    pub fn found(
        user: User,
        (session_id, kind): (String, SessionKind),
        (scope, proved_at): (Scope, i64),
        address: &str,
    ) -> Self {
        Self { user, session_id, kind, scope, proved_at, address: address.to_owned() }
    }

    pub fn id(&self) -> &str {
        &self.user.id
    }

    /// When the person last proved in this session who they are, in UTC milliseconds since 1970; 0 for an API key.
    pub fn proved_at(&self) -> i64 {
        self.proved_at
    }

    pub fn is_admin(&self) -> bool {
        self.user.role == UserRole::Admin
    }

    /// The proof that an administrator asks, which the services of administration take; `None` for everybody else.
    pub fn admin(&self) -> Option<Admin> {
        (self.is_admin() && self.scope == Scope::All).then(|| Admin(self.clone()))
    }
}

/// An administrator who asks; made by [`CurrentUser::admin`] alone.
#[derive(Clone, Debug)]
pub struct Admin(CurrentUser);

impl Admin {
    pub fn current(&self) -> &CurrentUser {
        &self.0
    }

    pub fn id(&self) -> &str {
        self.0.id()
    }
}

/// On whose authority accounts are administered.
#[derive(Clone, Copy, Debug)]
pub enum Authority<'a> {
    Admin(&'a Admin),
    /// Whoever runs a command on the server, and so has its database anyway. Only `server::cli` says so (`tests/map` looks).
    Operator,
}

impl<'a> From<&'a Admin> for Authority<'a> {
    fn from(admin: &'a Admin) -> Self {
        Self::Admin(admin)
    }
}

impl<'a> Authority<'a> {
    /// The id of the administrator, if it is one.
    pub fn id(self) -> Option<&'a str> {
        match self {
            Self::Admin(admin) => Some(admin.id()),
            Self::Operator => None,
        }
    }

    /// For the log: the id of the administrator, or `operator`.
    pub fn named(self) -> &'a str {
        self.id().unwrap_or("operator")
    }
}
