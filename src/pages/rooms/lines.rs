//! Messages of a room in a list: who wrote each, when, its first words, and the way to it.

use std::collections::HashMap;

use leptos::prelude::*;

use crate::{
    domain::{Message, Picture, Role, model::short_name},
    error::AppError,
    pages::days::Days,
    server::{
        accounts::picture,
        conversations::Grant,
        rooms::{Person, Rooms},
    },
    ui::{
        parts::{Icon, PersonPicture},
        words::t,
    },
};

/// So many characters of a message are shown.
const BEGINNING: usize = 160;

/// A message in a list.
#[derive(Clone, Debug)]
pub struct Line {
    pub id: String,
    name: String,
    /// `None`: a model wrote it.
    picture: Option<Picture>,
    when: String,
    /// Its first words, or the key of why nothing of it is shown.
    begins: Result<String, &'static str>,
}

impl Line {
    /// The lines of these messages, in the same order.
    pub async fn of(
        rooms: &Rooms,
        grant: &Grant,
        messages: &[Message],
        days: Days,
    ) -> Result<Vec<Self>, AppError> {
        let authors = messages.iter().map(|message| message.author_id.clone()).collect();
        let people = rooms.people_of(grant, authors).await?;
        Ok(messages.iter().map(|message| Self::one(message, &people, days)).collect())
    }

    fn one(message: &Message, people: &HashMap<String, Person>, days: Days) -> Self {
        let person = people.get(&message.author_id);
        let is_person = message.role == Role::User;
        let hidden = is_person && person.is_some_and(|person| person.member.hidden);
        let words = message.content.split_whitespace().collect::<Vec<_>>().join(" ");
        let made = || picture::made_of("?", &message.author_id);
        let name = person.map(|person| person.member.name.clone()).unwrap_or_default();
        Self {
            id: message.id.clone(),
            name: if is_person {
                name
            } else {
                short_name(message.model.as_deref().unwrap_or_default()).into()
            },
            picture: is_person.then(|| person.map_or_else(made, |person| person.picture.clone())),
            when: days.when(message.created_at, message.created_at, None).whole,
            begins: match (message.talk.deleted_at, hidden) {
                (Some(_), _) => Err("message-erased"),
                (None, true) => Err("message-hidden"),
                (None, false) => Ok(words.chars().take(BEGINNING).collect()),
            },
        }
    }
}

/// A message in a list, and what stands below it.
#[component]
pub fn MessageLine(
    room_id: String,
    line: Line,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let Line { id, name, picture, when, begins } = line;
    let begins = match begins {
        Ok(words) => view! { <span dir="auto">{words}</span> }.into_any(),
        Err(key) => view! { <em>{t(key)}</em> }.into_any(),
    };
    let picture = match picture {
        Some(picture) => view! { <PersonPicture picture /> }.into_any(),
        None => view! {
            <span class="model-picture" aria-hidden="true">
                <Icon name="flame" />
            </span>
        }
        .into_any(),
    };
    view! {
        <li>
            <a class="message-line" href=format!("/c/{room_id}?at={id}#{id}")>
                {picture}
                <span>
                    <strong dir="auto">{name}</strong>
                    " "
                    <small class="muted">{when}</small>
                    <br />
                    {begins}
                </span>
            </a>
            {children.map(|children| children())}
        </li>
    }
}
