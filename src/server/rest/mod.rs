//! `/api/v1`: the same services for programs; each route is added together with its description.

mod audit;
mod auth;
mod board;
mod bring_in;
mod codes;
mod conversations;
mod directs;
mod docs;
mod events;
mod exports;
mod extract;
mod identities;
mod marks;
mod me;
mod message_view;
mod messages;
mod models;
mod openapi;
mod people;
mod posts;
mod presence;
mod problems;
mod profiles;
mod proof;
mod providers;
mod queue;
mod registration;
mod room_codes;
mod room_members;
mod rooms;
mod scopes;
mod second_factor;
mod sessions;
pub mod socket;
mod tiers;
mod usage;

use std::sync::Arc;

use axum::{Router, body::Bytes, extract::FromRef, routing::get};
use utoipa::{OpenApi as _, openapi::OpenApi};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    accounts::{Accounts, audit::Audit},
    chat::Chat,
    conversations::{Conversations, ModelList, allowance::Allowances},
    exports::Exporter,
    http::site::Site,
    live::{Listening, presence::Presences, reading::Reading},
    providers::ModelProviders,
    rooms::{Rooms, profiles::Profiles},
};
use crate::domain::Scope;

/// Where the addresses of the API begin.
pub const BASE: &str = "/api/v1";

