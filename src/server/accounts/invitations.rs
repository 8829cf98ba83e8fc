//! Invitations and activation codes: how administrators make, list and end them.

use std::collections::HashMap;

use super::{Accounts, audit::Note, codes, tiers::name_of, valid};
pub use crate::server::store::WhichCodes;
use crate::{
    domain::{Admin, AuditKind, Code, CodeState, CodeUse, Reason, Tier, UserRole},
    error::AppError,
    server::{
        ops::clock::{DAY_MS, Ids},
        store::{Codes, NewCode, Tiers},
    },
};

/// The most codes that are made at once.
pub const MAX_CODES: u32 = 500;
/// The most people who use one code.
pub const MAX_USES: u32 = 100_000;
pub const MAX_LABEL_CHARS: usize = 100;
/// How many codes a page lists.
pub const PAGE: u32 = 100;
/// How many uses of a code are listed, the newest ones.
pub const LISTED_USES: u32 = 20;
/// The address that a code stands in, after the site's own.
pub const JOIN: &str = "/join/";

/// The codes that somebody makes.
#[derive(Clone, Copy, Debug)]
pub struct NewCodes<'a> {
    /// From 1 to [`MAX_CODES`].
    pub count: u32,
    /// Whether one may register with them.
    pub registers: bool,
    pub role: UserRole,
    /// The id of a tier.
    pub tier: Option<&'a str>,
    /// `None`: the tier does not end.
    pub tier_days: Option<u32>,
    pub uses: u32,
    /// How many days the codes can be used; `None`: until somebody ends them.
    pub days: Option<u32>,
    pub label: &'a str,
}

/// A code that was just made: only now it can be read.
#[derive(Clone, Debug)]
pub struct MadeCode {
    pub code: Code,
    /// In groups.
    pub secret: String,
}

/// Codes that were made together.
#[derive(Clone, Debug)]
pub struct MadeCodes {
    /// Stands for all of them: [`Accounts::made_codes`]. It is as secret as they are.
    pub seed: String,
    pub codes: Vec<MadeCode>,
}

/// A code in a list.
#[derive(Clone, Debug)]
pub struct ListedCode {
    pub code: Code,
    pub state: CodeState,
    /// `None`: it gives none.
    pub tier: Option<Reason>,
    /// At most [`LISTED_USES`], newest first.
    pub uses: Vec<CodeUse>,
}

impl ListedCode {
    /// How many people used it who are not listed.
    pub fn more_uses(&self) -> u64 {
        u64::from(self.code.used).saturating_sub(self.uses.len() as u64)
    }
}

/// Stores new codes; `by` is the administrator who makes them.
///
/// # Errors
///
/// [`AppError::Invalid`] names the field that is not as it should be.
pub async fn make(
    (store, tiers): (&dyn Codes, &dyn Tiers),
    ids: &Ids,
    new: NewCodes<'_>,
    (by, now): (Option<&str>, i64),
) -> Result<MadeCodes, AppError> {
    let label = checked(&new)?;
    let tier = new.tier.map(str::trim).filter(|tier| !tier.is_empty() && *tier != Tier::DEFAULT);
    if let Some(tier) = tier
        && tiers.tier(tier).await?.is_none()
    {
        return Err(AppError::invalid("tier", Reason::new("tier-unknown")));
    }
    if tier.is_none() && !new.registers {
        return Err(AppError::invalid("tier", Reason::new("code-without-use")));
    }
    let batch_id = ids.next();
    let code = |id| Code {
        id,
        batch_id: batch_id.clone(),
        label: label.to_owned(),
        registers: new.registers,
        role: if new.registers { new.role } else { UserRole::Member },
        tier: tier.map(str::to_owned),
        tier_days: new.tier_days.filter(|_| tier.is_some()),
        room_id: None,
        uses: new.uses,
        used: 0,
        expires_at: new.days.map(|days| now.saturating_add(i64::from(days) * DAY_MS)),
        created_by: by.map(str::to_owned),
        created_at: now,
        ended_at: None,
    };
    let seed = codes::new_code()?;
    let (mut made, mut stored) = (Vec::new(), Vec::new());
    for number in 0..new.count {
        let (secret, code) = (codes::nth(&seed, number), code(ids.next()));
        let hash = codes::hash(&secret).ok_or(AppError::Internal)?;
        stored.push(NewCode { code: code.clone(), hash });
        made.push(MadeCode { code, secret: grouped(&secret) });
    }
    if !store.create_codes(&stored).await? {
        return Err(AppError::invalid("tier", Reason::new("tier-unknown")));
    }
    Ok(MadeCodes { seed, codes: made })
}

/// The label of codes that may be made.
fn checked<'a>(new: &NewCodes<'a>) -> Result<&'a str, AppError> {
    for (field, number, most) in [
        ("count", Some(new.count), MAX_CODES),
        ("uses", Some(new.uses), MAX_USES),
        ("days", new.days, valid::MAX_DAYS),
        ("tier_days", new.tier_days, valid::MAX_DAYS),
    ] {
        if number.is_some_and(|number| !(1..=most).contains(&number)) {
            return Err(AppError::invalid(
                field,
                Reason::new("number-between").with("least", 1).with("most", most),
            ));
        }
    }
    valid::plain(new.label, MAX_LABEL_CHARS).ok_or_else(|| {
        AppError::invalid("label", Reason::new("label-not-valid").with("most", MAX_LABEL_CHARS))
    })
}

