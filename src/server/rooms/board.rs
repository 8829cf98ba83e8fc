//! The board: administrators make and change it, whoever is signed in takes part by opening it, and guests read it where
//! that is allowed.

use super::{OpenRoom, Rooms};
use crate::{
    domain::{
        Admin, AuditKind, Board, BoardPatch, BoardSettings, ConversationKind, CurrentUser, Reason, RoomPatch,
        RoomSettings, board::MOST_ON_START, conversation::MAX_TITLE_CHARS,
    },
    error::AppError,
    server::{
        accounts::{audit::Note as AuditNote, valid},
        store::{Entry, Grant, NewRoom, RoomOutcome},
    },
};

impl Rooms {
    /// The board with what administrators decide, also one that is switched off; `None`: there is none.
    pub async fn board_of(&self, _: &Admin) -> Result<Option<Board>, AppError> {
        Ok(self.chats.board().await?)
    }

    /// Makes the board, or changes it.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] names the field; [`AppError::ProofRequired`]: it would be open for guests from now on.
    pub async fn save_board(&self, admin: &Admin, mut patch: BoardPatch) -> Result<Board, AppError> {
        if let Some(name) = &mut patch.name {
            let plain = valid::plain(name, MAX_TITLE_CHARS).ok_or_else(|| {
                AppError::invalid("name", Reason::new("title-too-long").with("most", MAX_TITLE_CHARS))
            })?;
            valid::only_seen(plain)?;
            *name = plain.to_owned();
        }
        if patch.on_start.is_some_and(|count| count > MOST_ON_START) {
            let reason = Reason::new("number-too-large").with("most", MOST_ON_START);
            return Err(AppError::invalid("on_start", reason));
        }
        let there = self.chats.board().await?;
        if patch.name.as_deref().map_or(there.is_none(), str::is_empty) {
            return Err(AppError::invalid("name", Reason::new("board-name-missing")));
        }
        let guests = there.as_ref().is_some_and(|board| board.settings.guests);
        if patch.guests == Some(true) && !guests {
            self.accounts.proved(admin.current())?;
        }
        let is_new = there.is_none() && self.make_board(admin, &patch).await?;
        if !is_new {
            let revision = self.chats.set_board(&patch).await?.ok_or(AppError::NotFound)?;
            let board = self.chats.board().await?.ok_or(AppError::NotFound)?;
            // Whoever may not read or write there any more finds out at once.
            if let Some(log) = self.live.get(&board.id) {
                log.doubt();
            }
            self.tell_settings(&board.id, patch.name.clone(), revision);
        }
        let board = self.chats.board().await?.ok_or(AppError::NotFound)?;
        tracing::info!(admin = %admin.id(), board = %board.id, ?patch, "the board was changed");
        let note = AuditNote::by(admin.current(), AuditKind::SettingsChanged);
        let said = match board.settings {
            BoardSettings { on: false, .. } => "audit-board-off",
            BoardSettings { guests: true, .. } => "audit-board-guests",
            _ => "audit-board-on",
        };
        self.audit.note(note.to_thing(&board.id, &board.name).saying(Reason::new(said))).await;
        Ok(board)
    }

    /// `false`: somebody else was faster.
    async fn make_board(&self, admin: &Admin, patch: &BoardPatch) -> Result<bool, AppError> {
        let name = patch.name.clone().unwrap_or_default();
        let conversation = self.conversation(ConversationKind::Board, name, &RoomPatch::default());
        let new = NewRoom {
            owner_id: admin.id(),
            owner_name: &admin.current().user.name,
            conversation: &conversation,
            settings: &RoomSettings { listed: true, ..RoomSettings::default() },
            board: Some(&BoardSettings::default().patched(patch)),
            copied: None,
            key: None,
            most: None,
        };
        Ok(self.chats.create_room(&new).await? == RoomOutcome::Made)
    }

    /// The board, if it is switched on.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`].
    pub async fn board(&self) -> Result<Board, AppError> {
        let board = self.chats.board().await?;
        board.filter(|board| board.settings.on).ok_or(AppError::NotFound)
    }

    /// The board, for whoever reads its notes outside its thread.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is none; [`AppError::SignedOut`]: guests may not read it; [`AppError::Forbidden`]: the person
    /// is banned, and guests may not read it either.
    pub async fn readable_board(&self, current: Option<&CurrentUser>) -> Result<Board, AppError> {
        let board = self.board().await?;
        if board.settings.guests {
            return Ok(board);
        }
        let current = current.ok_or(AppError::SignedOut)?;
        if self.chats.is_banned_from_board(current.id()).await? {
            return Err(AppError::Forbidden { reason: Reason::new("room-banned") });
        }
        Ok(board)
    }

    /// Opens the board: the person takes part from now on.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is none; [`AppError::Forbidden`]: the person is banned.
    pub async fn open_board(&self, current: &CurrentUser) -> Result<OpenRoom, AppError> {
        let board = self.board().await?;
        let id = self.enter(current, &board.id, Entry::Listed, AppError::NotFound).await?;
        self.open(current, &id).await
    }

    /// Refuses what there is in a room and not on the board.
    pub(super) fn not_on_board(grant: &Grant, key: &'static str) -> Result<(), AppError> {
        match grant.conversation().kind {
            ConversationKind::Board => Err(AppError::Conflict { reason: Reason::new(key) }),
            _ => Ok(()),
        }
    }
}
