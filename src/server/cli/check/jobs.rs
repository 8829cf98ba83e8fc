//! The line of `inglenook check` on the queue of jobs: how many wait, and which failed.

use super::{Finding, good, warning};
use crate::server::store::{Job, OpenError, QueueView};

/// How many failed jobs the line names; it counts all.
pub(super) const MAX_NAMED: u32 = 3;
/// More of an error does not fit into the line.
const MAX_ERROR_CHARS: usize = 120;

pub(super) fn finding(view: Result<QueueView, OpenError>) -> Finding {
    let view = match view {
        Ok(view) => view,
        Err(error) => return warning("jobs", format!("cannot be looked at: {error}")),
    };
    let mut text = format!("{} waiting, {} running, {} failed", view.waiting, view.leased, view.failed);
    let named: Vec<String> = view.jobs.iter().filter_map(failed).collect();
    if named.is_empty() {
        return good("jobs", text);
    }
    text = format!("{text}: {}", named.join("; "));
    warning("jobs", text)
}

/// A job whose last attempt failed.
fn failed(job: &Job) -> Option<String> {
    let error = job.last_error.as_ref()?;
    let line: String = error.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let short: String = line.chars().take(MAX_ERROR_CHARS).collect();
    let dots = if short.len() < line.len() { "…" } else { "" };
    let next = if job.failed_at.is_some() { "given up" } else { "is tried again" };
    Some(format!("“{}” {next} after {} attempts ({short}{dots})", job.kind, job.attempts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::cli::check::Verdict;

    fn job(kind: &str, attempts: u32, error: Option<&str>, failed_at: Option<i64>) -> Job {
        Job {
            id: "1".to_owned(),
            kind: kind.to_owned(),
            key: None,
            payload: "{}".to_owned(),
            run_at: 1,
            attempts,
            lease: None,
            last_error: error.map(str::to_owned),
            failed_at,
            created_at: 1,
        }
    }

    #[test]
    fn the_line_counts_the_jobs_and_names_those_that_failed() {
        let fine = QueueView { waiting: 3, leased: 1, failed: 0, jobs: vec![job("mail", 0, None, None)] };
        let found = finding(Ok(fine));
        assert_eq!((found.verdict, &*found.text), (Verdict::Good, "3 waiting, 1 running, 0 failed"));

        let long = "x".repeat(500);
        let jobs = vec![
            job("import", 10, Some("The disk is full.\nSee\tbelow."), Some(7)),
            job("mail", 2, Some(&long), None),
            job("sweep", 1, None, None),
        ];
        let found = finding(Ok(QueueView { waiting: 2, leased: 0, failed: 1, jobs }));
        let expected = format!(
            "2 waiting, 0 running, 1 failed: “import” given up after 10 attempts (The disk is full. See below.); \
             “mail” is tried again after 2 attempts ({}…)",
            &long[..MAX_ERROR_CHARS]
        );
        assert_eq!((found.verdict, found.text), (Verdict::Warning, expected));
    }

    #[test]
    fn a_queue_that_cannot_be_read_is_a_warning() {
        let found = finding(Err(OpenError::Failed("locked".into())));
        assert_eq!(found.verdict, Verdict::Warning);
        assert!(found.text.contains("locked"), "{}", found.text);
    }
}
