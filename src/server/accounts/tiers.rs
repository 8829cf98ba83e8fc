//! What administrators do with the tiers, and the tier of a person.

use super::{Accounts, audit::Note, valid};
use crate::{
    domain::{Admin, AuditKind, Authority, CurrentUser, Reason, Tier, User, model::MAX_MODEL_CHARS},
    error::AppError,
    server::{
        ops::clock::DAY_MS,
        store::{TierOutcome, UserPatch},
    },
};

/// The most tiers of a site, the default one included.
pub const MAX_TIERS: usize = 100;
pub const MAX_TIER_NAME_CHARS: usize = 60;
/// The most models that a tier names.
pub const MAX_TIER_MODELS: usize = 500;
/// The largest limit of messages and of rooms.
const MAX_COUNT: u32 = 1_000_000_000;
/// The largest limit of tokens and of bytes.
const MAX_LARGE: u64 = 1_000_000_000_000_000;

/// The tier of a person, and until when it counts, in UTC milliseconds since 1970.
#[derive(Clone, Debug)]
pub struct OwnTier {
    pub tier: Tier,
    pub until: Option<i64>,
}

/// A tier that an administrator gives somebody.
#[derive(Clone, Copy, Debug)]
pub struct GivenTier<'a> {
    /// Its id. That of the default tier, or an empty text, takes away what the person has.
    pub tier: &'a str,
    /// For how many days it counts; `None`: it does not end.
    pub days: Option<u32>,
}

impl Accounts {
    /// The tier that counts for the person now.
    pub async fn own_tier(&self, current: &CurrentUser) -> Result<OwnTier, AppError> {
        let id = current.user.tier_at(self.clock.now());
        let own = match id {
            Some(id) => self.tiers.tier(id).await?,
            None => None,
        };
        Ok(match own {
            Some(tier) => OwnTier { tier, until: current.user.tier_until },
            None => OwnTier { tier: self.default_tier().await?, until: None },
        })
    }

    pub(super) async fn default_tier(&self) -> Result<Tier, AppError> {
        Ok(self.tiers.tier(Tier::DEFAULT).await?.unwrap_or_else(Tier::standard))
    }

    /// The default tier first, and the others by their names.
    pub async fn tiers(&self, _: &Admin) -> Result<Vec<Tier>, AppError> {
        Ok(self.tiers.tiers().await?)
    }

    pub async fn tier(&self, _: &Admin, id: &str) -> Result<Tier, AppError> {
        self.tiers.tier(id).await?.ok_or(AppError::NotFound)
    }

    /// Gives somebody a tier in place of the one that they have.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]; [`AppError::Invalid`] of `tier` or `days`.
    pub async fn give_tier<'a>(
        &self,
        by: impl Into<Authority<'a>>,
        id: &str,
        given: GivenTier<'_>,
    ) -> Result<User, AppError> {
        let by = by.into();
        self.person(by, id).await?;
        if given.days.is_some_and(|days| !(1..=valid::MAX_DAYS).contains(&days)) {
            let reason = Reason::new("number-between").with("least", 1).with("most", valid::MAX_DAYS);
            return Err(AppError::invalid("days", reason));
        }
        let tier = match given.tier.trim() {
            "" | Tier::DEFAULT => None,
            id => {
                let tier = self.tiers.tier(id).await?;
                Some(tier.ok_or_else(|| AppError::invalid("tier", Reason::new("tier-unknown")))?)
            }
        };
        if tier.is_none() && given.days.is_some() {
            return Err(AppError::invalid("days", Reason::new("tier-none-has-no-days")));
        }
        let until = given.days.map(|days| self.clock.now() + i64::from(days) * DAY_MS);
        let patch = UserPatch {
            tier: Some(tier.as_ref().map(|tier| (tier.id.clone(), until))),
            ..UserPatch::default()
        };
        let mut user = self.done(self.users.update_user(id, &patch, None).await?)?;
        super::people::hide_preferences(&mut user);
        tracing::info!(by = by.named(), user = %id, tier = ?user.tier, "a tier was given to somebody");
        let name = tier.as_ref().map_or_else(|| Reason::new("tier-default"), name_of);
        let note = Note::on(by, AuditKind::TierChanged).to(&user);
        self.audit.note(note.saying(Reason::new("audit-tier-given").with("tier", name))).await;
        Ok(user)
    }

    /// Makes a tier; its id is a new one, whatever that of `tier` is.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] names the field; [`AppError::Conflict`] for too many tiers, or a name that another one has.
    pub async fn create_tier(&self, admin: &Admin, tier: Tier) -> Result<Tier, AppError> {
        let tier = valid_tier(Tier { id: self.ids.next(), ..tier })?;
        if self.tiers.tiers().await?.len() >= MAX_TIERS {
            return Err(AppError::Conflict { reason: Reason::new("tiers-too-many").with("most", MAX_TIERS) });
        }
        done(self.tiers.create_tier(&tier).await?)?;
        tracing::info!(admin = %admin.id(), tier = %tier.id, "a tier was made");
        self.audit
            .note(Note::by(admin.current(), AuditKind::TierChanged).to_thing(&tier.id, &tier.name))
            .await;
        Ok(tier)
    }

    /// Changes all of a tier but its id. It counts from the next question on.
    ///
    /// # Errors
    ///
    /// As [`Self::create_tier`]; [`AppError::NotFound`].
    pub async fn change_tier(&self, admin: &Admin, tier: Tier) -> Result<Tier, AppError> {
        let tier = valid_tier(tier)?;
        done(self.tiers.update_tier(&tier).await?)?;
        tracing::info!(admin = %admin.id(), tier = %tier.id, "a tier was changed");
        self.audit
            .note(Note::by(admin.current(), AuditKind::TierChanged).to_thing(&tier.id, &tier.name))
            .await;
        Ok(tier)
    }

    /// Deletes a tier that nobody has.
    ///
    /// # Errors
    ///
    /// [`AppError::Conflict`]: it is the default one, or somebody has it, or a code that can be used gives it.
    pub async fn delete_tier(&self, admin: &Admin, id: &str) -> Result<(), AppError> {
        if id == Tier::DEFAULT {
            return Err(AppError::Conflict { reason: Reason::new("tier-default-stays") });
        }
        let name = self.tiers.tier(id).await?.map(|tier| tier.name).unwrap_or_default();
        done(self.tiers.delete_tier(id, self.clock.now()).await?)?;
        tracing::info!(admin = %admin.id(), tier = %id, "a tier was deleted");
        self.audit.note(Note::by(admin.current(), AuditKind::TierChanged).to_thing(id, &name)).await;
        Ok(())
    }
}

