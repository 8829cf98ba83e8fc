//! [`Accounts`]: who people are, how they prove it, and the sessions that remember it.

mod account_data;
pub mod appearance;
pub mod attempts;
pub mod audit;
pub mod codes;
mod device;
mod devices;
mod downloads;
mod identities;
pub mod invitations;
mod jwt_hmac;
pub mod keys;
pub mod language;
pub mod leaving;
mod me;
pub mod passwords;
pub mod people;
pub mod picture;
mod preferences;
mod proof;
mod recovery;
pub mod redeem;
mod register;
pub mod registration;
pub mod room_codes;
mod second_factor;
mod sessions;
mod sign_in;
pub mod tiers;
mod tokens;
mod totp;
pub mod typed;
pub mod valid;
mod visits;
pub mod welcome;

use std::sync::Arc;

pub use self::{
    account_data::AccountData,
    device::{AskStep, DeviceStep, LINK_SECONDS},
    me::MeChange,
    proof::Proof,
    register::Registering,
    second_factor::{Enrolment, FactorState},
    sessions::Resumed,
    sign_in::{Entered, SignedIn, TICKET_SECONDS},
    tokens::IssuedToken,
    visits::{AWAY_SECONDS, Arrived, Back, Leaving, Purpose, Returned},
};
use self::{
    attempts::Attempts, audit::Audit, passwords::Passwords, registration::Configured, tokens::Tokens,
};
pub use super::config::{EmailRule, Registration};
use super::{
    config::Config,
    oidc::Ways,
    ops::{
        clock::{Clock, Ids},
        ended::Ended,
        seal::Seal,
    },
    store::{
        AccountStore, Codes, DeviceLinks, Facts, Identities, People, SecondFactors, Sessions, Tiers, Users,
    },
};

/// Who sends a request, as far as it can be seen from outside.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// What the limits count by: an address, or a network for IPv6.
    pub address: String,
    /// What a session remembers.
    pub user_agent: String,
}

/// One per server.
pub struct Accounts {
    users: Arc<dyn Users>,
    people: Arc<dyn People>,
    sessions: Arc<dyn Sessions>,
    tiers: Arc<dyn Tiers>,
    codes: Arc<dyn Codes>,
    factors: Arc<dyn SecondFactors>,
    links: Arc<dyn DeviceLinks>,
    identities: Arc<dyn Identities>,
    ways: Ways,
    /// Of what a browser keeps while its person is at a provider.
    trips: Seal,
    /// Of the seeds of second factors, each bound to its person.
    seeds: Seal,
    /// Of the codes of device links, each bound to its session.
    device_codes: Seal,
    /// Of what a right password gives where a code is still wanted.
    tickets: Seal,
    tokens: Tokens,
    passwords: Passwords,
    attempts: Attempts,
    audit: Arc<Audit>,
    ended: Arc<Ended>,
    clock: Clock,
    ids: Arc<Ids>,
    facts: Arc<dyn Facts>,
    configured: Configured,
    /// How many people may take part in a room.
    room_members: u32,
    /// Whether the first person needs the code of a link, because others reach the server, too.
    first_by_link: bool,
    /// How long a session lives without a visit, in milliseconds.
    session_ms: i64,
    /// The host of the site's public address, which must not be a password; empty where it is not known.
    host: String,
}

impl Accounts {
    /// `secret` signs the tokens; `ended` is told which sessions end, and `audit` notes who did what.
    pub fn new(
        config: &Config,
        secret: &[u8],
        store: Arc<dyn AccountStore>,
        (ended, audit): (Arc<Ended>, Arc<Audit>),
        (clock, ids): (Clock, Arc<Ids>),
    ) -> Self {
        Self {
            users: store.clone(),
            people: store.clone(),
            tiers: store.clone(),
            codes: store.clone(),
            sessions: store.clone(),
            factors: store.clone(),
            facts: store.clone(),
            links: store.clone(),
            identities: store,
            ways: Ways::new(config, &clock),
            trips: Seal::new(secret, "sign-in through a provider"),
            device_codes: Seal::new(secret, "device links"),
            seeds: Seal::new(secret, "second factor"),
            tickets: Seal::new(secret, "sign-in without a code"),
            tokens: Tokens::new(secret),
            passwords: Passwords::default(),
            attempts: Attempts::new(&config.limits),
            audit,
            ended,
            clock,
            ids,
            configured: Configured::from(&config.auth),
            room_members: config.limits.room_members,
            first_by_link: config.others_reach_it(),
            session_ms: i64::try_from(config.auth.session.as_millis()).unwrap_or(i64::MAX / 2),
            host: config.public_host().to_owned(),
        }
    }
}
