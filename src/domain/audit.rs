//! The audit log: who signed in, who was refused, and what administrators did.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};
use utoipa::ToSchema;

use super::reason::Reason;

/// What happened.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    VariantNames,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum AuditKind {
    SignedIn,
    SignInRefused,
    SignedOut,
    Registered,
    PasswordChanged,
    SessionEnded,
    KeyMade,
    KeyEnded,
    SecondFactorOn,
    SecondFactorOff,
    RecoveryCodeUsed,
    IdentityConnected,
    IdentityDisconnected,
    RoleChanged,
    Disabled,
    Enabled,
    ResetLinkMade,
    Deleted,
    CodeMade,
    CodeEnded,
    CodeUsed,
    TierChanged,
    ProviderChanged,
    RegistrationChanged,
    SettingsChanged,
    ExportMade,
    LoginChanged,
    LeaveAsked,
    Stayed,
    NoteRemoved,
}

impl AuditKind {
    /// The key of its name in a list.
    pub fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "audit-signed-in",
            Self::SignInRefused => "audit-sign-in-refused",
            Self::SignedOut => "audit-signed-out",
            Self::Registered => "audit-registered",
            Self::PasswordChanged => "audit-password-changed",
            Self::SessionEnded => "audit-session-ended",
            Self::KeyMade => "audit-key-made",
            Self::KeyEnded => "audit-key-ended",
            Self::SecondFactorOn => "audit-second-factor-on",
            Self::SecondFactorOff => "audit-second-factor-off",
            Self::RecoveryCodeUsed => "audit-recovery-code-used",
            Self::IdentityConnected => "audit-identity-connected",
            Self::IdentityDisconnected => "audit-identity-disconnected",
            Self::RoleChanged => "audit-role-changed",
            Self::Disabled => "audit-disabled",
            Self::Enabled => "audit-enabled",
            Self::ResetLinkMade => "audit-reset-link-made",
            Self::Deleted => "audit-deleted",
            Self::CodeMade => "audit-code-made",
            Self::CodeEnded => "audit-code-ended",
            Self::CodeUsed => "audit-code-used",
            Self::TierChanged => "audit-tier-changed",
            Self::ProviderChanged => "audit-provider-changed",
            Self::RegistrationChanged => "audit-registration-changed",
            Self::SettingsChanged => "audit-settings-changed",
            Self::ExportMade => "audit-export-made",
            Self::LoginChanged => "audit-login-changed",
            Self::LeaveAsked => "audit-leave-asked",
            Self::Stayed => "audit-stayed",
            Self::NoteRemoved => "audit-note-removed",
        }
    }
}

/// A person or a thing as it was called when something happened; it may be gone by now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Named {
    pub id: String,
    pub name: String,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    pub id: String,
    /// UTC milliseconds since 1970.
    pub at: i64,
    pub kind: AuditKind,
    /// Who did it; `null`: somebody who was not signed in, or a command on the server.
    #[schema(required)]
    pub actor: Option<Named>,
    /// Whom or what it was done to, if that is not the actor.
    #[schema(required)]
    pub subject: Option<Named>,
    /// Where it came from: an IPv4 address, or a network of IPv6; empty for a command on the server.
    pub address: String,
    /// How often. Refused sign-ins from one address to one account are one entry for each minute.
    pub count: u32,
    /// More about it; never a secret.
    #[schema(required)]
    pub detail: Option<Reason>,
}
