//! [`App`]: builds every service once and hands each its parts. Only the lifecycle and the router name `App`; a handler
//! names the services that it uses.

use std::sync::Arc;

use axum::extract::FromRef;
use leptos::prelude::provide_context;

use super::{
    accounts::{Accounts, audit::Audit},
    chat::Chat,
    cluster::{Cluster, Relay},
    config::{Config, PeopleList},
    conversations::{Conversations, ModelList, allowance::Allowances},
    exports::Exporter,
    http::{context::Provide, probes::Readiness, site::Site},
    journal::Journal,
    live::{
        Listening, Live, browsers::Browsers, elsewhere::Elsewhere, presence::Presences, reading::Reading,
    },
    llm::registry::Providers,
    ops::{
        clock::{Clock, Ids},
        ended::Ended,
        tasks::Tasks,
    },
    providers::ModelProviders,
    render::Renderer,
    rooms::{
        self, Rooms,
        profiles::{self, Profiles},
    },
    store::{Chats, Sessions, Store, Users},
};

/// Cheap to clone; one per server.
#[derive(Clone, FromRef)]
pub struct App {
    pub site: Arc<Site>,
    pub accounts: Arc<Accounts>,
    pub audit: Arc<Audit>,
    pub exports: Arc<Exporter>,
    pub conversations: Arc<Conversations>,
    pub models: Arc<ModelList>,
    pub allowances: Arc<Allowances>,
    pub providers: Arc<ModelProviders>,
    pub chat: Arc<Chat>,
    pub rooms: Arc<Rooms>,
    pub presences: Arc<Presences>,
    pub profiles: Arc<Profiles>,
    pub listening: Arc<Listening>,
    pub reading: Arc<Reading>,
    pub readiness: Arc<Readiness>,
    pub provide: Provide,
    pub clock: Clock,
    pub ids: Arc<Ids>,
    /// What runs behind the answers; the lifecycle ends them.
    pub tasks: Tasks,
    pub live: Arc<Live>,
    pub relay: Arc<Relay>,
    pub cluster: Arc<Cluster>,
    pub store: Arc<dyn Store>,
    pub journal: Option<Arc<Journal>>,
}

