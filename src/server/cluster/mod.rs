//! More than one process on a database, or one that begins after another: heartbeats, takeover, relay, recovery, jobs.

pub mod heartbeat;
pub mod jobs;
pub mod recover;
pub mod relay;
pub mod sweep;
