//! Opening MongoDB: fills in defaults for the URL, checks that the server is part of a replica set, checks the schema
//! and the secret in the database, and creates the indexes.

use std::{sync::atomic::AtomicU64, time::Duration};

use mongodb::{
    Client,
    bson::doc,
    error::{Error, ErrorKind},
    options::{ClientOptions, ReadConcern, WriteConcern},
};
use tokio::sync::Semaphore;

use crate::server::store::{
    Inspection, ModelProviders, OpenError, OpenOptions, Outlook, Queue, QueueView, StoreError, StoredProvider,
};

use super::{
    Mongo,
    begun::Begun,
    error::store_error,
    indexes,
    version::{self, SCHEMA},
};

const CONNECT: Duration = Duration::from_secs(5);
const POOL: u32 = 50;
const DATABASE: &str = "inglenook";
/// The first schema that gives each change a number.
const NUMBERED: i64 = 2;

pub(super) async fn open(url: &str, options: &OpenOptions) -> Result<Mongo, OpenError> {
    let found = connect(url, options).await?;
    match found.prepare(options).await {
        Ok(()) => Ok(found.mongo),
        Err(error) => {
            let own = doc! { "_id": &found.mongo.instance };
            let _ = tokio::time::timeout(found.patience, found.mongo.instances().delete_one(own)).await;
            found.mongo.client.shutdown().immediate(true).await;
            Err(error)
        }
    }
}

/// What [`open`] would do; changes nothing.
pub(in crate::server::store) async fn inspect(
    url: &str,
    options: &OpenOptions,
) -> Result<Inspection, OpenError> {
    let found = connect(url, options).await?;
    let outlook = found.outlook(options).await;
    found.mongo.client.shutdown().immediate(true).await;
    Ok(Inspection { outlook: outlook?, copy: None, holder: None })
}

pub(in crate::server::store) async fn inspect_jobs(
    url: &str,
    options: &OpenOptions,
    limit: u32,
) -> Result<QueueView, OpenError> {
    let mongo = connect(url, options).await?.mongo;
    let view = mongo.view_jobs(limit).await;
    mongo.client.shutdown().immediate(true).await;
    view.map_err(|error| OpenError::Failed(error.into()))
}

pub(in crate::server::store) async fn inspect_providers(
    url: &str,
    options: &OpenOptions,
) -> Result<Vec<StoredProvider>, OpenError> {
    let mongo = connect(url, options).await?.mongo;
    let found = mongo.model_providers().await;
    mongo.client.shutdown().immediate(true).await;
    found.map_err(|error| OpenError::Failed(error.into()))
}

/// The server that the URL names, which may be unreachable.
struct Found {
    mongo: Mongo,
    hosts: String,
    patience: Duration,
}

async fn connect(url: &str, options: &OpenOptions) -> Result<Found, OpenError> {
    // The driver asks DNS for a mongodb+srv:// name here.
    let parsed = tokio::time::timeout(options.mongo_patience * 2, ClientOptions::parse(url)).await;
    let mut client_options = match parsed {
        Ok(Ok(client_options)) => client_options,
        Ok(Err(error)) => return Err(url_error(error, options.mongo_patience)),
        Err(elapsed) => return Err(no_answer("the named host", options.mongo_patience * 2, elapsed.into())),
    };
    fill_in(&mut client_options, options);
    let patience = client_options.server_selection_timeout.unwrap_or(options.mongo_patience);
    let hosts = hosts(&client_options);
    let database = client_options.default_database.clone().unwrap_or_else(|| DATABASE.to_owned());
    let client = Client::with_options(client_options).map_err(|error| url_error(error, patience))?;
    let mongo = Mongo {
        db: client.database(&database),
        client,
        limit: patience * 2,
        instance: options.instance.clone(),
        revisions: AtomicU64::new(0),
        begun: Begun::default(),
        // More transactions would only wait for connections, each with a stored session.
        transactions: Semaphore::new(POOL as usize),
    };
    Ok(Found { mongo, hosts, patience })
}

/// Fills in settings that the URL leaves open. The driver's own defaults wait 30 s for a server and keep 10
/// connections.
fn fill_in(client: &mut ClientOptions, options: &OpenOptions) {
    client.app_name.get_or_insert_with(|| "inglenook".to_owned());
    client.max_pool_size.get_or_insert(POOL);
    client.server_selection_timeout.get_or_insert(options.mongo_patience);
    client.connect_timeout.get_or_insert(CONNECT);
    client.read_concern.get_or_insert_with(ReadConcern::majority);
    client.write_concern.get_or_insert_with(|| {
        let mut concern = WriteConcern::majority();
        concern.journal = Some(true);
        concern
    });
}

