//! The audit log, page by page, and the form that looks for a kind of entry or for a person.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;
use serde::Deserialize;
use strum::VariantArray;

use super::{AdminPage, Administrator, page};
use crate::{
    domain::{AuditEntry, AuditKind, Reason, audit::Named},
    pages::{Fresh, Notice, PageError, Query, days::Days, layout::Sidebar, sections::Section},
    server::{
        accounts::audit::{Audit, Sought},
        conversations::Conversations,
        http::redirect::quoted,
    },
    ui::{
        parts::Icon,
        words::{around, t, t_with},
    },
};

const HERE: &str = "/admin/audit";
/// The most characters of a person that are looked for.
const MAX_PERSON_CHARS: usize = 254;

/// The parameters of the page's address. A kind that does not exist is as if it were not there.
#[derive(Default, Deserialize)]
pub struct Search {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    person: String,
    cursor: Option<String>,
}

/// `GET /admin/audit`.
pub async fn entries(
    State(conversations): State<Arc<Conversations>>,
    State(audit): State<Arc<Audit>>,
    Fresh { now, .. }: Fresh,
    Administrator(admin, days): Administrator,
    Query(search): Query<Search>,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, admin.current(), (now, days)).await?;
    let kind: Option<AuditKind> = search.kind.parse().ok();
    let person: String = search.person.trim().chars().take(MAX_PERSON_CHARS).collect();
    let sought = Sought { kind, person: Some(&person), cursor: search.cursor.as_deref() };
    let found = audit.list(&admin, sought).await?;
    Ok(page(HERE).render(move || {
        let word = kind.map(|kind| kind.into_str()).unwrap_or_default();
        let filters = format!("kind={word}&person={}", quoted(&person));
        let older = found.next_cursor.map(|cursor| format!("{HERE}?{filters}&cursor={cursor}"));
        let empty = found.items.is_empty();
        let entries = found.items.into_iter().map(move |entry| view! { <Entry entry now days /> });
        view! {
            <AdminPage here=HERE sidebar notice>
                <Section id="audit" title=t("audit")>
                    <SearchForm kind person />
                    {empty.then(|| view! { <p role="status">{t("audit-none")}</p> })}
                    <ol class="audit">{entries.collect_view()}</ol>
                    {older
                        .map(|address| {
                            view! {
                                <p class="page-link">
                                    <a href=address>{t("audit-older")}</a>
                                </p>
                            }
                        })}
                    <p class="page-link">
                        <a href=format!("/api/v1/admin/audit.csv?{filters}") download="inglenook-audit.csv">
                            {t("audit-export")}
                        </a>
                    </p>
                </Section>
            </AdminPage>
        }
    }))
}

#[component]
fn SearchForm(kind: Option<AuditKind>, person: String) -> impl IntoView {
    let kinds = AuditKind::VARIANTS.iter().map(|each| {
        let selected = kind == Some(*each);
        view! {
            <option value=each.into_str() selected=selected>
                {t(each.name())}
            </option>
        }
    });
    view! {
        <form class="search audit-search" action=HERE role="search">
            <select name="kind" aria-label=t("audit-kind")>
                <option value="">{t("audit-kind-all")}</option>
                {kinds.collect_view()}
            </select>
            <input
                type="search"
                name="person"
                value=person
                maxlength=MAX_PERSON_CHARS
                placeholder=t("audit-person")
                aria-label=t("audit-person")
            />
            <button class="button-small" aria-label=t("search") title=t("search")>
                <Icon name="search" />
            </button>
        </form>
    }
}

/// What happened and when, and below it who, to whom, from where, and more about it.
#[component]
fn Entry(entry: AuditEntry, now: i64, days: Days) -> impl IntoView {
    let AuditEntry { at, kind, actor, subject, address, count, detail, .. } = entry;
    let when = days.when(now, at, None);
    let times = (count > 1).then(|| t_with(Reason::new("audit-times").with("count", count)));
    // Of a thing that was done to oneself, it is enough to say who did it.
    let subject = subject.filter(|subject| actor.as_ref() != Some(subject));
    let unknown = kind == AuditKind::SignInRefused && subject.is_none();
    let more = [
        unknown.then(|| t("audit-account-unknown")),
        Some(address).filter(|address| !address.is_empty()),
        detail.map(t_with),
    ];
    view! {
        <li>
            <p>
                <strong>{t(kind.name())}</strong>
                " "
                {times}
                <time datetime=when.machine>{when.whole}</time>
            </p>
            <p class="muted">
                {actor.map(|actor| view! { <Person key="audit-by" named=actor /> })}
                {subject.map(|subject| view! { <Person key="audit-to" named=subject /> })}
                {more.into_iter().flatten().map(|part| view! { <span>{part}</span> }).collect_view()}
            </p>
        </li>
    }
}

/// Who did it or to whom it was done: the link leads to all entries about them.
#[component]
fn Person(key: &'static str, named: Named) -> impl IntoView {
    let (before, after) =
        if key == "audit-by" { around("audit-by", "name") } else { around("audit-to", "name") };
    // Entries of earlier versions do not say what a code without a label is called.
    let name = if named.name.is_empty() { named.id.clone() } else { named.name };
    view! {
        <span>
            {before}
            <a href=format!("{HERE}?person={}", quoted(&named.id)) dir="auto">
                {name}
            </a>
            {after}
        </span>
    }
}
