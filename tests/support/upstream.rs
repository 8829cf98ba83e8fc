//! [`Upstream`]: starts the fake model server; [`provider`] makes providers that ask it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use inglenook::domain::Traits;
use inglenook::server::llm::{OpenAi, OpenAiConfig, ProviderTimeouts};
use serde_json::Value;

pub const KEY: &str = "sk-test-0123456789abcdef";

/// The running model server, which ends when this is dropped.
pub struct Upstream {
    process: Child,
    pub base_url: String,
}

impl Upstream {
    pub fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/end2end/upstream.mjs");
        let mut process = Command::new("node")
            .args([script, "0"])
            .env("UPSTREAM_FOLLOWS_STDIN", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test needs Node.js: `node` must be in the PATH");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base_url =
            line.trim().strip_prefix("upstream ").expect("the fake server did not start").to_owned();
        Self { process, base_url }
    }

    pub fn provider(&self) -> Arc<OpenAi> {
        provider(&self.base_url, short())
    }

    /// The requests for a model that the server has seen.
    pub async fn log(&self, model: &str) -> Vec<Value> {
        let url = self.base_url.replace("/v1", "/control/log");
        let log: Vec<Value> = reqwest::get(url).await.unwrap().json().await.unwrap();
        log.into_iter().filter(|entry| entry["model"] == model).collect()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn short() -> ProviderTimeouts {
    let half = Duration::from_millis(500);
    ProviderTimeouts { connect: half, first_token: Duration::from_secs(2), idle: half }
}

pub fn provider(base_url: &str, timeouts: ProviderTimeouts) -> Arc<OpenAi> {
    Arc::new(OpenAi::new(OpenAiConfig {
        name: "acme".into(),
        label: None,
        kept: None,
        base_url: base_url.into(),
        api_key: Some(KEY.into()),
        models: Vec::new(),
        title_model: None,
        traits: Traits::default(),
        timeouts,
    }))
}