/// Every address below [`BASE`], and the document that describes them.
pub fn routes<S>() -> (Router<S>, OpenApi)
where
    S: Clone + Send + Sync + 'static,
    Arc<Site>: FromRef<S>,
    Arc<Accounts>: FromRef<S>,
    Arc<Audit>: FromRef<S>,
    Arc<Exporter>: FromRef<S>,
    Arc<Conversations>: FromRef<S>,
    Arc<ModelList>: FromRef<S>,
    Arc<Allowances>: FromRef<S>,
    Arc<ModelProviders>: FromRef<S>,
    Arc<Chat>: FromRef<S>,
    Arc<Rooms>: FromRef<S>,
    Arc<Presences>: FromRef<S>,
    Arc<Profiles>: FromRef<S>,
    Arc<Listening>: FromRef<S>,
    Arc<Reading>: FromRef<S>,
{
    // A key can do what stands in these three and nothing else. A new route belongs into the last one, unless somebody
    // decides that it is for keys of smaller scopes, too.
    let read = OpenApiRouter::new()
        .routes(routes!(me::me))
        .routes(routes!(me::models))
        .routes(routes!(tiers::budget))
        .routes(routes!(conversations::list))
        .routes(routes!(conversations::open))
        .routes(routes!(conversations::bin))
        .routes(routes!(queue::list))
        .routes(routes!(messages::list))
        .routes(routes!(posts::versions))
        .routes(routes!(rooms::list))
        .routes(routes!(rooms::listed))
        .routes(routes!(rooms::open))
        .routes(routes!(board::show))
        .routes(routes!(room_members::list))
        .routes(routes!(marks::list))
        .routes(routes!(marks::pins))
        .routes(routes!(marks::reports))
        .routes(routes!(directs::list))
        .routes(routes!(directs::open))
        .routes(routes!(profiles::list))
        .routes(routes!(profiles::open))
        .routes(routes!(profiles::wall))
        .routes(routes!(events::events));
    let chat = OpenApiRouter::new()
        .routes(routes!(conversations::create))
        .routes(routes!(conversations::change, conversations::delete))
        .routes(routes!(conversations::restore))
        .routes(routes!(conversations::seen))
        .routes(routes!(conversations::fork))
        .routes(routes!(rooms::create))
        .routes(routes!(bring_in::bring_in))
        .routes(routes!(rooms::change, rooms::delete))
        .routes(routes!(rooms::join))
        .routes(routes!(board::join))
        .routes(routes!(rooms::join_with_code))
        .routes(routes!(rooms::leave))
        .routes(routes!(rooms::notify))
        .routes(routes!(rooms::read))
        .routes(routes!(marks::react))
        .routes(routes!(marks::pin))
        .routes(routes!(marks::report))
        .routes(routes!(marks::dismiss))
        .routes(routes!(directs::open_with))
        .routes(routes!(directs::put_away))
        .routes(routes!(queue::add))
        .routes(routes!(queue::change, queue::remove))
        .routes(routes!(queue::send))
        .routes(routes!(messages::ask))
        .routes(routes!(messages::stop))
        .routes(routes!(messages::regenerate))
        .routes(routes!(messages::continue_answer))
        .routes(routes!(messages::edit))
        .routes(routes!(messages::select))
        .routes(routes!(messages::delete, posts::change))
        .routes(routes!(messages::restore));
    let all = OpenApiRouter::new()
        .routes(routes!(me::change))
        .routes(routes!(me::leave, me::stay))
        .routes(routes!(presence::show, presence::change))
        .routes(routes!(exports::make, exports::show, exports::remove))
        .routes(routes!(exports::file))
        .routes(routes!(proof::prove))
        .routes(routes!(second_factor::show, second_factor::begin, second_factor::end))
        .routes(routes!(second_factor::confirm))
        .routes(routes!(second_factor::recovery_codes))
        .routes(routes!(sessions::list, sessions::end_others))
        .routes(routes!(sessions::end))
        .routes(routes!(sessions::keys, sessions::make_key))
        .routes(routes!(sessions::end_key))
        .routes(routes!(identities::list))
        .routes(routes!(identities::disconnect))
        .routes(routes!(people::list))
        .routes(routes!(people::open, people::change, people::delete))
        .routes(routes!(people::reset))
        .routes(routes!(people::give_tier))
        .routes(routes!(people::second_factor, people::end_second_factor))
        .routes(routes!(registration::show, registration::change))
        .routes(routes!(room_members::change, room_members::remove))
        .routes(routes!(room_members::ban))
        .routes(routes!(room_members::unban))
        .routes(routes!(room_members::hand_over))
        .routes(routes!(room_codes::list, room_codes::make))
        .routes(routes!(room_codes::end))
        .routes(routes!(profiles::blocked))
        .routes(routes!(profiles::block, profiles::unblock))
        .routes(routes!(profiles::leave_note))
        .routes(routes!(profiles::remove_note))
        .routes(routes!(codes::redeem))
        .routes(routes!(tiers::list, tiers::create))
        .routes(routes!(tiers::change, tiers::delete))
        .routes(routes!(providers::list, providers::add))
        .routes(routes!(providers::attempt))
        .routes(routes!(providers::order))
        .routes(routes!(providers::change, providers::remove))
        .routes(routes!(models::show, models::change))
        .routes(routes!(usage::all))
        .routes(routes!(usage::of_person))
        .routes(routes!(codes::list, codes::make))
        .routes(routes!(codes::end))
        .routes(routes!(board::settings, board::change))
        .routes(routes!(audit::list))
        .routes(routes!(audit::export));
    let mut document = openapi::Document::openapi();
    socket::describe(&mut document);
    OpenApiRouter::with_openapi(document)
        .routes(routes!(auth::register))
        .routes(routes!(auth::log_in))
        .routes(routes!(auth::log_out))
        .merge(scopes::within(Scope::Read, read))
        .merge(scopes::within(Scope::Chat, chat))
        .merge(scopes::within(Scope::All, all))
        .split_for_parts()
}

/// The OpenAPI document, for programs and as a page.
pub fn documentation<S: Clone + Send + Sync + 'static>(document: OpenApi) -> Router<S> {
    // Plain values cannot fail to become JSON.
    let text = Bytes::from(document.to_json().unwrap_or_default());
    let page = docs::Document::new(&document);
    Router::new()
        .route("/api/openapi.json", get(async move || openapi::answer(text.clone())))
        .route("/api/docs", get(async move || docs::page(page.clone())))
}
