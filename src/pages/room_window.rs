//! The messages of a room as its page shows them: who wrote each, and what the model read.

use std::collections::HashMap;

use leptos::prelude::*;

use crate::{
    domain::{Message, Picture, Reason, Role, RoomPayer, model::short_name},
    error::AppError,
    pages::days::Days,
    server::{
        accounts::picture,
        conversations::{Grant, Thread, ThreadMessage},
        rooms::{AccessLevel, Person, Rooms},
    },
    ui::{
        parts::{ReadNote, RoomAnswer, Said, SaidMessage, When},
        words::t_with,
    },
};

/// Messages of one person within this time stand below one name.
const TOGETHER_MS: i64 = 5 * 60 * 1000;
/// So many characters of a message are shown above one that answers it.
const BEGINNING: usize = 120;

/// What the window of a room shows besides that of a private conversation.
pub struct RoomWindow {
    id: String,
    reader: String,
    level: AccessLevel,
    people: HashMap<String, Person>,
    /// How the messages of the window begin.
    beginnings: HashMap<String, String>,
}

impl RoomWindow {
    /// Reads who wrote what the thread has.
    pub async fn load(rooms: &Rooms, grant: &Grant, thread: &Thread) -> Result<Self, AppError> {
        let messages = || thread.messages.iter().map(|shown| &shown.message);
        let authors = messages().map(|message| message.author_id.clone()).collect();
        let beginning = |message: &Message| message.content.chars().take(BEGINNING).collect::<String>();
        Ok(Self {
            id: grant.conversation_id().to_owned(),
            reader: grant.user_id().to_owned(),
            level: grant.level(),
            people: rooms.people_of(grant, authors).await?,
            beginnings: messages().map(|message| (message.id.clone(), beginning(message))).collect(),
        })
    }

    fn person(&self, id: &str) -> (String, Picture, bool) {
        match self.people.get(id) {
            Some(person) => (person.member.name.clone(), person.picture.clone(), person.member.hidden),
            // Nothing is known of somebody whose account is gone.
            None => (String::new(), picture::made_of("?", id), false),
        }
    }

    fn may_delete(&self, message: &Message) -> bool {
        let own = message.author_id == self.reader && self.level >= AccessLevel::Member;
        message.talk.deleted_at.is_none() && (own || self.level >= AccessLevel::Moderator)
    }

    /// A person's message. `before` is the message above it, where the page shows it anew, too.
    pub fn said(
        &self,
        shown: ThreadMessage,
        before: Option<&Message>,
        when: When,
        (days, edited, query): (Days, Option<&str>, &str),
    ) -> AnyView {
        let message = shown.message;
        let (name, picture, hidden) = self.person(&message.author_id);
        let own = message.author_id == self.reader;
        let together = |before: &&Message| {
            before.role == Role::User
                && before.author_id == message.author_id
                && message.created_at.saturating_sub(before.created_at) < TOGETHER_MS
                && message.talk.reply_to.is_none()
        };
        let follows = when.day.is_none() && before.filter(together).is_some();
        let gone = match (message.talk.deleted_at, hidden) {
            (Some(_), _) => Some("message-erased"),
            (None, true) => Some("message-hidden"),
            (None, false) => None,
        };
        let may_edit = own && gone.is_none() && self.level >= AccessLevel::Member;
        let reply_to = message.talk.reply_to.clone().map(|id| {
            let begins = self.beginnings.get(&id).cloned().unwrap_or_else(|| "…".to_owned());
            (id, begins)
        });
        let said = Said {
            may_delete: self.may_delete(&message),
            conversation_id: self.id.clone(),
            text: if gone.is_some() { String::new() } else { message.content },
            name,
            picture,
            own,
            follows,
            edited: message.talk.edited_at.map(|at| days.when(at, at, Some(at)).whole),
            versions: self.level >= AccessLevel::Moderator
                && (message.talk.deleted_at.is_some() || message.talk.edited_at.is_some()),
            gone,
            reply_to,
            may_edit,
            editing: may_edit && edited == Some(&*message.id),
            query: query.to_owned(),
            when,
            id: message.id,
        };
        view! { <SaidMessage said /> }.into_any()
    }

    /// What stands around an answer.
    pub fn answer(&self, message: &Message, clock: String, days: Days) -> RoomAnswer {
        let read = message.talk.read.as_ref().map(|read| {
            let sentence = Reason::new("room-read")
                .with("count", read.messages)
                .with("time", days.zone().clock(read.since));
            let payer = match read.payer {
                RoomPayer::Asker => {
                    Reason::new("room-paid-by").with("name", self.person(&message.author_id).0)
                }
                RoomPayer::Owner => Reason::new("room-paid-by-owner"),
            };
            let from = format!("/c/{}?at={}#{}", self.id, read.first_id, read.first_id);
            ReadNote { sentence: t_with(sentence), payer: t_with(payer), from }
        });
        RoomAnswer {
            model: short_name(message.model.as_deref().unwrap_or_default()).to_owned(),
            clock,
            read,
            may_delete: self.may_delete(message),
            gone: message.talk.deleted_at.is_some(),
        }
    }
}
