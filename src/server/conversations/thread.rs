//! The branch on screen, window by window.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{Conversations, MAX_LIMIT, WINDOW, WINDOW_BYTES};
use crate::{
    domain::{ConversationKind, CurrentUser, Message, Reason, Role, Siblings, Status},
    error::AppError,
    server::{
        live::{
            log::{Format, Running},
            reading::ReadPermit,
        },
        markdown::{labelled, mentioned},
        store::{Branch, Child, Grant, Outline, Reach, Texts, conceal},
        words,
    },
};

/// A message as it is shown.
#[derive(Clone, Debug)]
pub struct ThreadMessage {
    pub message: Message,
    /// Empty for what a person wrote in a private conversation.
    pub html: Arc<str>,
    /// Where there is more than one message with its parent.
    pub siblings: Option<Siblings>,
    /// When the message before it was made, in UTC milliseconds since 1970; `None` at the beginning of the branch.
    pub after: Option<i64>,
}

/// A message that a page shows as it still is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchanged {
    pub id: String,
    /// Who wrote it, where a message that follows it is shown anew in a room; none of an answer.
    pub author_id: Option<String>,
    pub created_at: i64,
    /// As [`ThreadMessage::siblings`]. A message is as it was when another version of it comes or goes.
    pub siblings: Option<Siblings>,
}

/// Which part of the branch on screen is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// The newest window, or the one before the message `before`: at most `limit` messages, and [`WINDOW_BYTES`] of text,
    /// but always one message.
    Window { before: Option<&'a str>, limit: Option<u32> },
    /// What a page must show from the message `from` on, which shows the branch of `leaf` from there as it was at the event
    /// number `since`.
    Since { from: &'a str, leaf: &'a str, since: u64 },
}

/// A part of the branch on screen, oldest first.
#[derive(Debug)]
pub struct Thread {
    pub messages: Vec<ThreadMessage>,
    /// The other messages of the part, which a page shows already. The ids of a branch are in order.
    pub unchanged: Vec<Unchanged>,
    /// Where the window before this one ends; `None` at the beginning.
    pub previous_cursor: Option<String>,
    /// The answer that is being written, if it is in this part.
    pub generating: Option<String>,
    /// Listening after this place misses nothing that the part does not show.
    pub after: u64,
}

/// The most messages of a branch that a page may show and have refreshed.
const MOST_SHOWN: usize = 4_000;

/// As what the model is mentioned in a room.
const MODEL: &str = "model";

/// The outlines of a [`Part`].
struct Found {
    /// To be read.
    branch: Branch,
    unchanged: Vec<Outline>,
    /// Those of `unchanged` that are read for their authors.
    above: HashSet<String>,
}

