//! `/admin/usage`: how much people used of which model.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;
use serde::Deserialize;

use super::{AdminPage, Administrator, page};
use crate::{
    domain::{Reason, Spending, SpendingReport},
    pages::{Fresh, Notice, PageError, Query, layout::Sidebar, sections::Section},
    server::conversations::{Conversations, allowance::Allowances},
    ui::words::{t, t_with},
};

const HERE: &str = "/admin/usage";
/// The periods to choose from, in days.
const PERIODS: [u32; 3] = [1, 7, 30];

/// The parameters of the page's address. A number of days that is no period counts as the second one.
#[derive(Default, Deserialize)]
pub struct Period {
    #[serde(default)]
    days: String,
}

impl Period {
    fn days(&self) -> u32 {
        let days = self.days.parse().ok().filter(|days| PERIODS.contains(days));
        days.unwrap_or(PERIODS[1])
    }
}

/// `GET /admin/usage`.
pub async fn usage(
    State(conversations): State<Arc<Conversations>>,
    State(allowances): State<Arc<Allowances>>,
    Fresh { now, .. }: Fresh,
    Administrator(admin, days): Administrator,
    Query(period): Query<Period>,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, admin.current(), (now, days)).await?;
    let chosen = period.days();
    let report = allowances.report(&admin, chosen, None).await?;
    Ok(page(HERE).render(move || {
        let periods = PERIODS.map(|days| {
            let current = (days == chosen).then_some("page");
            view! {
                <a href=format!("{HERE}?days={days}") aria-current=current>
                    {t_with(Reason::new("usage-days").with("days", days))}
                </a>
            }
        });
        let left = report.people_count.saturating_sub(report.people.len() as u64);
        let more = (left > 0).then(|| t_with(Reason::new("usage-people-more").with("count", left)));
        let (first, people) = (report.clone(), report);
        view! {
            <AdminPage here=HERE sidebar notice>
                <Section id="usage" title=t("usage")>
                    <p class="muted">{t("usage-hint")}</p>
                    <nav class="periods" aria-label=t("usage-period")>
                        {periods}
                    </nav>
                    <Models report=first />
                </Section>
                {(people.people_count > 0)
                    .then(|| {
                        view! {
                            <Section id="people" title=t("usage-people")>
                                <People report=people />
                                {more.map(|more| view! { <p class="muted">{more}</p> })}
                            </Section>
                        }
                    })}
            </AdminPage>
        }
    }))
}

/// What was used of each model.
#[component]
pub fn Models(report: SpendingReport) -> impl IntoView {
    let most = most_of(report.models.iter().map(|of| of.spending));
    let empty = report.models.is_empty();
    let rows = report.models.into_iter().map(|of| {
        let name = match of.model.is_empty() {
            true => t("usage-earlier").into_any(),
            false => view! { <code>{of.model}</code> }.into_any(),
        };
        view! { <li>{name} <Used spending=of.spending most /></li> }
    });
    view! {
        <p>{if empty { t("usage-none") } else { said(report.total) }}</p>
        <ul class="usage">{rows.collect_view()}</ul>
    }
}

/// What each person used.
#[component]
fn People(report: SpendingReport) -> impl IntoView {
    let most = most_of(report.people.iter().map(|of| of.spending));
    let rows = report.people.into_iter().map(|of| {
        let name = match of.name {
            Some(name) => {
                view! { <a href=format!("/admin/people/{}", of.user_id) dir="auto">{name}</a> }.into_any()
            }
            None => view! { <span class="muted">{t("usage-gone")}</span> }.into_any(),
        };
        view! { <li>{name} <Used spending=of.spending most /></li> }
    });
    view! { <ul class="usage">{rows.collect_view()}</ul> }
}

/// A row's share of the largest one, and its figures.
#[component]
fn Used(spending: Spending, most: u64) -> impl IntoView {
    view! {
        <meter class="budget" min="0" max=most value=spending.tokens aria-hidden="true"></meter>
        <small>{said(spending)}</small>
    }
}

fn most_of(spendings: impl Iterator<Item = Spending>) -> u64 {
    spendings.map(|spending| spending.tokens).max().unwrap_or_default().max(1)
}

fn said(Spending { messages, tokens }: Spending) -> String {
    t_with(Reason::new("usage-said").with("messages", messages).with("tokens", tokens))
}
