//! Codes that lead into a room: how its moderators make them, and what the page of their link says.

use super::{
    Accounts, Caller,
    audit::Note,
    codes,
    invitations::{MadeCode, grouped},
    redeem::does_not_count,
    registration::RegistrationRules,
    valid,
};
use crate::{
    domain::{AuditKind, Code, CurrentUser, Reason, UserRole, UserState},
    error::AppError,
    server::{ops::clock::DAY_MS, store::NewCode},
};

/// The most people who use one such code.
pub const MAX_ROOM_USES: u32 = 1000;
/// The most days for which one counts.
pub const MAX_ROOM_DAYS: u32 = 365;
pub const MAX_ROOM_LABEL_CHARS: usize = 100;

/// A code into a room that somebody makes.
#[derive(Clone, Copy, Debug)]
pub struct NewRoomCode<'a> {
    pub room_id: &'a str,
    pub uses: u32,
    /// How many days it can be used; `None`: until somebody ends it.
    pub days: Option<u32>,
    pub label: &'a str,
}

/// A code into a room that was just made: only now it can be read.
#[derive(Clone, Debug)]
pub struct MadeRoomCode {
    /// Stands for the code: [`Accounts::made_room_code`]. It is as secret as that.
    pub seed: String,
    pub made: MadeCode,
}

/// A code that leads into a room and can be used now.
#[derive(Clone, Debug)]
pub struct RoomInvitation {
    pub room_id: String,
    pub hash: String,
    pub code: Code,
}

impl Accounts {
    /// Makes a code into a room, whose moderator the caller has been found to be.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] names the field that is not as it should be.
    pub async fn make_room_code(
        &self,
        current: &CurrentUser,
        new: NewRoomCode<'_>,
    ) -> Result<MadeRoomCode, AppError> {
        let label = checked(&new)?;
        let now = self.clock.now();
        let registers = current.user.role == UserRole::Admin || self.registration().await?.is_open();
        let seed = codes::new_code()?;
        let secret = codes::nth(&seed, 0);
        let code = Code {
            id: self.ids.next(),
            batch_id: self.ids.next(),
            label: label.to_owned(),
            registers,
            role: UserRole::Member,
            tier: None,
            tier_days: None,
            room_id: Some(new.room_id.to_owned()),
            uses: new.uses,
            used: 0,
            expires_at: new.days.map(|days| now.saturating_add(i64::from(days) * DAY_MS)),
            created_by: Some(current.id().to_owned()),
            created_at: now,
            ended_at: None,
        };
        let hash = codes::hash(&secret).ok_or(AppError::Internal)?;
        if !self.codes.create_codes(&[NewCode { code: code.clone(), hash }]).await? {
            return Err(AppError::NotFound);
        }
        tracing::info!(user = %current.id(), room = %new.room_id, code = %code.id, "a code into a room was made");
        let note = Note::by(current, AuditKind::CodeMade).to_thing(&code.id, &code.called());
        self.audit.note(note.saying(Reason::new(code.kind()))).await;
        Ok(MadeRoomCode { seed, made: MadeCode { code, secret: grouped(&secret) } })
    }

    /// The code that [`Self::make_room_code`] made for this room, as long as somebody knows its seed.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is no such code of the room.
    pub async fn made_room_code(&self, seed: &str, room_id: &str) -> Result<MadeCode, AppError> {
        let secret = codes::nth(seed, 0);
        let hash = codes::hash(&secret).ok_or(AppError::NotFound)?;
        let code = self.codes.code_by_hash(&hash).await?;
        let code = code.filter(|code| code.room_id.as_deref() == Some(room_id)).ok_or(AppError::NotFound)?;
        Ok(MadeCode { code, secret: grouped(&secret) })
    }

    /// The code into a room that the caller types or whose link they opened.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] of `code`: it does not count, or leads into no room; [`AppError::TooMany`] for a caller who tried
    /// too many.
    pub async fn room_invitation(&self, caller: &Caller, typed: &str) -> Result<RoomInvitation, AppError> {
        let offered = self.offered_to(caller, typed).await?.ok_or_else(does_not_count)?;
        let room_id = offered.code.room_id.clone().ok_or_else(does_not_count)?;
        Ok(RoomInvitation { room_id, hash: Self::hash_of_invitation(typed)?, code: offered.code })
    }

    /// Whether one may register with a code now. One into a room lets nobody in whom the site's rules keep out, unless an
    /// administrator made it.
    pub async fn registers(&self, code: &Code, rules: RegistrationRules) -> Result<bool, AppError> {
        if !code.registers || code.room_id.is_none() || rules.is_open() {
            return Ok(code.registers);
        }
        let Some(by) = &code.created_by else { return Ok(true) };
        let by = self.users.user(by).await?;
        Ok(by.is_some_and(|by| by.role == UserRole::Admin && by.state == UserState::Active))
    }
}

/// The label of a code that may be made.
fn checked<'a>(new: &NewRoomCode<'a>) -> Result<&'a str, AppError> {
    for (field, number, most) in [("uses", Some(new.uses), MAX_ROOM_USES), ("days", new.days, MAX_ROOM_DAYS)]
    {
        if number.is_some_and(|number| !(1..=most).contains(&number)) {
            let reason = Reason::new("number-between").with("least", 1).with("most", most);
            return Err(AppError::invalid(field, reason));
        }
    }
    valid::plain(new.label, MAX_ROOM_LABEL_CHARS).ok_or_else(|| {
        AppError::invalid("label", Reason::new("label-not-valid").with("most", MAX_ROOM_LABEL_CHARS))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_code_into_a_room_can_be_is_named() {
        let fits = NewRoomCode { room_id: "r", uses: 1000, days: Some(365), label: " Class 7b " };
        assert_eq!(checked(&fits).unwrap(), "Class 7b");
        for (field, new) in [
            ("uses", NewRoomCode { uses: 0, ..fits }),
            ("uses", NewRoomCode { uses: 1001, ..fits }),
            ("days", NewRoomCode { days: Some(0), ..fits }),
            ("days", NewRoomCode { days: Some(366), ..fits }),
            ("label", NewRoomCode { label: "a\u{7}", ..fits }),
        ] {
            let Err(AppError::Invalid { field: named, .. }) = checked(&new) else { panic!("{field}") };
            assert_eq!(named, field);
        }
    }
}
