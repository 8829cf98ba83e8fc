//! List conversations; rename, pin, archive, set up, delete or restore one, and mark it seen; read the markdown of a message.

use leptos::prelude::*;

use crate::{
    domain::{Binned, Conversation, Page, params::Typed},
    error::Refusal,
};

/// A page of the caller's conversations, newest first: after `cursor`, and with `q` in their titles.
#[server(prefix = "/fn", endpoint = "history")]
pub async fn history(cursor: Option<String>, q: Option<String>) -> Result<Page<Conversation>, Refusal> {
    use crate::server::{
        conversations::{Conversations, Listing},
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let listing = Listing { cursor: cursor.as_deref(), title_contains: q.as_deref(), ..Default::default() };
    Ok(service::<Conversations>()?.list(context.user()?, listing).await?)
}

/// The text of a message as it was written: markdown.
#[server(prefix = "/fn", endpoint = "source")]
pub async fn source(message_id: String) -> Result<String, Refusal> {
    use crate::server::{
        conversations::Conversations,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    Ok(service::<Conversations>()?.message(context.user()?, &message_id).await?.content)
}

/// Gives a conversation another title.
#[server(prefix = "/fn", endpoint = "rename")]
pub async fn rename(conversation_id: String, title: String) -> Result<(), Refusal> {
    use crate::{
        domain::ConversationPatch,
        server::{
            conversations::Conversations,
            http::context::{Context, service},
        },
    };
    let context = Context::current()?;
    let patch = ConversationPatch { title: Some(title), ..Default::default() };
    let conversation = service::<Conversations>()?.update(context.user()?, &conversation_id, patch).await?;
    context.redirect(&format!("/c/{}", conversation.id));
    Ok(())
}

/// Puts a conversation among the pinned ones, which come first in the list, or takes it from there.
#[server(prefix = "/fn", endpoint = "pin")]
pub async fn pin(conversation_id: String, pinned: bool) -> Result<(), Refusal> {
    use crate::{
        domain::ConversationPatch,
        server::{
            conversations::Conversations,
            http::{
                context::{Context, service},
                flash::Told,
            },
        },
    };
    let context = Context::current()?;
    let patch = ConversationPatch { pinned: Some(pinned), ..Default::default() };
    let changed = service::<Conversations>()?.update(context.user()?, &conversation_id, patch).await?;
    Ok(context.tell(&format!("/c/{}/settings", changed.id), Told::say("conversation-saved"))?)
}

/// Takes a conversation out of the list, or brings it back there. What is archived is found among all conversations.
/// `in_list`: the form stands in the list of what is archived, so that it leads back there.
#[server(prefix = "/fn", endpoint = "archive")]
pub async fn archive(
    conversation_id: String,
    archived: bool,
    #[server(default)] in_list: bool,
) -> Result<(), Refusal> {
    use crate::{
        domain::ConversationPatch,
        server::{
            conversations::Conversations,
            http::{
                context::{Context, service},
                flash::{Back, Told},
            },
        },
    };
    let context = Context::current()?;
    let patch = ConversationPatch { archived: Some(archived), ..Default::default() };
    let Conversation { id, title, archived, .. } =
        service::<Conversations>()?.update(context.user()?, &conversation_id, patch).await?;
    let (page, told) = match (in_list, archived) {
        (true, false) => {
            ("/history?archived=true".to_owned(), Told::Unarchived(Back { conversation_id: id, title }))
        }
        _ => (format!("/c/{id}/settings"), Told::say("conversation-saved")),
    };
    Ok(context.tell(&page, told)?)
}

/// Changes how a model answers in one conversation. A missing field stays as it is; an empty one decides nothing, so that
/// what the person chose for all conversations counts.
#[server(prefix = "/fn", endpoint = "set-conversation")]
pub async fn set_conversation(
    conversation_id: String,
    #[server(default)] system_prompt: Typed,
    #[server(default)] temperature: Typed,
    #[server(default)] top_p: Typed,
    #[server(default)] max_tokens: Typed,
    #[server(default)] reasoning_effort: Typed,
    #[server(default)] turns: Typed,
) -> Result<(), Refusal> {
    use crate::{
        domain::{ConversationPatch, params::TypedParams},
        error::AppError,
        server::{
            chat::Chat,
            conversations::Conversations,
            http::{
                context::{Context, service},
                flash::Told,
            },
        },
    };
    let context = Context::current()?;
    let (current, conversations) = (context.user()?, service::<Conversations>()?);
    let grant = conversations.open_to_manage(current, &conversation_id).await?;
    let typed = TypedParams {
        temperature: temperature.0,
        top_p: top_p.0,
        max_tokens: max_tokens.0,
        reasoning_effort: reasoning_effort.0,
        turns: turns.0,
    };
    let params = (!typed.is_empty()).then(|| typed.change(&grant.conversation().params)).transpose();
    let params = params.map_err(|(field, reason)| AppError::invalid(field, reason))?;
    let system_prompt = system_prompt.0.map(|text| Some(text).filter(|text| !text.trim().is_empty()));
    if let Some(Some(text)) = &system_prompt {
        service::<Chat>()?.check_instructions(grant.conversation(), text).await?;
    }
    let patch = ConversationPatch { system_prompt, params: params.map(Some), ..Default::default() };
    let changed = conversations.update(current, &conversation_id, patch).await?;
    Ok(context.tell(&format!("/c/{}/settings", changed.id), Told::say("conversation-saved"))?)
}

/// Moves a conversation to the bin, from where [`restore`] brings it back within 30 days.
#[server(prefix = "/fn", endpoint = "delete")]
pub async fn delete(conversation_id: String) -> Result<(), Refusal> {
    use crate::server::{
        conversations::Conversations,
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    service::<Conversations>()?.delete(context.user()?, &conversation_id).await?;
    Ok(context.tell("/history?deleted=true", Told::say("conversation-deleted-here"))?)
}

/// Brings a conversation back from the bin.
#[server(prefix = "/fn", endpoint = "restore")]
pub async fn restore(conversation_id: String) -> Result<Conversation, Refusal> {
    use crate::server::{
        conversations::Conversations,
        http::{
            context::{Context, service},
            flash::{Back, Told},
        },
    };
    let context = Context::current()?;
    let restored = service::<Conversations>()?.restore(context.user()?, &conversation_id).await?;
    let back = Back { conversation_id: restored.id.clone(), title: restored.title.clone() };
    context.tell("/history?deleted=true", Told::Restored(back))?;
    Ok(restored)
}

/// The conversations that the caller can restore, deleted last first; 100 at the most.
#[server(prefix = "/fn", endpoint = "bin")]
pub async fn bin() -> Result<Vec<Binned>, Refusal> {
    use crate::server::{
        conversations::Conversations,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    Ok(service::<Conversations>()?.bin(context.user()?).await?)
}

/// The caller has seen what there is in a conversation: it is no longer unread.
#[server(prefix = "/fn", endpoint = "seen")]
pub async fn seen(conversation_id: String) -> Result<(), Refusal> {
    use crate::server::{
        conversations::Conversations,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    Ok(service::<Conversations>()?.seen(context.user()?, &conversation_id).await?)
}

/// Copies the branch up to a message into a new conversation, and answers its address.
#[server(prefix = "/fn", endpoint = "fork")]
pub async fn fork(message_id: String) -> Result<String, Refusal> {
    use crate::server::{
        conversations::Conversations,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let copy = service::<Conversations>()?.fork(context.user()?, &message_id).await?;
    Ok(context.redirect_and_return(format!("/c/{}", copy.id)))
}
