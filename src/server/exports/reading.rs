//! Reads everything that a person has, window by window, and hands it to the archive.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use tokio::sync::mpsc::Sender;

use super::{
    archive::Piece,
    forms::{Form, Other, head, tail},
    names::Names,
};
use crate::{
    domain::{Conversation, ConversationKind, Partner},
    error::AppError,
    server::{
        accounts::AccountData,
        ops::tasks::Tasks,
        store::{
            BinPosition, Chats, Community, ConversationPosition, ConversationQuery, Grant, Need, NoAccess,
            NotesOf, Outline, Standing, StoreError, Texts,
        },
        words::Words,
    },
};

/// How many conversations are listed at once.
const PAGE: u32 = 100;
/// How many outlines are read at once.
const OUTLINES: u32 = 512;
/// The most messages, and bytes of their texts, that are read at once; a longer message comes alone.
const MOST_MESSAGES: usize = 64;
const MOST_BYTES: u64 = 1 << 20;

/// Why the reading ended early.
#[derive(Debug)]
pub(super) enum Cut {
    /// Nobody takes what is read.
    Gone,
    /// The server ends.
    Ending,
    Failed(AppError),
}

impl<E: Into<AppError>> From<E> for Cut {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What there is to read. The ids are listed first, because a conversation that changes meanwhile moves in the listings.
pub(super) struct Contents {
    ids: Vec<String>,
    in_bin: u32,
}

impl Contents {
    pub(super) async fn of(chats: &dyn Chats, user_id: &str) -> Result<Self, StoreError> {
        let mut ids = Vec::new();
        for archived in [false, true] {
            let mut query = ConversationQuery { archived, limit: PAGE, ..ConversationQuery::default() };
            loop {
                let found = chats.conversations(user_id, &query).await?;
                query.after = found
                    .last()
                    .map(|last| ConversationPosition { updated_at: last.updated_at, id: last.id.clone() });
                let is_last = found.len() < PAGE as usize;
                ids.extend(found.into_iter().map(|conversation| conversation.id));
                if is_last {
                    break;
                }
            }
        }
        let mut after = None;
        loop {
            let found = chats.directs_of(user_id, after.as_ref(), PAGE, true).await?;
            let is_last = found.len() < PAGE as usize;
            after = found.last().map(|last| {
                let room = &last.entry.room;
                ConversationPosition { updated_at: room.updated_at, id: room.id.clone() }
            });
            ids.extend(found.into_iter().map(|direct| direct.entry.room.id));
            if is_last {
                break;
            }
        }
        let (mut in_bin, mut after) = (0_u32, None);
        loop {
            let found = chats.bin(user_id, after.as_ref(), PAGE).await?;
            let own = found.iter().filter(|it| it.conversation.kind == ConversationKind::Private).count();
            in_bin = in_bin.saturating_add(u32::try_from(own).unwrap_or(u32::MAX));
            let Some(last) = found.last().filter(|_| found.len() == PAGE as usize) else { break };
            after = Some(BinPosition { deleted_at: last.deleted_at, id: last.conversation.id.clone() });
        }
        Ok(Self { ids, in_bin })
    }

    pub(super) fn total(&self) -> u32 {
        u32::try_from(self.ids.len()).unwrap_or(u32::MAX).saturating_add(self.in_bin)
    }
}

pub(super) struct Reader {
    pub(super) chats: Arc<dyn Chats>,
    pub(super) community: Arc<dyn Community>,
    pub(super) tasks: Tasks,
    pub(super) words: Words,
    pub(super) user_id: String,
    pub(super) give: Sender<Piece>,
    pub(super) names: Names,
    pub(super) done: u32,
}

impl Reader {
    /// Reads everything.
    pub(super) async fn read(
        mut self,
        account: &AccountData,
        contents: Contents,
        now: i64,
    ) -> Result<(), Cut> {
        self.file("account.json".to_owned(), now, 0).await?;
        self.text(serde_json::to_string_pretty(account).unwrap_or_default()).await?;
        self.people(now).await?;
        let mut read = HashSet::new();
        self.listed(contents.ids, &mut read).await?;
        self.bin(&mut read).await?;
        // What was restored meanwhile was in neither when that was read.
        let again = Contents::of(&*self.chats, &self.user_id).await?;
        self.listed(again.ids, &mut read).await?;
        self.send(Piece::End).await
    }

    /// Whom the person has blocked, and the notes that they wrote and got.
    async fn people(&self, now: i64) -> Result<(), Cut> {
        self.file("people.json".to_owned(), now, 0).await?;
        let blocked = self.community.blocks(&self.user_id).await?;
        let blocked = serde_json::to_string(&blocked).unwrap_or_default();
        self.text(format!("{{\"blocked\":{blocked}")).await?;
        let lists = [
            ("notes_written", NotesOf::Author(&self.user_id)),
            ("notes_received", NotesOf::Wall(&self.user_id)),
        ];
        for (name, of) in lists {
            self.text(format!(",\n\"{name}\":[")).await?;
            let mut before: Option<String> = None;
            loop {
                let notes = self.community.notes(of, before.as_deref(), PAGE).await?;
                for note in &notes {
                    let sign = if before.is_some() { "," } else { "" };
                    before = Some(note.id.clone());
                    let note = serde_json::to_string(note).unwrap_or_default();
                    self.text(format!("{sign}\n{note}")).await?;
                }
                if notes.len() < PAGE as usize {
                    break;
                }
            }
            self.text("]".to_owned()).await?;
        }
        self.text("}\n".to_owned()).await
    }

