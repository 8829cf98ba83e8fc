//! [`Mongo::transaction`]: several writes as one, tried again as long as another try may succeed.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use async_trait::async_trait;
use mongodb::{
    ClientSession,
    bson::doc,
    error::{Error, Result, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT},
};

use super::{
    Mongo,
    error::{is_collision, is_duplicate, is_gone, is_outage},
};

/// How often a transaction is begun again after a duplicate key. The next try finds the other document, because it is
/// stored by then.
const DUPLICATES: u32 = 5;

/// How a transaction should end.
pub(super) enum Outcome<T> {
    Commit(T),
    Abort(T),
}

/// The work of a transaction. It runs again from its start when it collides with another transaction.
#[async_trait]
pub(super) trait Transaction: Sync {
    type Answer: Send;
    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<Outcome<Self::Answer>>;
}

impl Mongo {
    /// Runs a transaction until it succeeds. The driver's own loop would go on for two minutes; this one ends with the
    /// time limit of the call.
    pub(super) async fn transaction<T: Transaction>(&self, work: &T) -> Result<T::Answer> {
        let mut duplicates = 0;
        let mut tries = 0;
        loop {
            match self.attempt(work).await {
                Ok(answer) => return Ok(answer),
                Err(error) if is_gone(&error) => return Err(error),
                // The work itself finds out whether an earlier try committed.
                Err(error) if is_outage(&error) => {}
                Err(error) if is_duplicate(&error) && duplicates < DUPLICATES => duplicates += 1,
                Err(error) if is_collision(&error) => {}
                Err(error) => return Err(error),
            }
            tries += 1;
            tokio::time::sleep(pause(tries)).await;
        }
    }

    async fn attempt<T: Transaction>(&self, work: &T) -> Result<T::Answer> {
        // Cannot fail, because the semaphore is never closed.
        let _permit = self.transactions.acquire().await.map_err(Error::custom)?;
        let tx = &mut self.client.start_session().await?;
        self.record_session(tx.id()).await?;
        tx.start_transaction().await?;
        match work.run(self, tx).await {
            Ok(Outcome::Commit(answer)) => match commit(tx).await {
                Ok(()) => Ok(answer),
                Err(error) => {
                    self.give_up(tx, &error).await;
                    Err(error)
                }
            },
            Ok(Outcome::Abort(answer)) => {
                abort(tx).await;
                Ok(answer)
            }
            Err(error) => {
                abort(tx).await;
                Err(error)
            }
        }
    }
}

impl Mongo {
    /// Ends a transaction whose commit failed, because it may stay open on the server for a minute, with all its locks,
    /// and the driver does not abort after a commit.
    async fn give_up(&self, tx: &ClientSession, error: &Error) {
        if is_gone(error) || error.contains_label(TRANSIENT_TRANSACTION_ERROR) {
            return;
        }
        let end = doc! { "killSessions": [tx.id()] };
        if let Err(error) = self.client.database("admin").run_command(end).await {
            tracing::debug!(%error, "a transaction that was not committed ends by itself");
        }
    }
}

async fn commit(tx: &mut ClientSession) -> Result<()> {
    loop {
        match tx.commit_transaction().await {
            // The commit is sent again, because committing twice has the same effect as committing once.
            Err(error) if unknown(&error) && !is_gone(&error) => tokio::time::sleep(pause(1)).await,
            other => return other,
        }
    }
}

fn unknown(error: &Error) -> bool {
    error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT)
}

/// Aborts a transaction. If that fails, the server ends it by itself.
async fn abort(tx: &mut ClientSession) {
    if let Err(error) = tx.abort_transaction().await {
        tracing::debug!(%error, "a transaction could not be aborted");
    }
}

/// The pause grows with each try and is random, so that transactions that collided do not collide again.
fn pause(tries: u32) -> Duration {
    let most = (5_u64 << tries.min(6)).min(200);
    Duration::from_millis(1 + RandomState::new().hash_one(tries) % most)
}
