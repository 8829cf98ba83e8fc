//! `[auth]`: who may sign in, for how long, and the secret that signs sessions.

use std::time::Duration;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use crate::server::config::secret::{MIN_SECRET_BYTES, weakness};

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    /// Signs the sessions: at least 32 random bytes; unset, one is made and kept in {data_dir}/secret.
    // Read it with `Config::signing_secret`, which knows both.
    #[serde(default, deserialize_with = "secret")]
    #[schemars(with = "String", extend("writeOnly" = true, "wanted" = "a text"))]
    pub secret: Option<SecretString>,
    /// open, invite (who has an invitation) or closed; the first person always can. Unset, it is open until administrators choose at /admin/people.
    #[serde(default)]
    #[schemars(with = "Registration")]
    pub registration: Option<Registration>,
    /// required or optional (a name is enough to register and sign in with). Unset, it is required until administrators choose at /admin/people.
    #[serde(default)]
    #[schemars(with = "EmailRule")]
    pub email: Option<EmailRule>,
    /// on or off: whether everybody who is signed in finds the others in the list at /people. Unset, it is on.
    #[serde(default)]
    #[schemars(with = "PeopleList")]
    pub people_list: Option<PeopleList>,
    /// Days without a visit after which people sign in again.
    #[serde(rename = "session_days", deserialize_with = "days")]
    #[schemars(with = "u64", range(min = 1, max = 3650), extend("default" = 30))]
    pub session: Duration,
    /// Days for which the audit log is kept.
    #[serde(rename = "audit_days", deserialize_with = "days")]
    #[schemars(with = "u64", range(min = 1, max = 3650), extend("default" = 90))]
    pub audit: Duration,
}

/// Whether there is a list of people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PeopleList {
    #[default]
    On,
    Off,
}

/// Who may make an account, after the first person, who always may.
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
    JsonSchema,
    ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Registration {
    Open,
    // Who brings the code of an invitation. No comment of the document, because that would not be a list of words any more.
    Invite,
    Closed,
}

impl Registration {
    /// The key of its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "registration-open",
            Self::Invite => "registration-invite",
            Self::Closed => "registration-closed",
        }
    }
}

/// Whether a new account needs an e-mail address.
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
    JsonSchema,
    ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum EmailRule {
    Required,
    // A name is enough. No comment of the document, because that would not be a list of words any more.
    Optional,
}

impl EmailRule {
    /// The key of its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Required => "registration-email-required",
            Self::Optional => "registration-email-optional",
        }
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    let secret = String::deserialize(deserializer)?;
    match weakness(&secret) {
        None => Ok(Some(secret.into())),
        Some(found) => Err(D::Error::custom(format!(
            "found {found}, wanted at least {MIN_SECRET_BYTES} random bytes; openssl rand -hex 32 makes them"
        ))),
    }
}

fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u32::deserialize(deserializer).map(|days| Duration::from_secs(24 * 60 * 60) * days)
}
