//! The job that makes an export. A server that ends in the middle leaves the job to another one, which begins anew.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::{
    sync::mpsc::{Receiver, channel},
    time::Instant,
};

use super::{
    Exporter, KEPT_MS,
    archive::{self, Out},
    names::Names,
    reading::{Contents, Cut, Reader},
};
use crate::{
    error::AppError,
    server::{
        cluster::jobs::Handler,
        store::{ExportRun, Job, StoreError},
        words::{Language, Words},
    },
};

/// The kind of the jobs.
pub(super) const KIND: &str = "make an export";
/// The kind of the job that removes the bytes of exports that are gone; its key, too.
pub(super) const SWEEP: &str = "sweep exports";
/// After so many tries that failed the person is told so.
const TRIES: u32 = 3;
/// After so many tries of which no server came to an end, too.
const BEGUN: u32 = 8;
/// How many pieces wait between the reader and the archive, and between the archive and the store.
const WAITING: usize = 4;
/// How often progress is told at the most.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// What the job is about.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) user_id: String,
    pub(super) export_id: String,
    /// The language of the readable files.
    pub(super) language: Option<String>,
}

impl Exporter {
    /// Begins to make the exports that people want, until the server ends. Call it once.
    pub fn run(self: &Arc<Self>) {
        let (maker, sweeper) = (self.clone(), self.clone());
        let make = Handler::new(KIND, move |job| {
            let exporter = maker.clone();
            async move { exporter.make(&job).await }
        });
        let sweep = Handler::new(SWEEP, move |_| {
            let exporter = sweeper.clone();
            async move { exporter.sweep().await.map_err(|error| error.to_string()) }
        });
        self.jobs.run(vec![make, sweep]);
    }

    async fn make(&self, job: &Job) -> Result<(), String> {
        let order: Order = serde_json::from_str(&job.payload).map_err(|error| error.to_string())?;
        let outcome = match job.attempts {
            BEGUN.. => Err(Cut::Failed(AppError::Internal)),
            _ => self.attempt(&order).await,
        };
        let error = match outcome {
            Ok(()) => return Ok(()),
            Err(Cut::Gone) => AppError::Internal,
            Err(Cut::Ending) => return Err("the server ends".to_owned()),
            Err(Cut::Failed(error)) => error,
        };
        // A disk that is full is not less full in ten seconds.
        if job.attempts < TRIES && error != AppError::StorageFull {
            return Err(error.to_string());
        }
        let reason = match &error {
            AppError::StorageFull => crate::domain::Reason::new("export-no-room"),
            _ => crate::domain::Reason::new("export-failed"),
        };
        tracing::warn!(user = order.user_id, %error, "an export failed");
        let told = async {
            self.exports.fail_export(&order.user_id, &order.export_id, &reason).await?;
            self.sweep().await
        };
        told.await.map_err(|error: StoreError| error.to_string())
    }

    /// One try.
    async fn attempt(&self, order: &Order) -> Result<(), Cut> {
        let Some(account) = self.accounts.account_data(&order.user_id).await? else { return Ok(()) };
        // What an earlier export or try left goes first, so that there are never two of a person on the disk.
        self.sweep().await?;
        let chosen = [order.language.as_deref(), account.account.language.as_deref()];
        let language = chosen.into_iter().flatten().find_map(Language::exactly).unwrap_or_default();
        let contents = Contents::of(&*self.chats, &order.user_id).await?;
        let run = ExportRun {
            user_id: order.user_id.clone(),
            export_id: order.export_id.clone(),
            run: self.ids.next(),
        };
        if !self.exports.start_export(&run, contents.total()).await? {
            return Ok(());
        }
        let (give, pieces) = channel(WAITING);
        let (out, parts) = channel(WAITING);
        let writer = tokio::task::spawn_blocking(move || archive::write(pieces, out));
        let reader = Reader {
            chats: self.chats.clone(),
            community: self.community.clone(),
            tasks: self.tasks.clone(),
            words: Words::new(language),
            user_id: order.user_id.clone(),
            give,
            names: Names::default(),
            done: 0,
        };
        let (read, stored) =
            tokio::join!(reader.read(&account, contents, self.clock.now()), self.store(&run, parts));
        // The writer ends when one of the others does.
        let written = writer.await;
        match (stored?, read) {
            (Stored::Whole, _) => {
                let kept = self.exports.finish_export(&run, self.clock.now() + KEPT_MS).await?;
                tracing::info!(user = order.user_id, kept, "an export was made");
                Ok(())
            }
            (Stored::Unwanted, _) => Ok(()),
            (Stored::Cut, Err(cut @ (Cut::Ending | Cut::Failed(_)))) => Err(cut),
            (Stored::Cut, _) => {
                tracing::error!(?written, "the archive of an export was not written");
                Err(Cut::Failed(AppError::Internal))
            }
        }
    }

    /// Stores the parts as they come.
    async fn store(&self, run: &ExportRun, mut parts: Receiver<Out>) -> Result<Stored, StoreError> {
        let (mut n, mut done, mut told) = (0_u32, 0_u32, Instant::now());
        while let Some(out) = parts.recv().await {
            let wanted = match out {
                Out::Part(bytes) => {
                    let wanted = self.exports.add_export_part(run, n, &bytes, done).await?;
                    n += 1;
                    wanted
                }
                Out::Done(now) => {
                    done = now;
                    if told.elapsed() < TELL_EVERY {
                        continue;
                    }
                    self.exports.tell_export(run, done).await?
                }
                Out::End => return Ok(Stored::Whole),
            };
            if !wanted {
                return Ok(Stored::Unwanted);
            }
            told = Instant::now();
        }
        Ok(Stored::Cut)
    }
}

/// What became of the parts.
enum Stored {
    Whole,
    /// The person removed the export, or another server makes it now.
    Unwanted,
    /// No more came, and it was not the end.
    Cut,
}
