//! The reports of a room, for its moderators: those that are open, and those that were settled.

use std::{collections::HashMap, sync::Arc};

use axum::{extract::State, response::Response};
use leptos::prelude::*;
use serde::Deserialize;

use super::{
    RoomPage, Tab,
    lines::{Line, MessageLine},
    title,
};
use crate::{
    domain::{Reason, Report, ReportEnd},
    pages::{Fresh, Id, Notice, PageError, Query, Visitor, days::Days, layout::Sidebar, sections::Section},
    server::{
        conversations::Conversations,
        http::{document::Page, redirect},
        rooms::{Person, ReportPage, Rooms},
    },
    ui::words::{t, t_with},
};

/// The parameters of the page's address.
#[derive(Default, Deserialize)]
pub struct Which {
    /// Whether those are wanted that were settled.
    #[serde(default)]
    settled: bool,
    cursor: Option<String>,
}

/// `GET /rooms/{id}/reports`.
pub async fn reports(
    State(conversations): State<Arc<Conversations>>,
    State(rooms): State<Arc<Rooms>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    Id(id): Id,
    Query(Which { settled, cursor }): Query<Which>,
    notice: Notice,
) -> Result<Response, PageError> {
    let open = rooms.open_to_manage(&current, &id).await?;
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let ReportPage { items, next_cursor } =
        rooms.reports(&current, &id, (settled, cursor.as_deref())).await?;
    let messages: Vec<_> = items.iter().filter_map(|item| item.message.clone()).collect();
    let lines = Line::of(&rooms, &open.grant, &messages, days).await?;
    let reporters = items.iter().filter_map(|item| item.report.reporter_id.clone());
    let settlers = items.iter().filter_map(|item| Some(item.report.settled.as_ref()?.by.clone()));
    let people = rooms.people_of(&open.grant, reporters.chain(settlers).collect()).await?;
    Ok(Page::new(title("reports", &open.room)).render(move || {
        let none = items.is_empty();
        let rows = items.into_iter().filter_map(|item| {
            let line = lines.iter().find(|line| line.id == item.report.message_id)?.clone();
            let (room_id, about, people) = (id.clone(), id.clone(), people.clone());
            Some(view! {
                <MessageLine room_id line>
                    <About room_id=about report=item.report people days />
                </MessageLine>
            })
        });
        let rows = rows.collect_view();
        let kind = if settled { "settled=true&" } else { "" };
        let older = next_cursor
            .map(|cursor| format!("/rooms/{id}/reports?{kind}cursor={}", redirect::quoted(&cursor)));
        let (others, key) = match settled {
            true => (format!("/rooms/{id}/reports"), "reports-open"),
            false => (format!("/rooms/{id}/reports?settled=true"), "reports-settled"),
        };
        view! {
            <RoomPage room=open.room manages=true here=Some(Tab::Reports) sidebar notice>
                <Section id="reports" title=t(if settled { "reports-settled" } else { "reports-open" })>
                    {none.then(|| view! { <p class="muted">{t("reports-none")}</p> })}
                    <ul class="message-lines">{rows}</ul>
                    {older.map(|address| view! { <p class="page-link"><a href=address>{t("reports-older")}</a></p> })}
                    <p class="page-link">
                        <a href=others>{t(key)}</a>
                    </p>
                </Section>
            </RoomPage>
        }
    }))
}

/// What a report says, and what a moderator does with it.
#[component]
fn About(room_id: String, report: Report, people: HashMap<String, Person>, days: Days) -> impl IntoView {
    let name = |id: &String| people.get(id).map(|person| person.member.name.clone()).unwrap_or_default();
    let when = days.when(report.created_at, report.created_at, None).whole;
    let by = match &report.reporter_id {
        Some(id) => Reason::new("report-by").with("name", name(id)).with("time", when),
        None => Reason::new("report-made").with("time", when),
    };
    let end = report.settled.as_ref().map(|settled| {
        let key = match settled.how {
            ReportEnd::Dismissed => "report-end-dismissed",
            ReportEnd::Deleted => "report-end-deleted",
        };
        let when = days.when(settled.at, settled.at, None).whole;
        t_with(Reason::new(key).with("name", name(&settled.by)).with("time", when))
    });
    let acts = report.settled.is_none().then(|| {
        view! {
            <div class="report-acts">
                <form method="post" action="/fn/dismiss-report">
                    <input type="hidden" name="id" value=room_id />
                    <button class="button-small" name="report_id" value=report.id.clone()>
                        {t("report-dismiss")}
                    </button>
                </form>
                <details class="confirm">
                    <summary class="button-small danger">{t("message-delete-ask")}</summary>
                    <form method="post" action="/fn/erase-post">
                        <input type="hidden" name="list" value="reports" />
                        <p>{t("message-erase-hint")}</p>
                        <button class="button-small danger" name="message_id" value=report.message_id.clone()>
                            {t("message-delete")}
                        </button>
                    </form>
                </details>
            </div>
        }
    });
    let reason = Some(report.reason).filter(|reason| !reason.is_empty());
    view! {
        <div class="report">
            {reason.map(|reason| view! { <p dir="auto">{reason}</p> })}
            <p class="muted">{t_with(by)}</p>
            {end.map(|end| view! { <p class="muted">{end}</p> })}
            {acts}
        </div>
    }
}