/// A code in groups, as it is easily typed.
pub(super) fn grouped(code: &str) -> String {
    let mut text = String::new();
    for (at, sign) in code.chars().enumerate() {
        if at > 0 && at % 5 == 0 && at < 25 {
            text.push('-');
        }
        text.push(sign);
    }
    text
}

impl Accounts {
    /// Makes codes, which are never shown again.
    ///
    /// # Errors
    ///
    /// [`AppError::ProofRequired`] for codes that make administrators, as for a change of somebody's role;
    /// [`AppError::Invalid`] names the field that is not as it should be.
    pub async fn make_codes(&self, admin: &Admin, new: NewCodes<'_>) -> Result<MadeCodes, AppError> {
        if new.registers && new.role == UserRole::Admin {
            self.proved(admin.current())?;
        }
        let by = (Some(admin.id()), self.clock.now());
        let made = make((&*self.codes, &*self.tiers), &self.ids, new, by).await?;
        tracing::info!(admin = %admin.id(), count = new.count, registers = new.registers, "codes were made");
        if let (Some(first), Some(last)) = (made.codes.first(), made.codes.last()) {
            let (first, last) = (&first.code, &last.code);
            let called = match first.label.as_str() {
                "" if first.id != last.id => format!("…{}–{}", first.ending(), last.ending()),
                _ => first.called(),
            };
            let note = Note::by(admin.current(), AuditKind::CodeMade).to_thing(&first.batch_id, &called);
            self.audit.note(note.saying(Reason::new(first.kind()))).await;
        }
        Ok(made)
    }

    /// The codes that [`Self::make_codes`] made, as long as somebody knows their seed.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there are no such codes.
    pub async fn made_codes(&self, _: &Admin, seed: &str, count: u32) -> Result<Vec<MadeCode>, AppError> {
        let secrets = (0..count.min(MAX_CODES)).map(|number| codes::nth(seed, number));
        let first = codes::hash(&codes::nth(seed, 0)).ok_or(AppError::NotFound)?;
        // All that a page says of them is the same for all.
        let code = self.codes.code_by_hash(&first).await?.ok_or(AppError::NotFound)?;
        Ok(secrets.map(|secret| MadeCode { code: code.clone(), secret: grouped(&secret) }).collect())
    }

    /// The codes that were made before the one with the id `before`, the newest first, and the id to go on before.
    pub async fn codes(
        &self,
        _: &Admin,
        before: Option<&str>,
    ) -> Result<(Vec<ListedCode>, Option<String>), AppError> {
        let mut found = self.codes.codes(before, PAGE + 1).await?;
        let more = found.len() > PAGE as usize;
        found.truncate(PAGE as usize);
        let next = found.last().filter(|_| more).map(|code| code.id.clone());
        let ids: Vec<String> = found.iter().map(|code| code.id.clone()).collect();
        let mut uses: HashMap<String, Vec<CodeUse>> = HashMap::new();
        for used in self.codes.code_uses(&ids, LISTED_USES).await? {
            uses.entry(used.code_id.clone()).or_default().push(used);
        }
        let tiers = self.tiers.tiers().await?;
        let now = self.clock.now();
        let listed = found.into_iter().map(|code| ListedCode {
            state: code.state(now),
            tier: code.tier.as_ref().and_then(|id| tiers.iter().find(|tier| tier.id == *id)).map(name_of),
            uses: uses.remove(&code.id).unwrap_or_default(),
            code,
        });
        Ok((listed.collect(), next))
    }

    /// Ends a code, or all of a batch that are not ended. Who used one keeps what it gave.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is none that is not ended.
    pub async fn end_codes(&self, admin: &Admin, which: WhichCodes<'_>) -> Result<u64, AppError> {
        let code = self.codes.code(which).await?.ok_or(AppError::NotFound)?;
        let ended = self.codes.end_codes(which, self.clock.now()).await?;
        if ended == 0 {
            return Err(AppError::NotFound);
        }
        tracing::info!(admin = %admin.id(), ended, "codes were ended");
        let (WhichCodes::One(id) | WhichCodes::Batch(id)) = which;
        let note = Note::by(admin.current(), AuditKind::CodeEnded).to_thing(id, &code.called());
        self.audit.note(note.saying(Reason::new(code.kind()))).await;
        Ok(ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_made_is_named() {
        let fits = NewCodes {
            count: 500,
            registers: true,
            role: UserRole::Member,
            tier: None,
            tier_days: None,
            uses: 100_000,
            days: Some(36_500),
            label: " Class 7b ",
        };
        assert_eq!(checked(&fits).unwrap(), "Class 7b");
        let long = "长".repeat(101);
        for (field, new) in [
            ("count", NewCodes { count: 0, ..fits }),
            ("count", NewCodes { count: 501, ..fits }),
            ("uses", NewCodes { uses: 0, ..fits }),
            ("uses", NewCodes { uses: 100_001, ..fits }),
            ("days", NewCodes { days: Some(0), ..fits }),
            ("tier_days", NewCodes { tier_days: Some(36_501), ..fits }),
            ("label", NewCodes { label: "a\u{7}", ..fits }),
            ("label", NewCodes { label: &long, ..fits }),
        ] {
            let AppError::Invalid { field: named, .. } = checked(&new).unwrap_err() else {
                panic!("{field}")
            };
            assert_eq!(named, field);
        }
    }
}
