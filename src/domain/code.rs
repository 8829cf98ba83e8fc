//! Codes that people are handed: invitations and activation codes.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::{User, UserRole};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// So many characters of an id tell codes apart for people.
const ENDING: usize = 6;

/// An invitation, with which one may register, or an activation code, which gives a tier to somebody who has an account.
/// The code itself is shown when it is made and stored nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Code {
    pub id: String,
    /// The same for codes that were made together.
    pub batch_id: String,
    /// What the administrators named it; may be empty.
    pub label: String,
    /// Whether one may register with it.
    pub registers: bool,
    /// The role of whoever registers with it.
    pub role: UserRole,
    /// The id of the tier that it gives; `null`: none.
    #[schema(required)]
    pub tier: Option<String>,
    /// How many days the tier lasts; `null`: it does not end.
    #[schema(required)]
    pub tier_days: Option<u32>,
    /// The room that whoever uses it joins; `null`: none.
    #[serde(default)]
    #[schema(required)]
    pub room_id: Option<String>,
    /// How many people may use it.
    pub uses: u32,
    /// How many people used it.
    pub used: u32,
    /// UTC milliseconds since 1970; `null`: it does not expire.
    #[schema(required)]
    pub expires_at: Option<i64>,
    /// The id of the administrator who made it; `null`: the command line.
    #[schema(required)]
    pub created_by: Option<String>,
    /// UTC milliseconds since 1970.
    pub created_at: i64,
    /// When an administrator ended it, in UTC milliseconds since 1970.
    #[schema(required)]
    pub ended_at: Option<i64>,
}

/// Whether a code can be used.
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
pub enum CodeState {
    Live,
    UsedUp,
    Expired,
    Ended,
}

/// What a code does to the tier of somebody who has an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gain {
    /// It gives no tier.
    Nothing,
    /// The person has its tier, and that does not end.
    Already,
    /// The person has its tier until then, in UTC milliseconds since 1970; `None`: for good. `replaces`: another tier, which
    /// counts now, ends.
    Tier { until: Option<i64>, replaces: bool },
}

impl Code {
    /// `now` is UTC milliseconds since 1970.
    pub fn state(&self, now: i64) -> CodeState {
        if self.ended_at.is_some() {
            CodeState::Ended
        } else if self.used >= self.uses {
            CodeState::UsedUp
        } else if self.expires_at.is_some_and(|at| at <= now) {
            CodeState::Expired
        } else {
            CodeState::Live
        }
    }

    /// What the administrators call it: its label, else how its id ends, which is no part of the code that is handed out.
    pub fn called(&self) -> String {
        match self.label.as_str() {
            "" => format!("…{}", self.ending()),
            label => label.to_owned(),
        }
    }

    /// How its id ends.
    pub fn ending(&self) -> &str {
        let start = self.id.len().saturating_sub(ENDING);
        self.id.get(start..).unwrap_or(&self.id)
    }

    /// The key of its kind.
    pub fn kind(&self) -> &'static str {
        match (&self.room_id, self.registers) {
            (Some(_), _) => "code-room",
            (None, true) => "code-invitation",
            (None, false) => "code-activation",
        }
    }

    /// Until when the tier lasts that begins or goes on at `from`; `None`: for good.
    pub fn lasts_until(&self, from: i64) -> Option<i64> {
        self.tier_days.map(|days| from.saturating_add(i64::from(days) * DAY_MS))
    }

    /// What redeeming it now does. A tier that the person has already is extended from its present end.
    pub fn gain(&self, user: &User, now: i64) -> Gain {
        let Some(tier) = self.tier.as_deref() else { return Gain::Nothing };
        match (user.tier_at(now), user.tier_until) {
            (Some(present), None) if present == tier => Gain::Already,
            (Some(present), Some(end)) if present == tier => {
                Gain::Tier { until: self.lasts_until(end), replaces: false }
            }
            (present, _) => Gain::Tier { until: self.lasts_until(now), replaces: present.is_some() },
        }
    }
}

/// Somebody's use of a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CodeUse {
    pub code_id: String,
    pub user_id: String,
    /// What the person signs in with; `null` when the account is gone.
    #[schema(required)]
    pub login: Option<String>,
    /// UTC milliseconds since 1970.
    pub at: i64,
}
