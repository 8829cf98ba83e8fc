//! What an earlier run left unfinished: its journals are stored, and what only the database has is ended.

use std::time::Duration;

use super::{
    chat::relay,
    journal::Leftover,
    state::AppState,
    store::{Leftovers, Recovered, SEQ_GAP, StoreError},
};

/// How long a start waits for it. SQLite needs milliseconds; MongoDB may keep what a killed process was
/// about to write locked for up to a minute, which nobody else should wait for.
const PATIENCE: Duration = Duration::from_secs(2);
const AGAIN: Duration = Duration::from_secs(1);

/// Returns when it is done, or goes on behind the server's back.
pub async fn recover(state: AppState, leftovers: Vec<Leftover>) {
    let recovering = tokio::spawn(until_stored(state, leftovers));
    if tokio::time::timeout(PATIENCE, recovering).await.is_err() {
        tracing::warn!("some answers of an earlier run wait for the database");
    }
}

async fn until_stored(state: AppState, mut leftovers: Vec<Leftover>) {
    let mut completed = 0;
    let mut owned = false;
    loop {
        let mut waiting = Vec::new();
        for leftover in leftovers {
            waiting.extend(store(&state, leftover, &mut completed).await);
        }
        leftovers = waiting;
        if leftovers.is_empty() && !owned {
            owned = ended(&state, Leftovers::Ownerless, &mut completed).await;
        }
        if leftovers.is_empty() && owned {
            break;
        }
        tokio::time::sleep(AGAIN).await;
    }
    if completed > 0 {
        tracing::info!(completed, "answers of an earlier run were kept as interrupted");
        if let Err(error) = relay::look_at_all(&state).await {
            warn(&error);
        }
    }
}

/// What could not be stored of it is answered.
async fn store(state: &AppState, mut leftover: Leftover, completed: &mut u64) -> Option<Leftover> {
    let mut waiting = Vec::new();
    for seen in std::mem::take(&mut leftover.answers) {
        let recovered = Recovered {
            message_id: seen.message_id.clone(),
            instance: leftover.instance.clone(),
            content: seen.content.clone(),
            reasoning: seen.reasoning.clone(),
            // Beyond every place that a listener may come back with.
            seq: seen.seq + SEQ_GAP.unsigned_abs(),
        };
        match state.store.recover_message(&recovered).await {
            Ok(stored) => *completed += u64::from(stored),
            Err(error) => {
                warn(&error);
                waiting.push(seen);
            }
        }
    }
    leftover.answers = waiting;
    if leftover.answers.is_empty() && ended(state, Leftovers::Of(&leftover.instance), completed).await {
        leftover.remove();
        return None;
    }
    Some(leftover)
}

async fn ended(state: &AppState, which: Leftovers<'_>, completed: &mut u64) -> bool {
    match state.store.interrupt_unfinished(which).await {
        Ok(count) => {
            *completed += count;
            true
        }
        Err(error) => {
            warn(&error);
            false
        }
    }
}

fn warn(error: &StoreError) {
    tracing::warn!(%error, "answers of an earlier run cannot be completed yet");
}