    /// Each of these conversations that was not read before, because one that changes may stand in a listing twice.
    async fn listed(&mut self, ids: Vec<String>, read: &mut HashSet<String>) -> Result<(), Cut> {
        for id in ids {
            if read.contains(&id) {
                continue;
            }
            match self.chats.access(&self.user_id, &id, Need::Read).await {
                Ok(grant) => {
                    self.conversation(&grant, None).await?;
                    read.insert(id);
                }
                // It went to the bin meanwhile, or for good.
                Err(NoAccess::Missing | NoAccess::Denied) => {}
                Err(NoAccess::Store(error)) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn bin(&mut self, read: &mut HashSet<String>) -> Result<(), Cut> {
        let mut after = None;
        loop {
            let found = self.chats.standings_in_bin(&self.user_id, after.as_ref(), PAGE).await?;
            let is_last = found.len() < PAGE as usize;
            for (standing, deleted_at) in found {
                let Ok(grant) = Standing::grant(standing, Need::Read) else { continue };
                // What others wrote in a room is not only this person's.
                let own = grant.conversation().kind == ConversationKind::Private;
                if own && !read.contains(grant.conversation_id()) {
                    self.conversation(&grant, Some(deleted_at)).await?;
                    read.insert(grant.conversation_id().to_owned());
                }
                after = Some(BinPosition { deleted_at, id: grant.conversation_id().to_owned() });
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// One conversation as two files.
    async fn conversation(&mut self, grant: &Grant, deleted_at: Option<i64>) -> Result<(), Cut> {
        let conversation = grant.conversation();
        let mut outlines = self.outlines(grant).await?;
        outlines.reverse();
        let json = format!("conversations/{}.json", conversation.id);
        let all: Vec<&Outline> = outlines.iter().collect();
        self.part(grant, deleted_at, (Form::Json, json), &all).await?;
        let folder = match (deleted_at, conversation.archived) {
            (Some(_), _) => "readable/bin/",
            (None, true) => "readable/archive/",
            (None, false) => "readable/",
        };
        let untitled = self.words.say("conversation-new");
        let name = self.names.of(folder, &conversation.title, &untitled, ".md");
        let branch = branch(&outlines, conversation);
        self.part(grant, deleted_at, (Form::Markdown, name), &branch).await?;
        self.done += 1;
        self.send(Piece::Done(self.done)).await
    }

    /// One file: these messages of the conversation, oldest first.
    async fn part(
        &self,
        grant: &Grant,
        deleted_at: Option<i64>,
        (form, name): (Form, String),
        outlines: &[&Outline],
    ) -> Result<(), Cut> {
        let texts = if form == Form::Json { Texts::All } else { Texts::WithoutReasoning };
        let size = outlines.iter().map(|outline| outline.bytes(texts)).sum();
        self.file(name, grant.conversation().updated_at, size).await?;
        let shown = grant.clone().into_conversation();
        self.text(head(form, &shown, deleted_at, &self.words)).await?;
        let partner = match grant.conversation().kind {
            ConversationKind::Direct => self.chats.partner(grant).await?,
            _ => None,
        };
        let other = partner.map(|Partner { id, name, .. }| Other { id, name });
        let (mut rest, mut first) = (outlines, true);
        while !rest.is_empty() {
            let (some, others) = rest.split_at(batch(rest, texts));
            rest = others;
            let ids: Vec<String> = some.iter().map(|outline| outline.id.clone()).collect();
            let mut messages = self.chats.messages_of(grant, &ids, texts).await?;
            messages.reverse();
            let is_empty = messages.is_empty();
            let (other, words) = (other.clone(), self.words);
            self.send(Piece::Messages { form, messages, first, other, words }).await?;
            first &= is_empty;
        }
        self.text(tail(form).to_owned()).await
    }

    /// The outlines of all messages, newest first. They are small, and their number is that of what people wrote.
    async fn outlines(&self, grant: &Grant) -> Result<Vec<Outline>, Cut> {
        let mut outlines: Vec<Outline> = Vec::new();
        loop {
            let upto = outlines.pop().map(|last| last.id);
            let found = self.chats.outlines_back(grant, upto.as_deref(), OUTLINES).await?;
            let is_last = found.len() < OUTLINES as usize;
            outlines.extend(found);
            if is_last {
                return Ok(outlines);
            }
        }
    }

    async fn file(&self, name: String, at: i64, size: u64) -> Result<(), Cut> {
        self.send(Piece::File { name, at, size }).await
    }

    async fn text(&self, text: String) -> Result<(), Cut> {
        self.send(Piece::Text(text)).await
    }

    async fn send(&self, piece: Piece) -> Result<(), Cut> {
        if self.tasks.is_ending() {
            return Err(Cut::Ending);
        }
        self.give.send(piece).await.map_err(|_| Cut::Gone)
    }
}

/// How many of these messages are read at once; not 0.
fn batch(outlines: &[&Outline], texts: Texts) -> usize {
    let mut bytes = 0_u64;
    let fit = outlines.iter().take(MOST_MESSAGES).take_while(|outline| {
        bytes = bytes.saturating_add(outline.bytes(texts));
        bytes <= MOST_BYTES
    });
    fit.count().max(1)
}

/// The branch on screen, oldest first.
fn branch<'a>(outlines: &'a [Outline], conversation: &Conversation) -> Vec<&'a Outline> {
    let by_id: HashMap<&str, &Outline> =
        outlines.iter().map(|outline| (outline.id.as_str(), outline)).collect();
    let leaf = conversation.leaf_id.as_deref().and_then(|id| by_id.get(id).copied());
    let up = |outline: &&Outline| {
        // A parent is older than its children, so this comes to an end whatever is stored.
        let parent = outline.parent_id.as_deref().filter(|parent| *parent < outline.id.as_str());
        parent.and_then(|parent| by_id.get(parent).copied())
    };
    let mut branch: Vec<&Outline> = std::iter::successors(leaf, up).collect();
    branch.reverse();
    branch
}