/// What people call the tier.
pub fn name_of(tier: &Tier) -> Reason {
    match tier.name.as_str() {
        "" => Reason::new("tier-default"),
        name => Reason::new("tier-named").with("name", name),
    }
}

fn done(outcome: TierOutcome) -> Result<(), AppError> {
    match outcome {
        TierOutcome::Done => Ok(()),
        TierOutcome::Missing => Err(AppError::NotFound),
        TierOutcome::NameTaken => Err(AppError::Conflict { reason: Reason::new("tier-name-taken") }),
        TierOutcome::InUse { people, codes } => {
            let reason = Reason::new("tier-in-use")
                .with("people", Reason::new("count-people").with("count", people))
                .with("codes", Reason::new("count-codes").with("count", codes));
            Err(AppError::Conflict { reason })
        }
    }
}

/// The tier with a name that is trimmed and models that are there once.
fn valid_tier(mut tier: Tier) -> Result<Tier, AppError> {
    let invalid = |field, reason| Err(AppError::invalid(field, reason));
    tier.name = valid::plain(&tier.name, MAX_TIER_NAME_CHARS)
        .ok_or_else(|| AppError::invalid("name", name_reason()))?
        .to_owned();
    if tier.name.is_empty() && !tier.is_default() {
        return invalid("name", name_reason());
    }
    if let Some(models) = &mut tier.models {
        if models.len() > MAX_TIER_MODELS {
            return invalid("models", Reason::new("tier-models-too-many").with("most", MAX_TIER_MODELS));
        }
        for model in models.iter_mut() {
            // The id of a model is its provider's name, a slash and its own name.
            let Some(plain) = valid::plain(model, MAX_MODEL_CHARS + 41).filter(|model| !model.is_empty())
            else {
                return invalid("models", Reason::new("model-name-too-long").with("most", MAX_MODEL_CHARS));
            };
            *model = plain.to_owned();
        }
        models.sort();
        models.dedup();
    }
    for (field, count) in [("messages_per_day", tier.messages_per_day), ("rooms", tier.rooms)] {
        if count.is_some_and(|count| count > MAX_COUNT) {
            return invalid(field, Reason::new("number-too-large").with("most", MAX_COUNT));
        }
    }
    for (field, count) in [("tokens_per_day", tier.tokens_per_day), ("upload_bytes", tier.upload_bytes)] {
        if count.is_some_and(|count| count > MAX_LARGE) {
            return invalid(field, Reason::new("number-too-large").with("most", MAX_LARGE));
        }
    }
    Ok(tier)
}

fn name_reason() -> Reason {
    Reason::new("tier-name-not-valid").with("most", MAX_TIER_NAME_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(tier: Tier) -> String {
        match valid_tier(tier) {
            Err(AppError::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    }

    fn tier() -> Tier {
        Tier { id: "x".to_owned(), name: " Gold ".to_owned(), ..Tier::default() }
    }

    #[test]
    fn a_tier_is_made_plain() {
        let models = [" b/two ", "a/one", "b/two"].map(str::to_owned).to_vec();
        let valid = valid_tier(Tier { models: Some(models), ..tier() }).unwrap();
        assert_eq!(valid.name, "Gold");
        assert_eq!(valid.models.unwrap(), ["a/one", "b/two"]);
        assert_eq!(valid_tier(Tier { models: Some(Vec::new()), ..tier() }).unwrap().models, Some(Vec::new()));
        assert!(valid_tier(Tier { name: " ".to_owned(), ..Tier::standard() }).unwrap().name.is_empty());
    }

    #[test]
    fn what_no_tier_can_be_is_named() {
        for name in ["", "  ", "a\nb", "a\0", &"长".repeat(61)] {
            assert_eq!(refused(Tier { name: name.to_owned(), ..tier() }), "name", "{name}");
        }
        for models in [vec!["x".to_owned(); 501], vec![String::new()], vec!["x".repeat(1000)]] {
            assert_eq!(refused(Tier { models: Some(models), ..tier() }), "models");
        }
        assert_eq!(refused(Tier { messages_per_day: Some(u32::MAX), ..tier() }), "messages_per_day");
        assert_eq!(refused(Tier { rooms: Some(u32::MAX), ..tier() }), "rooms");
        assert_eq!(refused(Tier { tokens_per_day: Some(u64::MAX), ..tier() }), "tokens_per_day");
        assert_eq!(refused(Tier { upload_bytes: Some(u64::MAX), ..tier() }), "upload_bytes");
    }
}
