//! The server: never compiled for the browser.

pub mod check;
pub mod cli;
pub mod config;
pub mod error_response;
pub mod llm;
pub mod markdown;
pub mod request_id;
pub mod store;
pub mod telemetry;

use config::Config;

/// Why the server did not start, or ended before it was asked to: one clear sentence.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StartError {
    pub message: String,
    pub exit_code: u8,
}

impl StartError {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit_code: 1 }
    }
}

impl From<config::SecretFileError> for StartError {
    fn from(error: config::SecretFileError) -> Self {
        Self::new(error.to_string())
    }
}

/// Serves until the process is asked to stop.
pub async fn serve(config: Config) -> Result<(), StartError> {
    config.signing_secret()?;
    Err(StartError::new("There is nothing to serve yet."))
}
