//! Second factors, as a trait.

use async_trait::async_trait;

use super::Result;

/// What a person proves besides the password: codes of a few digits that an app makes from a seed, each for one step of
/// time, and recovery codes for the day on which the app is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactor {
    /// As `accounts` sealed it.
    pub seed: String,
    /// Whether a right code proved that the app has the seed. Before that nothing asks for codes.
    pub confirmed: bool,
    /// The last step whose code was used.
    pub last_step: i64,
    /// How many recovery codes are left.
    pub recovery_left: u32,
}

#[async_trait]
pub trait SecondFactors: Send + Sync {
    async fn second_factor(&self, user_id: &str) -> Result<Option<SecondFactor>>;
    /// Stores a seed that is yet to be confirmed, in place of an earlier one that never was. `false`: the person has a
    /// confirmed one, which stays, or there is no such person.
    async fn begin_second_factor(&self, user_id: &str, seed: &str) -> Result<bool>;
    /// Confirms this seed with the step of the code that proved it, and stores the hashes of the recovery codes. `false`:
    /// it is confirmed already, or another seed took its place.
    async fn confirm_second_factor(
        &self,
        user_id: &str,
        seed: &str,
        step: i64,
        recovery: &[String],
    ) -> Result<bool>;
    /// Uses a step, once: `true` only if the second factor is confirmed and neither this step nor a later one was used.
    async fn use_step(&self, user_id: &str, step: i64) -> Result<bool>;
    /// Uses a recovery code by its hash, once; answers how many are left then. `None`: it is not one of the person's.
    async fn use_recovery_code(&self, user_id: &str, hash: &str) -> Result<Option<u32>>;
    /// Stores the hashes of new recovery codes in place of all earlier ones. `false`: no second factor is confirmed.
    async fn replace_recovery_codes(&self, user_id: &str, recovery: &[String]) -> Result<bool>;
    /// Removes seed and recovery codes. `false`: there are none.
    async fn remove_second_factor(&self, user_id: &str) -> Result<bool>;
}
