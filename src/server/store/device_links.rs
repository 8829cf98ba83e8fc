//! Sign-in on another device, as a trait.

use async_trait::async_trait;

use super::{Result, Session};

/// A link with which a session signs another device in, once. A session has one at the most, which goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceLink {
    /// The session that made it.
    pub session_id: String,
    /// What is looked up: the hash of the code in the link.
    pub code_hash: String,
    /// The code as `accounts` sealed it, for the page that shows it.
    pub code: String,
    pub expires_at: i64,
    /// The device that asked with it first.
    pub asked: Option<AskingDevice>,
    /// Whether the person confirmed that device.
    pub confirmed: bool,
    /// Whether the device was signed in.
    pub done: bool,
}

/// A device that asks to be signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskingDevice {
    /// The hash of a secret that only this device has.
    pub secret_hash: String,
    /// What both devices show, so that the person sees that they are the ones.
    pub number: u32,
    pub user_agent: String,
    pub address: String,
}

/// A link that has expired at `now`, or whose session has ended or expired, is as one that is missing.
#[async_trait]
pub trait DeviceLinks: Send + Sync {
    /// Stores a link that nobody asked with yet, in place of the session's earlier one. `false`: the session is gone.
    async fn put_device_link(&self, link: &DeviceLink, now: i64) -> Result<bool>;
    async fn device_link_of(&self, session_id: &str, now: i64) -> Result<Option<DeviceLink>>;
    async fn device_link(&self, code_hash: &str, now: i64) -> Result<Option<DeviceLink>>;
    /// Notes the device that asks. `false`: another one asked first, or the link is missing.
    async fn ask_by_device_link(&self, code_hash: &str, asking: &AskingDevice, now: i64) -> Result<bool>;
    /// Confirms the device that asked and shows this number. `false`: none does, or it was confirmed before.
    async fn confirm_device(&self, session_id: &str, number: u32, now: i64) -> Result<bool>;
    async fn remove_device_link(&self, session_id: &str) -> Result<bool>;
    /// Begins the session of the confirmed device that has this secret, once; it is for the person whose link it is.
    /// `false`: it is not confirmed, another device's, used, or missing; or the account is not active.
    async fn claim_device_link(
        &self,
        code_hash: &str,
        secret_hash: &str,
        session: &Session,
        now: i64,
    ) -> Result<bool>;
}
