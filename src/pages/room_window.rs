//! The messages of a room as its page shows them: who wrote each, and what the model read.

use std::collections::{HashMap, HashSet};

use leptos::prelude::*;

use crate::{
    domain::{ConversationKind, Message, Picture, QuestionQueue, Reason, Role, RoomPayer, model::short_name},
    error::AppError,
    pages::days::Days,
    server::{
        accounts::picture,
        chat::USUAL,
        conversations::{Grant, Thread, ThreadMessage},
        rooms::{AccessLevel, Person, Rooms},
    },
    ui::{
        parts::{Marks, Original, ReactionView, ReadNote, RoomAnswer, Said, SaidMessage, When},
        words::{t, t_with},
    },
};

/// Messages of one person within this time stand below one name.
const TOGETHER_MS: i64 = 5 * 60 * 1000;
/// So many characters of a message are shown above one that answers it.
const BEGINNING: usize = 120;

/// What decides of a message whether the next one stands below the same name.
pub struct Above {
    /// None of an answer.
    pub author_id: Option<String>,
    /// [`Message::created_at`].
    pub created_at: i64,
}

impl Above {
    pub fn of(message: &Message) -> Self {
        let author_id = (message.role == Role::User).then(|| message.author_id.clone());
        Self { author_id, created_at: message.created_at }
    }
}

/// What the window of a room shows besides that of a private conversation.
pub struct RoomWindow {
    id: String,
    /// Whether it is a conversation of two, which nobody moderates.
    is_direct: bool,
    reader: String,
    level: AccessLevel,
    people: HashMap<String, Person>,
    /// The messages that those of the window answer.
    originals: HashMap<String, Message>,
    /// The emoji that the reader reacted with, by message.
    own: HashMap<String, Vec<String>>,
    /// The newest message above each, by its id.
    above: HashMap<String, String>,
}

/// A message of a room that somebody is about to answer; `None`: it cannot be answered.
pub async fn original_of(rooms: &Rooms, grant: &Grant, id: &str) -> Result<Option<Original>, AppError> {
    let Ok(found) = rooms.to_be_answered(grant, id).await else { return Ok(None) };
    let people = rooms.people_of(grant, vec![found.author_id.clone()]).await?;
    let name = match &found.model {
        Some(model) if found.role != Role::User => short_name(model).to_owned(),
        _ => people.into_values().next().map(|person| person.member.name).unwrap_or_default(),
    };
    Ok(Some(Original { begins: first_words(&found.content), id: found.id, name, gone: false }))
}

fn first_words(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(BEGINNING).collect()
}

impl RoomWindow {
    /// Reads who wrote what the thread has.
    pub async fn load(rooms: &Rooms, grant: &Grant, thread: &Thread) -> Result<Self, AppError> {
        let messages = || thread.messages.iter().map(|shown| &shown.message);
        let wanted = messages().filter_map(|message| message.talk.reply_to.clone()).collect::<HashSet<_>>();
        let wanted: Vec<String> = wanted.into_iter().collect();
        let shown: Vec<String> = messages().map(|message| message.id.clone()).collect();
        let (originals, reacted) =
            futures::try_join!(rooms.beginnings(grant, &wanted), rooms.own_reactions(grant, &shown))?;
        let mut people: Vec<String> =
            messages().chain(&originals).map(|message| message.author_id.clone()).collect();
        people.extend(messages().flat_map(|message| {
            let pinned = message.talk.pinned.iter().map(|pinned| pinned.by.clone());
            message.talk.reactions.iter().flat_map(|one| one.first.iter().cloned()).chain(pinned)
        }));
        let mut own: HashMap<String, Vec<String>> = HashMap::new();
        for (id, emoji) in reacted {
            own.entry(id).or_default().push(emoji);
        }
        let parent = |message: &Message| Some((message.id.clone(), message.parent_id.clone()?));
        let people = rooms.people_of(grant, people).await?;
        Ok(Self {
            is_direct: grant.conversation().kind == ConversationKind::Direct,
            id: grant.conversation_id().to_owned(),
            reader: grant.user_id().to_owned(),
            level: grant.level(),
            people,
            above: messages().filter_map(parent).collect(),
            originals: originals.into_iter().map(|message| (message.id.clone(), message)).collect(),
            own,
        })
    }

    fn person(&self, id: &str) -> (String, Picture, bool) {
        match self.people.get(id) {
            Some(person) => (person.member.name.clone(), person.picture.clone(), person.member.hidden),
            // Nothing is known of somebody whose account is gone.
            None => (String::new(), picture::made_of("?", id), false),
        }
    }

    /// The names of those whose questions wait, as far as something of theirs is on the page.
    pub fn askers(&self, queue: &QuestionQueue) -> HashMap<String, String> {
        let name = |id: &String| Some((id.clone(), self.people.get(id)?.member.name.clone()));
        queue.items.iter().filter_map(|item| name(&item.author_id)).collect()
    }

    fn may_delete(&self, message: &Message) -> bool {
        let own = message.author_id == self.reader && self.level >= AccessLevel::Member;
        message.talk.deleted_at.is_none() && (own || self.level >= AccessLevel::Moderator)
    }

