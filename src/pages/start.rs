//! What the start page shows around the composer: a greeting, where to begin, and how to get a model where there is none.

use leptos::prelude::*;

use super::{
    board::StartNotes,
    layout::{Sidebar, title_of},
};
use crate::{
    domain::{Conversation, CurrentUser, Reason, UserRole},
    server::http::redirect,
    ui::{
        parts::Icon,
        words::{around, t, t_with},
    },
};

/// A provider as `Leptos.toml` names it.
const PROVIDER: &str = "[[provider]]\nname = \"local\"\nbase_url = \"http://localhost:11434/v1\"";

/// How many of the newest conversations the start page shows.
const RECENT: usize = 4;

/// The longest text that an address puts into the composer, in bytes: browsers and proxies take addresses of about 8 KB.
const MAX_TEXT_IN_ADDRESS: usize = 4096;

/// The examples: the keys of questions that show what one may ask, and the icon of each.
const EXAMPLES: [(&str, &str); 3] =
    [("example-explain", "brain"), ("example-plan", "list"), ("example-write", "edit")];

/// Which models there are to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Models {
    Some,
    /// Only the one that comes with the site and always says the same.
    DemoOnly,
    None,
}

/// By what a person is greeted: the first word of the name.
fn first_name(name: &str) -> String {
    name.split_whitespace().next().unwrap_or_default().to_owned()
}

/// The text that an address puts into the composer. One that is longer than an address should be is not taken, because half
/// a question is worse than none.
pub fn offered_text(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty() && text.len() <= MAX_TEXT_IN_ADDRESS)
}

/// What the start page shows in place of messages.
pub struct Start {
    name: String,
    models: Models,
    /// Why the models of some providers are missing, for administrators.
    failures: Vec<Reason>,
    is_admin: bool,
    /// The newest conversations, each with the key of its age.
    recent: Vec<(Conversation, &'static str)>,
    /// What stands on the board.
    notes: StartNotes,
}

impl Start {
    pub fn of(
        current: &CurrentUser,
        (models, failures): (Models, &[Reason]),
        sidebar: &Sidebar,
        notes: StartNotes,
    ) -> Self {
        let is_admin = current.user.role == UserRole::Admin;
        let failures = if is_admin { failures.to_vec() } else { Vec::new() };
        let name = first_name(&current.user.name);
        Self { name, models, failures, is_admin, recent: sidebar.newest(RECENT), notes }
    }

    /// The greeting stands above the composer, the rest below it.
    pub fn show(self) -> impl IntoView {
        let Self { name, models, failures, is_admin, recent, notes } = self;
        let (before, after) = around("welcome", "name");
        let can_ask = models != Models::None;
        let what = if can_ask { "site-what" } else { "site-what-without-model" };
        view! {
            <div class="start">
                <section class="welcome">
                    <Icon name="flame" />
                    <h2>{before} <span dir="auto">{name}</span> {after}</h2>
                </section>
                <section class="begin" aria-label=t("begin")>
                    <Setup models failures is_admin />
                    {can_ask
                        .then(|| {
                            let examples = EXAMPLES.into_iter();
                            view! {
                                <div class="examples" role="group" aria-label=t("examples")>
                                    {examples.map(|(key, icon)| view! { <Example key icon /> }).collect_view()}
                                </div>
                            }
                        })}
                    {notes.show()}
                    {(!recent.is_empty()).then(|| view! { <Recent recent /> })}
                    <p class="what">{t(what)}</p>
                </section>
            </div>
        }
    }
}

/// A question to begin with. Without a script the link opens this page with the question in the composer.
#[component]
fn Example(key: &'static str, icon: &'static str) -> impl IntoView {
    let text = t(key);
    let address = format!("/?text={}", redirect::quoted(&text));
    let data = text.clone();
    view! {
        <a class="example" href=address data-text=data>
            <Icon name=icon />
            {text}
        </a>
    }
}

#[component]
fn Recent(recent: Vec<(Conversation, &'static str)>) -> impl IntoView {
    view! {
        <h2 id="recent">{t("conversations-recent")}</h2>
        <ul class="recent" aria-labelledby="recent">
            {recent
                .into_iter()
                .map(|(item, age)| {
                    view! {
                        <li>
                            <a href=format!("/c/{}", item.id)>
                                <span class="title" dir="auto">{title_of(&item)}</span>
                                <small>{t(age)}</small>
                            </a>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
}

/// What an administrator does about models that are missing; and for everybody, that there is none.
#[component]
fn Setup(models: Models, failures: Vec<Reason>, is_admin: bool) -> impl IntoView {
    let title = match models {
        Models::None => "setup-none",
        Models::DemoOnly if is_admin => "setup-demo",
        Models::Some if !failures.is_empty() => "setup-some",
        Models::DemoOnly | Models::Some => return None,
    };
    let shows_how = is_admin && models != Models::Some;
    Some(view! {
        <details class="setup" open=models == Models::None>
            <summary>{t(title)}</summary>
            {(!failures.is_empty())
                .then(|| {
                    let reasons = failures.into_iter().map(|failure| view! { <li>{t_with(failure)}</li> });
                    view! { <ul>{reasons.collect_view()}</ul> }
                })}
            {shows_how
                .then(|| {
                    view! {
                        <p>
                            <a href="/admin/models">{t("setup-add")}</a>
                        </p>
                        <p>{t("setup-how")}</p>
                        <pre tabindex="0">{PROVIDER}</pre>
                        <p class="muted">{t("setup-more")}</p>
                    }
                })}
            {(!is_admin).then(|| view! { <p>{t("setup-ask-administrator")}</p> })}
        </details>
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_greeted_by_their_first_name() {
        assert_eq!(first_name(" Ada  Lovelace "), "Ada");
        assert_eq!(first_name("林小雨"), "林小雨");
        assert_eq!(first_name(""), "");
    }

    #[test]
    fn a_text_in_an_address_is_taken_whole_or_not_at_all() {
        let offered = |text: &str| offered_text(Some(text.to_owned()));
        assert_eq!(offered("Why?\n"), Some("Why?\n".to_owned()));
        assert_eq!(offered(" \n"), None);
        assert!(offered(&"x".repeat(MAX_TEXT_IN_ADDRESS)).is_some());
        assert_eq!(offered(&"x".repeat(MAX_TEXT_IN_ADDRESS + 1)), None);
        assert_eq!(offered_text(None), None);
    }
}