impl Conversations {
    /// A part of the branch on screen, and a permit to be held until what is made of it is sent. Waits for the person's
    /// turn to read so much. HTML is made for whom it is shown to.
    pub async fn thread(
        &self,
        current: &CurrentUser,
        grant: &Grant,
        part: Part<'_>,
        format: Format,
    ) -> Result<(Thread, ReadPermit), AppError> {
        let mut found = self.find(grant, part).await?;
        // The text of a running answer is not in the store yet.
        let running = if found.branch.begins_empty() { WINDOW_BYTES } else { 0 };
        let permit = self.reading.enter(current.id(), found.branch.bytes() + running).await?;
        let anew =
            if permit.waited() { Some(self.open(current, grant.conversation_id()).await?) } else { None };
        let grant = anew.as_ref().unwrap_or(grant);
        if anew.is_some() {
            found = self.find(grant, part).await?;
        }
        // What the store knew before the messages were read: what changes in between is told once more. It is never
        // ahead of what is shown.
        let mut after = grant.last_seq();
        let running = self.running(grant.conversation_id()).await?;
        let Found { branch, unchanged, above } = found;
        let messages = branch.read(&*self.chats, grant).await?;
        let (above, mut messages): (Vec<_>, Vec<_>) =
            messages.into_iter().rev().partition(|message| above.contains(&message.id));
        let above = above.into_iter().filter(|message| message.role == Role::User);
        let mut authors: HashMap<String, String> =
            above.map(|message| (message.id, message.author_id)).collect();
        for running in &running {
            after = after.min(running.after);
            let shown =
                messages.iter_mut().find(|m| m.id == running.answer_id && m.status == Status::Generating);
            // The job of a continued answer may not have published the text it begins with yet.
            if let Some(message) = shown.filter(|message| running.content.len() >= message.content.len()) {
                message.content.clone_from(&running.content);
                message.reasoning.clone_from(&running.reasoning);
            }
        }
        let names = self.hide(grant, &mut messages).await?;
        let begun = messages.iter().rfind(|message| message.status == Status::Generating);
        let going_on = || unchanged.iter().find(|same| running.iter().any(|r| r.answer_id == same.id));
        let generating =
            begun.map(|begun| begun.id.clone()).or_else(|| going_on().map(|same| same.id.clone()));
        let places = messages.iter().map(|message| (&message.id, &message.parent_id));
        let places = places.chain(unchanged.iter().map(|outline| (&outline.id, &outline.parent_id)));
        let mut siblings = self.siblings(grant, places.collect()).await?;
        let html = match format {
            Format::Html => {
                let all = grant.conversation().kind != ConversationKind::Private;
                self.renderer.messages(current.id(), &messages, all).await?
            }
            Format::Text => vec![Arc::default(); messages.len()],
        };
        let oldest = messages.iter().map(|message| &message.id);
        let oldest = oldest.chain(unchanged.iter().map(|outline| &outline.id)).min();
        let previous_cursor = oldest.filter(|_| branch.more).cloned();
        let times = messages.iter().map(|message| (message.id.clone(), message.created_at));
        let times = times.chain(unchanged.iter().map(|outline| (outline.id.clone(), outline.created_at)));
        let times: HashMap<String, i64> = times.collect();
        let words = words::current();
        let in_room = format == Format::Html && grant.conversation().kind != ConversationKind::Private;
        let messages = messages.into_iter().zip(html).map(|(message, html)| {
            let siblings = siblings.remove(&message.id);
            let html = match words.is_english() {
                true => html,
                false => labelled(&html, |key| words.say(key)).into(),
            };
            let html = if in_room { named(html, &message, &names, current.id()) } else { html };
            let parent = message.parent_id.as_ref();
            let after = parent.and_then(|parent| times.get(parent).copied().or(branch.created_before));
            ThreadMessage { message, html, siblings, after }
        });
        let messages = messages.collect();
        let unchanged = unchanged.into_iter().rev().map(|outline| {
            let (siblings, author_id) = (siblings.remove(&outline.id), authors.remove(&outline.id));
            Unchanged { id: outline.id, author_id, created_at: outline.created_at, siblings }
        });
        let unchanged = unchanged.collect();
        Ok((Thread { messages, unchanged, previous_cursor, generating, after }, permit))
    }

    /// Takes away what people wrote whom a room shows nothing of. Answers what those are called there whom the messages mention.
    async fn hide(
        &self,
        grant: &Grant,
        messages: &mut [Message],
    ) -> Result<HashMap<String, String>, AppError> {
        let mentioned = messages.iter().flat_map(|message| message.talk.mentions.iter().cloned());
        let mentioned: Vec<String> = mentioned.collect();
        let members = conceal(&*self.chats, grant, messages, mentioned).await?;
        Ok(members.into_iter().map(|member| (member.user_id, member.name)).collect())
    }

    /// Which messages a part has.
    async fn find(&self, grant: &Grant, part: Part<'_>) -> Result<Found, AppError> {
        let (before, limit) = match part {
            Part::Window { before, limit } => (before, limit),
            Part::Since { from, leaf, since } => match self.changed(grant, from, leaf, since).await? {
                Some(found) => return Ok(found),
                None => (None, None),
            },
        };
        let branch = self.window(grant, before, limit).await?;
        Ok(Found { branch, unchanged: Vec::new(), above: HashSet::new() })
    }