    /// The message that another one answers.
    fn original(&self, message: &Message) -> Option<Original> {
        let id = message.talk.reply_to.clone()?;
        let gone = |name: String, key| Original { id: id.clone(), name, begins: t(key), gone: true };
        let Some(found) = self.originals.get(&id) else { return Some(gone(String::new(), "message-gone")) };
        let (name, _, hidden) = self.person(&found.author_id);
        let is_answer = found.role != Role::User;
        let name = match &found.model {
            Some(model) if is_answer => short_name(model).to_owned(),
            _ => name,
        };
        if found.talk.deleted_at.is_some() {
            return Some(gone(name, "message-erased"));
        }
        if hidden && !is_answer {
            return Some(gone(name, "message-hidden"));
        }
        Some(Original { begins: first_words(&found.content), id, name, gone: false })
    }

    /// The reactions and the pin of a message, and what the reader may do with it.
    fn marks(&self, message: &Message, query: &str) -> Marks {
        let own = self.own.get(&message.id);
        let reactions = message.talk.reactions.iter().map(|reaction| {
            let names = reaction.first.iter().map(|id| self.person(id).0);
            ReactionView {
                emoji: reaction.emoji.clone(),
                count: reaction.count,
                names: names.filter(|name| !name.is_empty()).collect(),
                own: own.is_some_and(|own| own.contains(&reaction.emoji)),
            }
        });
        let pinned = message.talk.pinned.as_ref();
        let manages = self.level >= AccessLevel::Moderator;
        Marks {
            id: message.id.clone(),
            conversation_id: self.id.clone(),
            reactions: reactions.collect(),
            pinned: pinned.map(|pinned| match self.person(&pinned.by).0 {
                name if name.is_empty() => t("message-pinned"),
                name => t_with(Reason::new("message-pinned-by").with("name", name)),
            }),
            writes: self.level >= AccessLevel::Member,
            may_unpin: manages || pinned.is_some_and(|pinned| pinned.by == self.reader),
            may_report: message.author_id != self.reader && !self.is_direct,
            usual: USUAL.to_vec(),
            query: query.to_owned(),
        }
    }

    /// A person's message. `before` is the message above it.
    pub fn said(
        &self,
        shown: ThreadMessage,
        before: Option<Above>,
        when: When,
        (days, edited, query): (Days, Option<&str>, &str),
    ) -> AnyView {
        let message = shown.message;
        let (name, picture, hidden) = self.person(&message.author_id);
        let own = message.author_id == self.reader;
        let together = |before: &Above| {
            before.author_id.as_ref() == Some(&message.author_id)
                && message.created_at.saturating_sub(before.created_at) < TOGETHER_MS
                && message.talk.reply_to.is_none()
        };
        // A mark that a message leaves says whose it was.
        let stays = message.talk.deleted_at.is_none();
        let follows = stays && when.day.is_none() && before.is_some_and(|before| together(&before));
        let gone = match (message.talk.deleted_at, hidden) {
            (Some(_), _) => Some("message-erased"),
            (None, true) => Some("message-hidden"),
            (None, false) => None,
        };
        let may_edit = own && gone.is_none() && self.level >= AccessLevel::Member;
        let said = Said {
            may_delete: self.may_delete(&message),
            reply_to: self.original(&message),
            marks: self.marks(&message, query),
            html: if gone.is_some() { String::new() } else { shown.html.to_string() },
            conversation_id: self.id.clone(),
            text: if gone.is_some() { String::new() } else { message.content },
            profile: self
                .people
                .get(&message.author_id)
                .filter(|person| person.has_account)
                .map(|person| format!("/people/{}", person.member.user_id)),
            name,
            picture,
            own,
            follows,
            edited: message.talk.edited_at.map(|at| days.when(at, at, Some(at)).whole),
            versions: self.level >= AccessLevel::Moderator
                && (message.talk.deleted_at.is_some() || message.talk.edited_at.is_some()),
            gone,
            may_edit,
            editing: may_edit && edited == Some(&*message.id),
            query: query.to_owned(),
            when,
            id: message.id,
        };
        view! { <SaidMessage said /> }.into_any()
    }

    /// What stands around an answer.
    pub fn answer(&self, message: &Message, clock: String, (days, query): (Days, &str)) -> RoomAnswer {
        let read = message.talk.read.as_ref().map(|read| {
            let (count, time) = (read.messages, days.zone().clock(read.since));
            let sentence = match read.pins.len() {
                0 => Reason::new("room-read").with("count", count).with("time", time),
                pins => {
                    Reason::new("room-read-pins").with("count", count).with("time", time).with("pins", pins)
                }
            };
            let payer = match read.payer {
                RoomPayer::Asker => {
                    Reason::new("room-paid-by").with("name", self.person(&message.author_id).0)
                }
                RoomPayer::Owner => Reason::new("room-paid-by-owner"),
            };
            let list = format!("/c/{}/read/{}", self.id, message.id);
            ReadNote { sentence: t_with(sentence), payer: t_with(payer), list }
        });
        RoomAnswer {
            model: short_name(message.model.as_deref().unwrap_or_default()).to_owned(),
            clock,
            read,
            may_delete: self.may_delete(message),
            marks: self.marks(message, query),
            // The question that stands right above it needs no line.
            reply_to: self
                .original(message)
                .filter(|original| self.above.get(&message.id) != Some(&original.id)),
            gone: message.talk.deleted_at.is_some(),
        }
    }
}
