//! `/api/v1`: the same services for programs, one table of routes, and what describes them.

mod auth;
mod conversations;
mod docs;
mod events;
mod extract;
mod me;
mod messages;
mod openapi;

use std::sync::Arc;

use axum::{
    Router,
    extract::FromRef,
    routing::{MethodRouter, delete, get, post},
};

use super::{
    accounts::Accounts,
    chat::Chat,
    conversations::{Conversations, ModelList},
    http::site::Site,
    live::{Listening, reading::Reading},
};

/// Every address below `/api/v1`. The OpenAPI document lists the same ones; a test compares them.
pub fn table<S>() -> [(&'static str, MethodRouter<S>); 15]
where
    S: Clone + Send + Sync + 'static,
    Arc<Site>: FromRef<S>,
    Arc<Accounts>: FromRef<S>,
    Arc<Conversations>: FromRef<S>,
    Arc<ModelList>: FromRef<S>,
    Arc<Chat>: FromRef<S>,
    Arc<Listening>: FromRef<S>,
    Arc<Reading>: FromRef<S>,
{
    [
        ("/auth/register", post(auth::register)),
        ("/auth/login", post(auth::log_in)),
        ("/auth/logout", post(auth::log_out)),
        ("/me", get(me::me).patch(me::change)),
        ("/models", get(me::models)),
        ("/conversations", get(conversations::list).post(conversations::create)),
        (
            "/conversations/{id}",
            get(conversations::open).patch(conversations::change).delete(conversations::delete),
        ),
        ("/conversations/{id}/messages", get(messages::list).post(messages::ask)),
        ("/conversations/{id}/events", get(events::events)),
        ("/messages/{id}/stop", post(messages::stop)),
        ("/messages/{id}/regenerate", post(messages::regenerate)),
        ("/messages/{id}/continue", post(messages::go_on)),
        ("/messages/{id}/edit", post(messages::edit)),
        ("/messages/{id}/select", post(messages::select)),
        ("/messages/{id}", delete(messages::delete)),
    ]
}

pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Arc<Site>: FromRef<S>,
    Arc<Accounts>: FromRef<S>,
    Arc<Conversations>: FromRef<S>,
    Arc<ModelList>: FromRef<S>,
    Arc<Chat>: FromRef<S>,
    Arc<Listening>: FromRef<S>,
    Arc<Reading>: FromRef<S>,
{
    table().into_iter().fold(Router::new(), |router, (path, methods)| router.route(path, methods))
}

/// The OpenAPI document and its page.
pub fn documentation<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/api/openapi.json", get(openapi::document)).route("/api/docs", get(docs::page))
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use crate::server::{
        app::App,
        config::Config,
        llm::{demo::Demo, registry::Providers},
        ops::clock::Clock,
        store,
    };

    /// A server's state with an empty store in memory.
    pub(super) async fn state() -> App {
        let config = Config::load(None, |_| None).unwrap();
        let store = store::open("sqlite::memory:", &store::OpenOptions::default()).await.unwrap();
        let providers = Providers::new(vec![Arc::new(Demo::new(Duration::ZERO))]);
        App::new(config, &[7; 32], store, providers, Clock::system(), None)
    }
}
