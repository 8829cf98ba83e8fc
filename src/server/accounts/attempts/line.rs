//! [`Lines`]: one at a time for each key, in the order in which they come.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::OwnedMutexGuard, time::timeout};

use crate::error::AppError;

/// How many may stand in one line: more than come from one place at once, and soon told when they are too many.
const MOST: usize = 1_000;
/// How long somebody may stand in a line.
const PATIENCE: Duration = Duration::from_secs(5);

/// A line is there as long as somebody stands in it.
#[derive(Default)]
pub(super) struct Lines(Mutex<HashMap<u64, Line>>);

#[derive(Default)]
struct Line {
    people: usize,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// Whose turn it is; the next one's begins when this is dropped.
pub struct Turn<'a> {
    // In this order: the turn ends before its place in the line is given up.
    _turn: OwnedMutexGuard<()>,
    _place: Place<'a>,
}

struct Place<'a> {
    lines: &'a Lines,
    key: u64,
}

impl Lines {
    pub(super) async fn turn(&self, key: u64) -> Result<Turn<'_>, AppError> {
        let (place, turn) = self.stand(key)?;
        let turn = timeout(PATIENCE, turn.lock_owned()).await.map_err(|_| AppError::Overloaded)?;
        Ok(Turn { _turn: turn, _place: place })
    }

    fn stand(&self, key: u64) -> Result<(Place<'_>, Arc<tokio::sync::Mutex<()>>), AppError> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines.entry(key).or_default();
        if line.people >= MOST {
            return Err(AppError::Overloaded);
        }
        line.people += 1;
        Ok((Place { lines: self, key }, line.turn.clone()))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Drop for Place<'_> {
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
