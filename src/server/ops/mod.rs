//! What every part of the server may use: time, ids, files, tasks, the log.

pub mod clock;
pub mod disk;
pub mod ended;
pub mod held_body;
pub mod seal;
pub mod sse;
pub mod tasks;
pub mod telemetry;
