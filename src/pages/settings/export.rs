//! The section of the export of everything: its making, how far it is, and the file.

use leptos::{nonce::use_nonce, prelude::*};

use crate::{
    domain::{Export, ExportState, Reason, amount::found},
    pages::{Notice, days::Days, sections::Section},
    ui::words::{t, t_with},
};

/// Runs right after the section.
const SCRIPT: &str = include_str!("export.js");

#[component]
pub fn ExportSection(export: Option<Export>, days: Days, form: Notice) -> impl IntoView {
    let refused = form.alert();
    let is_under_way = export.as_ref().is_some_and(Export::is_under_way);
    let state = match export {
        None => view! { <Make again=false /> }.into_any(),
        Some(export) => match export.state {
            ExportState::Waiting | ExportState::Running => view! { <UnderWay export /> }.into_any(),
            ExportState::Ready => view! { <Ready export days /> }.into_any(),
            ExportState::Failed => {
                let reason = export.reason.unwrap_or_else(|| Reason::new("export-failed"));
                view! {
                    <p class="alert" role="alert">
                        {t_with(reason)}
                    </p>
                    <Make again=true />
                }
                .into_any()
            }
        },
    };
    view! {
        <Section id="export" title=t("export")>
            <p class="muted">{t("export-about")}</p>
            {refused
                .filter(|_| !is_under_way)
                .map(|refused| {
                    view! {
                        <p class="alert" role="alert">
                            {refused}
                        </p>
                    }
                })}
            {state}
        </Section>
        {is_under_way.then(|| view! { <script nonce=use_nonce() inner_html=SCRIPT></script> })}
    }
}

#[component]
fn Make(again: bool) -> impl IntoView {
    let make = if again { t("export-make-again") } else { t("export-make") };
    view! {
        <form method="post" action="/fn/make-export">
            <button class="button-small">{make}</button>
        </form>
    }
}

#[component]
fn UnderWay(export: Export) -> impl IntoView {
    let (done, total) = (export.done.min(export.total), export.total);
    let told = match export.state {
        ExportState::Running => {
            t_with(Reason::new("export-progress").with("done", done).with("total", total))
        }
        _ => t("export-waiting"),
    };
    view! {
        <div class="export-progress" data-under-way="">
            <progress max=total.max(1) value=done aria-label=t("export")></progress>
            <p role="status">{told}</p>
        </div>
        <div class="row">
            <a class="button-small" href="/settings/data">
                {t("export-look")}
            </a>
            <form method="post" action="/fn/remove-export">
                <button class="button-small">{t("export-stop")}</button>
            </form>
        </div>
    }
}

#[component]
fn Ready(export: Export, days: Days) -> impl IntoView {
    let size = usize::try_from(export.bytes).unwrap_or(usize::MAX);
    let ready = Reason::new("export-ready")
        .with("size", found(size, size))
        .with("made", days.date_in_words(export.made_at))
        .with("date", days.date_in_words(export.ends_at));
    view! {
        <p role="status">{t_with(ready)}</p>
        <div class="row">
            <a class="button-small" href="/api/v1/me/export/file" download="">
                {t("export-download")}
            </a>
            <form method="post" action="/fn/make-export">
                <button class="button-small">{t("export-make-again")}</button>
            </form>
            <form method="post" action="/fn/remove-export">
                <button class="button-small">{t("export-remove")}</button>
            </form>
        </div>
    }
}
