//! What administrators set for the whole site, as a trait.

use async_trait::async_trait;

use super::Result;

#[async_trait]
pub trait Facts: Send + Sync {
    /// What was set under this name.
    async fn fact(&self, name: &str) -> Result<Option<String>>;
    /// Sets it in place of what was set before.
    async fn set_fact(&self, name: &str, value: &str) -> Result<()>;
}
