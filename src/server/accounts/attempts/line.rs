//! [`Lines`]: lets those with the same key pass one at a time, in the order in which they come.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::OwnedMutexGuard, time::timeout};

use crate::error::AppError;

/// The most that wait in one line. More than come from one building at once; further ones are refused at once.
const MOST: usize = 1_000;
/// The longest that somebody waits in a line.
const PATIENCE: Duration = Duration::from_secs(5);

/// The lines by key. A line exists as long as somebody waits in it or has their turn.
#[derive(Default)]
pub(super) struct Lines(Mutex<HashMap<u64, Line>>);

#[derive(Default)]
struct Line {
    people: usize,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// The turn of one caller; the next one's begins when this is dropped.
pub struct Turn<'a> {
    // Dropped in this order, so that the turn ends before the line may be removed.
    _turn: OwnedMutexGuard<()>,
    _membership: Membership<'a>,
}

/// Counts one caller as being in a line.
struct Membership<'a> {
    lines: &'a Lines,
    key: u64,
}

impl Lines {
    /// Waits for the caller's turn.
    ///
    /// # Errors
    ///
    /// [`AppError::Overloaded`]: the line is full, or the turn does not come in time.
    pub(super) async fn turn(&self, key: u64) -> Result<Turn<'_>, AppError> {
        let (membership, turn) = self.join(key)?;
        let turn = timeout(PATIENCE, turn.lock_owned()).await.map_err(|_| AppError::Overloaded)?;
        Ok(Turn { _turn: turn, _membership: membership })
    }

    fn join(&self, key: u64) -> Result<(Membership<'_>, Arc<tokio::sync::Mutex<()>>), AppError> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines.entry(key).or_default();
        if line.people >= MOST {
            return Err(AppError::Overloaded);
        }
        line.people += 1;
        Ok((Membership { lines: self, key }, line.turn.clone()))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Drop for Membership<'_> {
    fn drop(&mut self) {
        let mut lines = self.lines.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get_mut(&self.key) {
            line.people -= 1;
            if line.people == 0 {
                lines.remove(&self.key);
            }
        }
    }
}