    async fn window(
        &self,
        grant: &Grant,
        before: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Branch, AppError> {
        let limit = AppError::valid_limit(limit, WINDOW, MAX_LIMIT)? as usize;
        let leaf = self.leaf_before(grant, before).await?;
        let reach = Reach { messages: limit, bytes: WINDOW_BYTES, texts: Texts::All };
        Ok(Branch::find(&*self.chats, grant, leaf.as_deref(), reach).await?)
    }

    /// The newest message of the branch on screen before the message `before`, or of the whole branch.
    pub(super) async fn leaf_before(
        &self,
        grant: &Grant,
        before: Option<&str>,
    ) -> Result<Option<String>, AppError> {
        let Some(before) = before else { return Ok(grant.conversation().leaf_id.clone()) };
        let found = self.chats.outlines_back(grant, Some(before), 1).await?.pop();
        let known = found.filter(|outline| outline.id == before);
        Ok(known.ok_or_else(|| AppError::invalid("before", Reason::new("before-unknown")))?.parent_id)
    }

    /// See [`Part::Since`]. `None` where only a window can be shown.
    async fn changed(
        &self,
        grant: &Grant,
        from: &str,
        leaf: &str,
        since: u64,
    ) -> Result<Option<Found>, AppError> {
        let reach = Reach { messages: MOST_SHOWN, bytes: u64::MAX, texts: Texts::All };
        let Some(now) = grant.conversation().leaf_id.as_deref() else { return Ok(None) };
        let mut branch = Branch::find_back_to(&*self.chats, grant, (now, from), reach).await?;
        if branch.outlines().last().is_none_or(|oldest| oldest.id != from) {
            return Ok(None);
        }
        let shown = match now == leaf {
            true => None,
            false => Some(Branch::find_back_to(&*self.chats, grant, (leaf, from), reach).await?.ids()),
        };
        let is_known = |outline: &Outline| {
            outline.revision.max(grant.hidden_seq()) <= since
                && shown.as_ref().is_none_or(|shown| shown.contains(&outline.id))
        };
        let (mut unchanged, mut anew): (Vec<_>, Vec<_>) =
            branch.outlines().iter().cloned().partition(is_known);
        let mut above = HashSet::new();
        let mut quoting = HashSet::new();
        if grant.conversation().kind != ConversationKind::Private {
            quoting = self.quoting(grant, (&unchanged, &anew), leaf).await?;
            anew.extend(unchanged.extract_if(.., |outline| quoting.contains(&outline.id)));
            // The first message of a person shows the name, and those that follow it do not.
            let parents: HashSet<String> = anew.into_iter().filter_map(|outline| outline.parent_id).collect();
            let known = unchanged.iter().filter(|outline| parents.contains(&outline.id));
            above = known.map(|outline| outline.id.clone()).collect();
        }
        let is_read = |id: &String| above.contains(id) || quoting.contains(id);
        branch.take(|outline| is_known(outline) && !is_read(&outline.id));
        Ok((branch.bytes() <= WINDOW_BYTES).then_some(Found { branch, unchanged, above }))
    }

    /// Those of the messages that a page shows which quote one that it shows otherwise now. `leaf`: the newest one on the page.
    async fn quoting(
        &self,
        grant: &Grant,
        (unchanged, anew): (&[Outline], &[Outline]),
        leaf: &str,
    ) -> Result<HashSet<String>, AppError> {
        let ids =
            |outlines: &[Outline]| outlines.iter().map(|outline| outline.id.clone()).collect::<Vec<_>>();
        let mut changed = ids(anew);
        changed.retain(|id| **id <= *leaf);
        if changed.is_empty() || unchanged.is_empty() {
            return Ok(HashSet::new());
        }
        Ok(self.chats.replies_among(grant, &ids(unchanged), &changed).await?.into_iter().collect())
    }

    /// The places of those that have siblings, by message. Each message comes with its parent. One query for all.
    async fn siblings(
        &self,
        grant: &Grant,
        messages: Vec<(&String, &Option<String>)>,
    ) -> Result<HashMap<String, Siblings>, AppError> {
        let parents: Vec<Option<String>> = messages.iter().map(|(_, parent)| (*parent).clone()).collect();
        let children = self.chats.children(grant, &parents).await?;
        let mut families: HashMap<Option<String>, Vec<String>> = HashMap::new();
        for Child { parent_id, id } in children {
            families.entry(parent_id).or_default().push(id);
        }
        let place = |(id, parent): (&String, &Option<String>)| {
            let family = families.get(parent).filter(|family| family.len() > 1)?;
            let at = family.iter().position(|known| known == id)?;
            let near = |at: Option<usize>| at.and_then(|at| family.get(at).cloned());
            let siblings = Siblings {
                index: u32::try_from(at + 1).ok()?,
                count: u32::try_from(family.len()).ok()?,
                previous_id: near(at.checked_sub(1)),
                next_id: near(Some(at + 1)),
            };
            Some((id.clone(), siblings))
        };
        Ok(messages.into_iter().filter_map(place).collect())
    }

    /// The answers being written in a conversation, by whichever process, with all of their text so far.
    async fn running(&self, conversation_id: &str) -> Result<Vec<Running>, AppError> {
        let here = self.live.get(conversation_id).map(|log| log.running()).unwrap_or_default();
        if here.is_empty() {
            return Ok(self.elsewhere.running(conversation_id).await?.into_iter().collect());
        }
        Ok(here)
    }
}

/// What somebody wrote in a room, in which those are marked whom it mentions.
fn named(html: Arc<str>, message: &Message, names: &HashMap<String, String>, reader: &str) -> Arc<str> {
    if message.role != Role::User || !html.contains('@') {
        return html;
    }
    let mentioned_people = message.talk.mentions.iter();
    let mut known: Vec<(&str, bool)> =
        mentioned_people.filter_map(|id| Some((&**names.get(id)?, id == reader))).collect();
    known.push((MODEL, false));
    mentioned(&html, &known).into()
}
