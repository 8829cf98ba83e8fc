//! More than one process on a database, or one that begins after another: heartbeats, takeover, relay, recovery.

pub mod heartbeat;
pub mod recover;
pub mod relay;
