//! What every request passes, and what every answer looks like.

pub mod assets;
pub mod body;
pub mod client;
pub mod connection;
pub mod context;
pub mod cookie;
pub mod document;
pub mod errors;
pub mod flash;
pub mod forms;
pub mod gate;
pub mod keep_alive;
pub mod language;
pub mod layers;
pub mod look;
pub mod offline;
pub mod origin;
pub mod probes;
pub mod redirect;
pub mod request_id;
pub mod site;
pub mod zone;