impl App {
    /// `secret` signs tokens. Without a `journal`, text is written to the database before listeners get it.
    pub fn new(
        config: Config,
        secret: &[u8],
        store: Arc<dyn Store>,
        providers: Providers,
        clock: Clock,
        journal: Option<Journal>,
    ) -> Self {
        let (users, sessions): (Arc<dyn Users>, Arc<dyn Sessions>) = (store.clone(), store.clone());
        let chats: Arc<dyn Chats> = store.clone();
        let (providers, journal) = (Arc::new(providers), journal.map(Arc::new));
        let (ids, live) = (Arc::new(Ids::new(clock.clone())), Arc::new(Live::default()));
        let (ended, tasks) = (Arc::new(Ended::default()), Tasks::default());
        let streams = live.clone();
        ended.listen(move |ids| streams.end_sessions(ids));
        let renderer = Arc::new(Renderer::new(std::thread::available_parallelism().map_or(2, usize::from)));
        let reading = Arc::new(Reading::default());
        let allowances = Arc::new(Allowances::new(store.clone(), store.clone(), clock.clone()));
        let models = Arc::new(ModelList::new(
            providers.clone(),
            allowances.clone(),
            config.chat.default_model.clone(),
            tasks.clone(),
        ));
        let relay = Arc::new(Relay::new(live.clone(), chats.clone(), sessions.clone(), clock.clone()));
        let elsewhere: Arc<dyn Elsewhere> = relay.clone();
        let cluster = Arc::new(Cluster::new(chats.clone(), relay.clone(), tasks.clone()));
        let audit =
            Arc::new(Audit::new((store.clone(), users.clone()), (clock.clone(), ids.clone(), tasks.clone())));
        let accounts = Arc::new(Accounts::new(
            &config,
            secret,
            store.clone(),
            (ended, audit.clone()),
            (clock.clone(), ids.clone()),
        ));
        let exports = Arc::new(Exporter::new(
            (accounts.clone(), audit.clone()),
            store.clone(),
            (chats.clone(), store.clone(), store.clone()),
            (clock.clone(), ids.clone(), tasks.clone()),
        ));
        let model_providers = Arc::new(ModelProviders::new(
            &config,
            secret,
            (store.clone(), store.clone()),
            (accounts.clone(), audit.clone()),
            (providers.clone(), models.clone()),
            ids.clone(),
        ));
        let conversations = Arc::new(Conversations {
            chats: chats.clone(),
            models: models.clone(),
            allowances: allowances.clone(),
            live: live.clone(),
            elsewhere: elsewhere.clone(),
            renderer: renderer.clone(),
            reading: reading.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            tasks: tasks.clone(),
        });
        let chat = Arc::new(Chat::new(
            config.limits,
            (chats.clone(), users.clone()),
            (models.clone(), allowances.clone(), providers),
            live.clone(),
            journal.clone(),
            (clock.clone(), ids.clone(), tasks.clone()),
        ));
        let rooms = Arc::new(Rooms {
            chats: chats.clone(),
            codes: store.clone(),
            users: users.clone(),
            accounts: accounts.clone(),
            audit: audit.clone(),
            renderer: renderer.clone(),
            conversations: conversations.clone(),
            models: models.clone(),
            allowances: allowances.clone(),
            live: live.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            most_members: config.limits.room_members,
            reports: super::rooms::report_limit(),
            new_directs: rooms::new_directs(),
            moves: rooms::moves(),
        });
        let presences = Presences::new(store.clone(), clock.clone(), tasks.clone());
        let profiles = Arc::new(Profiles {
            store: store.clone(),
            users: users.clone(),
            allowances: allowances.clone(),
            audit: audit.clone(),
            presences: presences.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            people_list: config.auth.people_list != Some(PeopleList::Off),
            notes: profiles::limit(),
        });
        let listening = Arc::new(Listening {
            live: live.clone(),
            chats,
            sessions,
            elsewhere,
            renderer,
            reading: reading.clone(),
            browsers: Browsers::default(),
            clock: clock.clone(),
            streams_per_user: config.limits.streams_per_user,
        });
        let readiness = Arc::new(Readiness::new(store.clone(), live.clone()));
        let site = Arc::new(Site::new(config, secret, clock.clone()));
        let provide = provided(
            (&accounts, &exports),
            (&conversations, &models, &model_providers),
            (&chat, &rooms, &profiles),
            (&listening, &presences),
        );
        Self {
            site,
            accounts,
            audit,
            exports,
            conversations,
            models,
            allowances,
            providers: model_providers,
            chat,
            rooms,
            presences,
            profiles,
            listening,
            reading,
            readiness,
            provide,
            clock,
            ids,
            tasks,
            live,
            relay,
            cluster,
            store,
            journal,
        }
    }
}

/// Hands server functions the services that they may use.
fn provided(
    (accounts, exports): (&Arc<Accounts>, &Arc<Exporter>),
    (conversations, models, providers): (&Arc<Conversations>, &Arc<ModelList>, &Arc<ModelProviders>),
    (chat, rooms, profiles): (&Arc<Chat>, &Arc<Rooms>, &Arc<Profiles>),
    (listening, presences): (&Arc<Listening>, &Arc<Presences>),
) -> Provide {
    let (accounts, exports) = (accounts.clone(), exports.clone());
    let (conversations, models, providers) = (conversations.clone(), models.clone(), providers.clone());
    let (chat, rooms, listening) = (chat.clone(), rooms.clone(), listening.clone());
    let (profiles, presences) = (profiles.clone(), presences.clone());
    Provide::new(move || {
        provide_context(accounts.clone());
        provide_context(exports.clone());
        provide_context(conversations.clone());
        provide_context(models.clone());
        provide_context(providers.clone());
        provide_context(chat.clone());
        provide_context(rooms.clone());
        provide_context(profiles.clone());
        provide_context(listening.clone());
        provide_context(presences.clone());
    })
}
