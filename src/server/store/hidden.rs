//! What a shared conversation shows nothing of: the messages of somebody whom a moderator banned so.

use super::{Grant, Members, Result};
use crate::domain::{ConversationKind, Member, Message, Role};

/// Takes away what hidden people wrote. Answers what is known of those who wrote the messages, and of `others`.
pub async fn conceal(
    members: &dyn Members,
    grant: &Grant,
    messages: &mut [Message],
    others: impl IntoIterator<Item = String> + Send,
) -> Result<Vec<Member>> {
    if grant.conversation().kind == ConversationKind::Private {
        return Ok(Vec::new());
    }
    let mut people: Vec<String> = messages.iter().map(|message| message.author_id.clone()).collect();
    people.extend(others);
    people.sort_unstable();
    people.dedup();
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let known = members.members_of(grant, &people).await?;
    for message in messages.iter_mut().filter(|message| is_hidden(&known, message)) {
        message.content.clear();
    }
    Ok(known)
}

/// Whether one of these people wrote the message, and is hidden. The answers that they asked for stay.
pub fn is_hidden(known: &[Member], message: &Message) -> bool {
    let wrote = |member: &Member| member.hidden && member.user_id == message.author_id;
    message.role == Role::User && known.iter().any(wrote)
}