/// The addresses of the URL, without its user name and password.
fn hosts(options: &ClientOptions) -> String {
    let hosts: Vec<String> = options.hosts.iter().map(ToString::to_string).collect();
    hosts.join(", ")
}

impl Found {
    /// Creates missing indexes, gives numbers to documents of earlier versions, and stores the schema and the secret of
    /// this server.
    async fn prepare(&self, options: &OpenOptions) -> Result<(), OpenError> {
        let mongo = &self.mongo;
        let schema = self.schema().await?;
        indexes::make(mongo).await.map_err(|error| self.said(error))?;
        if schema.is_some_and(|schema| schema < NUMBERED) {
            mongo.number_old().await.map_err(|error| self.said(error))?;
        }
        version::note(mongo).await.map_err(|error| self.said(error))?;
        let Some(fingerprint) = &options.fingerprint else { return Ok(()) };
        match version::agree(mongo, fingerprint).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(OpenError::OtherSecret { place: self.place() }),
            Err(error) => Err(self.said(error)),
        }
    }

    async fn outlook(&self, options: &OpenOptions) -> Result<Outlook, OpenError> {
        let schema = self.schema().await?;
        if let Some(fingerprint) = &options.fingerprint
            && !version::would_agree(&self.mongo, fingerprint).await.map_err(|error| self.said(error))?
        {
            return Err(OpenError::OtherSecret { place: self.place() });
        }
        Ok(match schema {
            None => Outlook::New,
            Some(SCHEMA) => Outlook::Ready { schema: SCHEMA },
            Some(from) => Outlook::Upgrade { from, to: SCHEMA },
        })
    }

    /// The schema of the database, or an error if this version does not understand it.
    async fn schema(&self) -> Result<Option<i64>, OpenError> {
        self.greet().await?;
        match version::schema(&self.mongo).await {
            Ok(Some(found)) if found > SCHEMA => {
                Err(OpenError::TooNew { place: self.place(), found, known: SCHEMA })
            }
            Ok(schema) => Ok(schema),
            Err(error) => Err(self.said(error)),
        }
    }

    /// Checks that a server answers that supports transactions.
    async fn greet(&self) -> Result<(), OpenError> {
        let Self { mongo, hosts, .. } = self;
        let admin = mongo.client.database("admin");
        let hello = tokio::time::timeout(mongo.limit, admin.run_command(doc! { "hello": 1 }))
            .await
            .map_err(|elapsed| no_answer(hosts, mongo.limit, elapsed.into()))?
            .map_err(|error| self.said(error))?;
        // A member of a replica set sends its name, a router of a sharded cluster sends "isdbgrid".
        if hello.contains_key("setName") || hello.get_str("msg") == Ok("isdbgrid") {
            return Ok(());
        }
        Err(OpenError::NotAReplicaSet { hosts: hosts.clone() })
    }

    /// The database as messages to the operator name it.
    fn place(&self) -> String {
        format!("{} on {}", self.mongo.db.name(), self.hosts)
    }

    fn said(&self, error: Error) -> OpenError {
        if refused(&error) {
            return OpenError::Refused { hosts: self.hosts.clone(), source: error.into() };
        }
        match store_error(error) {
            StoreError::Unavailable(source) => no_answer(&self.hosts, self.patience, source),
            StoreError::Full(source) | StoreError::Lost(source) | StoreError::Broken(source) => {
                OpenError::Failed(source)
            }
        }
    }
}

fn no_answer(hosts: &str, within: Duration, source: Box<dyn std::error::Error + Send + Sync>) -> OpenError {
    OpenError::NoAnswer { hosts: hosts.to_owned(), within, source }
}

fn url_error(error: Error, within: Duration) -> OpenError {
    match &*error.kind {
        ErrorKind::DnsResolve { .. } => no_answer("the named host", within, error.into()),
        ErrorKind::InvalidArgument { message, .. } => {
            OpenError::BadUrl { reason: message.trim_end_matches('.').to_owned() }
        }
        _ => OpenError::Failed(error.into()),
    }
}

/// A wrong password (18), or a user without the necessary rights (13).
fn refused(error: &Error) -> bool {
    match &*error.kind {
        ErrorKind::Authentication { .. } => true,
        ErrorKind::Command(command) => matches!(command.code, 13 | 18),
        _ => false,
    }
}
