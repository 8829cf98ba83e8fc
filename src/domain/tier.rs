//! Tiers: what people may use.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::User;

/// What the people of a tier may use. Where a limit is `null`, there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tier {
    /// `default` is the id of the tier of everybody who has no other.
    pub id: String,
    /// Empty only for a default tier that nobody named.
    pub name: String,
    /// The ids of the models that may be asked; `null`: all that are offered.
    #[schema(required)]
    pub models: Option<Vec<String>>,
    /// Answers in a day of UTC.
    #[schema(required)]
    pub messages_per_day: Option<u32>,
    /// Tokens of prompts and answers in a day of UTC.
    #[schema(required)]
    pub tokens_per_day: Option<u64>,
    /// Rooms that a person may make.
    #[schema(required)]
    pub rooms: Option<u32>,
    /// Bytes of all files that a person keeps here.
    #[schema(required)]
    pub upload_bytes: Option<u64>,
}

impl Tier {
    /// The id of the tier that counts for everybody without another. It is always there.
    pub const DEFAULT: &str = "default";

    /// The default tier as it is until somebody changes it: without a name and without limits.
    pub fn standard() -> Self {
        Self { id: Self::DEFAULT.to_owned(), ..Self::default() }
    }

    pub fn is_default(&self) -> bool {
        self.id == Self::DEFAULT
    }

    /// Whether its people may ask this model, if it is offered at all.
    pub fn allows(&self, model: &str) -> bool {
        self.models.as_ref().is_none_or(|models| models.iter().any(|id| id == model))
    }
}

impl User {
    /// The id of the tier that somebody gave the person, if it counts at this time, in UTC milliseconds since 1970.
    pub fn tier_at(&self, now: i64) -> Option<&str> {
        let counts = self.tier_until.is_none_or(|until| until > now);
        self.tier.as_deref().filter(|tier| counts && *tier != Tier::DEFAULT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_allows_the_models_that_it_names() {
        let all = Tier::standard();
        assert!(all.is_default() && all.allows("demo/echo"));
        let some = Tier { models: Some(vec!["demo/echo".to_owned()]), ..Tier::standard() };
        assert!(some.allows("demo/echo") && !some.allows("demo/ech") && !some.allows(""));
        assert!(!Tier { models: Some(Vec::new()), ..Tier::standard() }.allows("demo/echo"));
    }
}
