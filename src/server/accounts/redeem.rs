//! What a code gives to whoever holds it, and how it is redeemed.

use time::OffsetDateTime;

use super::{Accounts, Caller, attempts::Try, audit::Note, codes, tiers::name_of};
use crate::{
    domain::{AuditKind, Code, CodeState, CurrentUser, Gain, Reason, Tier, User},
    error::AppError,
    server::store::Redeemed,
};

/// What a code gives to whoever holds it.
#[derive(Clone, Debug)]
pub struct Offered {
    pub code: Code,
    /// `None`: it gives none.
    pub tier: Option<Tier>,
}

/// What came of redeeming a code.
#[derive(Clone, Debug)]
pub struct Redemption {
    pub user: User,
    /// What the person has now, as a sentence.
    pub told: Reason,
}

/// What is stored of a code that somebody typed, or of a link with it.
fn hash_of(typed: &str) -> Option<String> {
    codes::hash(alone(typed))
}

/// The code itself, where it stands in a link.
fn alone(typed: &str) -> &str {
    typed.trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// Whatever is wrong with a code, the answer is the same: it does not say which codes there are.
pub(super) fn does_not_count() -> AppError {
    AppError::invalid("code", Reason::new("code-refused"))
}

/// A date of UTC, as a part of a sentence.
fn date(time: i64) -> Reason {
    let there =
        OffsetDateTime::from_unix_timestamp(time.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    // The month chooses the words of the sentence, and a year has no digit groups: both are texts.
    Reason::new("date-long")
        .with("day", i64::from(there.day()))
        .with("month", format!("m{}", u8::from(there.month())))
        .with("year", there.year().to_string())
}

/// Until when a tier counts, as a part of a sentence; `until` is UTC milliseconds since 1970.
pub fn lasting(until: Option<i64>) -> Reason {
    match until {
        Some(until) => Reason::new("tier-until").with("date", date(until)),
        None => Reason::new("tier-without-end"),
    }
}

impl Accounts {
    /// What a code gives; `None`: it does not count.
    pub async fn offered(&self, typed: &str) -> Result<Option<Offered>, AppError> {
        let Some(hash) = hash_of(typed) else { return Ok(None) };
        let code = self.codes.code_by_hash(&hash).await?;
        let Some(code) = code.filter(|code| code.state(self.clock.now()) == CodeState::Live) else {
            return Ok(None);
        };
        let tier = match &code.tier {
            Some(id) => self.tiers.tier(id).await?,
            None => None,
        };
        Ok(Some(Offered { code, tier }))
    }

    /// The same for a caller who opens a link or types a code; how many wrong ones an address may try is limited.
    ///
    /// # Errors
    ///
    /// [`AppError::TooMany`] for a caller who tried too many.
    pub async fn offered_to(&self, caller: &Caller, typed: &str) -> Result<Option<Offered>, AppError> {
        self.may_try_codes(caller)?;
        let offered = self.offered(typed).await?;
        if offered.is_none() {
            let _wrong = self.attempts.wrong_codes.take(&caller.address, self.clock.instant())?;
        }
        Ok(offered)
    }

    /// Whether this address may try a code now. The try is given back at once, because forty people behind one address may
    /// open their right ones together; a wrong one is counted when it turns out to be one.
    fn may_try_codes(&self, caller: &Caller) -> Result<(), AppError> {
        self.attempts.wrong_codes.take(&caller.address, self.clock.instant()).map(Try::forgive)
    }

    /// The part of a typed code that its page's address has, where it counts.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] of `code`: it does not count; [`AppError::TooMany`] as in [`Self::offered_to`].
    pub async fn page_of_code(&self, caller: &Caller, typed: &str) -> Result<String, AppError> {
        self.offered_to(caller, typed).await?.ok_or_else(does_not_count)?;
        Ok(alone(typed).chars().filter(char::is_ascii_alphanumeric).collect())
    }

    /// Whether the code of a link makes the first account now.
    ///
    /// # Errors
    ///
    /// [`AppError::TooMany`] for a caller who tried too many wrong ones.
    pub async fn is_first_link(&self, caller: &Caller, code: &str) -> Result<bool, AppError> {
        self.may_try_codes(caller)?;
        let is = match codes::hash(code) {
            Some(hash) => self.users.is_first_code(&hash).await?,
            None => false,
        };
        if !is {
            let _wrong = self.attempts.wrong_codes.take(&caller.address, self.clock.instant())?;
        }
        Ok(is)
    }

    /// What redeeming an offered code would do, as a sentence, and whether it ends another tier.
    pub async fn gain_of(
        &self,
        current: &CurrentUser,
        offered: &Offered,
    ) -> Result<(Reason, bool), AppError> {
        let gain = offered.code.gain(&current.user, self.clock.now());
        match (gain, &offered.tier) {
            (Gain::Tier { until, replaces: true }, Some(tier)) => {
                Ok((self.would_end(&current.user, tier, until).await?, true))
            }
            (Gain::Tier { until, .. }, Some(tier)) => {
                let gives =
                    Reason::new("code-gives-tier").with("tier", name_of(tier)).with("until", lasting(until));
                Ok((gives, false))
            }
            (Gain::Already, Some(tier)) => {
                Ok((Reason::new("tier-for-good").with("tier", name_of(tier)), false))
            }
            _ => Ok((Reason::new("code-gives-nothing"), false)),
        }
    }

    /// Gives the person the tier of a code. `replace`: also where that ends another tier that they have.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] of `code`: it does not count, or was redeemed by this person; [`AppError::Conflict`]: it would
    /// give nothing, or end another tier.
    pub async fn redeem(
        &self,
        current: &CurrentUser,
        typed: &str,
        replace: bool,
    ) -> Result<Redemption, AppError> {
        let hash = hash_of(typed).ok_or_else(does_not_count)?;
        let now = self.clock.now();
        let conflict = |reason| Err(AppError::Conflict { reason });
        match self.codes.redeem_code(current.id(), &hash, replace, now).await? {
            Redeemed::Done(user, code) => {
                tracing::info!(user = %user.id, code = %code.id, tier = ?user.tier, "a code was redeemed");
                let used = Note::by(current, AuditKind::CodeUsed).to_thing(&code.id, &code.called());
                self.audit.note(used.saying(Reason::new(code.kind()))).await;
                let tier = self.tier_of(&code).await?;
                let told = Reason::new("code-redeemed")
                    .with("tier", name_of(&tier))
                    .with("until", lasting(user.tier_until));
                Ok(Redemption { told, user })
            }
            Redeemed::Refused => Err(does_not_count()),
            Redeemed::Again => Err(AppError::invalid("code", Reason::new("code-used-by-you"))),
            Redeemed::Nothing => conflict(Reason::new("code-gives-nothing")),
            Redeemed::Already(code) => {
                let tier = self.tier_of(&code).await?;
                conflict(Reason::new("tier-for-good").with("tier", name_of(&tier)))
            }
            Redeemed::Replaces(user, code) => {
                let tier = self.tier_of(&code).await?;
                conflict(self.would_end(&user, &tier, code.lasts_until(now)).await?)
            }
        }
    }

    async fn tier_of(&self, code: &Code) -> Result<Tier, AppError> {
        let id = code.tier.as_deref().unwrap_or(Tier::DEFAULT);
        Ok(self.tiers.tier(id).await?.unwrap_or_else(Tier::standard))
    }

    /// The sentence about a tier that would take the place of the one that this person has.
    async fn would_end(&self, user: &User, tier: &Tier, until: Option<i64>) -> Result<Reason, AppError> {
        let id = user.tier.as_deref().unwrap_or(Tier::DEFAULT);
        let present = self.tiers.tier(id).await?.unwrap_or_else(Tier::standard);
        Ok(Reason::new("tier-would-end")
            .with("present", name_of(&present))
            .with("until", lasting(user.tier_until))
            .with("tier", name_of(tier))
            .with("then", lasting(until)))
    }

    /// The hash of a code that somebody registers with.
    pub(super) fn hash_of_invitation(typed: &str) -> Result<String, AppError> {
        hash_of(typed).ok_or_else(does_not_count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::accounts::invitations::{JOIN, grouped};

    #[test]
    fn a_code_is_the_same_alone_in_groups_and_in_a_link() {
        let code = codes::new_code().unwrap();
        let shown = grouped(&code);
        assert_eq!(shown.len(), 30);
        assert_eq!(shown.split('-').map(str::len).collect::<Vec<_>>(), [5, 5, 5, 5, 6]);
        let link = format!(" https://chat.example.org{JOIN}{shown}/ ");
        for typed in [&code, &shown, &shown.to_lowercase(), &link] {
            assert_eq!(hash_of(typed), codes::hash(&code), "{typed}");
        }
        for nothing in ["", "/", "密码", "https://chat.example.org/密码"] {
            assert_eq!(hash_of(nothing), None, "{nothing}");
        }
    }
}
