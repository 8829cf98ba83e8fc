//! `inglenook check`: what is configured, whether store and providers answer, and what would be wrong. The command
//! changes nothing, on disk or in the database.

mod jobs;
mod providers;

use std::{fmt, io, iter, net::TcpListener, path::Path};

use secrecy::SecretString;

use self::providers::Added;
use crate::server::{
    config::{Config, fingerprint, keys, read_secret},
    lifecycle::lock_file,
    llm::is_local,
    ops::disk,
    store::{self, Inspection, Outlook},
};

/// What a finding means for a start of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Good,
    /// The server would start, but with something that its operator may not expect.
    Warning,
    /// The server would not start.
    Failure,
}

/// A line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub verdict: Verdict,
    /// What was checked, such as `store`.
    pub subject: &'static str,
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.verdict {
            Verdict::Good => "ok  ",
            Verdict::Warning => "note",
            Verdict::Failure => "FAIL",
        };
        write!(f, "  {mark}  {}: {}", self.subject, self.text)
    }
}

fn good(subject: &'static str, text: impl Into<String>) -> Finding {
    Finding { verdict: Verdict::Good, subject, text: text.into() }
}

fn warning(subject: &'static str, text: impl Into<String>) -> Finding {
    Finding { verdict: Verdict::Warning, subject, text: text.into() }
}

fn failure(subject: &'static str, text: impl Into<String>) -> Finding {
    Finding { verdict: Verdict::Failure, subject, text: text.into() }
}

/// The secret with which the server would start, if there is one already.
fn known_secret(config: &Config) -> Option<SecretString> {
    match &config.auth.secret {
        Some(secret) => Some(secret.clone()),
        // A file that cannot be used is a finding of [`secret`].
        None => read_secret(&config.server.data_dir).ok().flatten(),
    }
}

/// What a start would find in the store and do to it. Changes nothing there.
async fn check_store(config: &Config, secret: Option<&SecretString>) -> (Vec<Finding>, Added) {
    let options =
        store::OpenOptions { fingerprint: secret.map(fingerprint), ..store::OpenOptions::default() };
    let shown = config.store.shown();
    let inspection = store::inspect(&config.store.url, &options).await;
    let outlook = inspection.as_ref().ok().map(|found| found.outlook);
    let added = Added::read(config, outlook, &options).await;
    let jobs = match &inspection {
        Ok(Inspection { outlook: Outlook::Ready { .. }, .. }) => {
            Some(jobs::finding(store::inspect_jobs(&config.store.url, &options, jobs::MAX_NAMED).await))
        }
        _ => None,
    };
    let found = match inspection {
        Ok(Inspection { outlook, holder: Some(holder), .. }) => warning(
            "store",
            format!(
                "{shown}: {}; in use by {holder}, which must end before another server starts",
                outlook_text(outlook)
            ),
        ),
        Ok(Inspection { outlook: outlook @ Outlook::Upgrade { .. }, copy, .. }) => {
            let way_back = match copy {
                Some(copy) => format!("and a copy is kept at {} first", copy.display()),
                None => "so keep a backup".to_owned(),
            };
            let text = outlook_text(outlook);
            warning("store", format!("{shown}: {text}; the version before cannot read it then, {way_back}"))
        }
        Ok(Inspection { outlook, .. }) => good("store", format!("{shown}: {}", outlook_text(outlook))),
        Err(error) => failure("store", format!("{shown}: {error}")),
    };
    (iter::once(found).chain(jobs).collect(), added)
}

fn outlook_text(outlook: Outlook) -> String {
    match outlook {
        Outlook::New => "will be made at the first start".to_owned(),
        Outlook::Ready { schema } => format!("answers, schema {schema}"),
        Outlook::Upgrade { from, to } => {
            format!("answers, will be upgraded from schema {from} to {to} at the first start")
        }
    }
}

/// The whole report, and whether the server would start.
pub async fn check(config: &Config, variables: impl Iterator<Item = String>) -> (String, bool) {
    let mut findings = local(config);
    findings.extend(environment(variables));
    let secret = known_secret(config);
    let (found, added) = check_store(config, secret.as_ref()).await;
    findings.extend(found);
    findings.extend(providers::check(config, secret.as_ref(), added).await);
    (report(config, &findings), starts(&findings))
}

fn starts(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.verdict != Verdict::Failure)
}

fn report(config: &Config, findings: &[Finding]) -> String {
    let file = match &config.file {
        Some(file) => format!("Read from {}.", file.display()),
        None => "No Leptos.toml here; defaults and the environment are in force.".to_owned(),
    };
    let width = config.settings.iter().map(|setting| setting.key.len()).max().unwrap_or_default();
    let mut text = format!("{file}\n\nConfigured\n");
    for setting in &config.settings {
        text += &format!("  {:width$}  {}  [{}]\n", setting.key, setting.shown, setting.origin);
    }
    text += "\nChecked\n";
    for finding in findings {
        text += &format!("{finding}\n");
    }
    text + if starts(findings) { "\nInglenook would start.\n" } else { "\nInglenook would not start.\n" }
}

/// What can be found without asking the store or a provider.
fn local(config: &Config) -> Vec<Finding> {
    let findings = [
        listen(config),
        public_url(config),
        first_account(config),
        data_dir(&config.server.data_dir),
        lock(config),
        secret(config),
    ];
    findings.into_iter().flatten().collect()
}

fn listen(config: &Config) -> Option<Finding> {
    let address = config.server.listen;
    Some(match TcpListener::bind(address) {
        Ok(_) => good("listen", format!("{address} is free")),
        Err(cause) if cause.kind() == io::ErrorKind::AddrInUse && lock_holder(config).is_some() => warning(
            "listen",
            format!("{address} is in use, perhaps by the server that runs on this data directory"),
        ),
        Err(cause) => {
            failure("listen", format!("{address} cannot be used: {cause}; choose another with --listen"))
        }
    })
}

fn public_url(config: &Config) -> Option<Finding> {
    let local_only = config.server.listen.ip().is_loopback();
    match &config.server.public_url {
        None if local_only => None,
        None => Some(warning(
            "public_url",
            "not set, though other machines can reach the site: passwords travel unencrypted unless a proxy adds https",
        )),
        Some(url) if config.is_https() => Some(good("public_url", format!("{url}, cookies are Secure"))),
        Some(url) if is_local(url) => None,
        Some(url) => Some(warning(
            "public_url",
            format!("{url} is http: whoever is on the way can read passwords and messages"),
        )),
    }
}

/// Who becomes the administrator of a new site.
fn first_account(config: &Config) -> Option<Finding> {
    config.others_reach_it().then(|| {
        good(
            "first account",
            "made with a one-time link, which the server prints at each start without people",
        )
    })
}

/// Whether the server could write the directory or, before the first start, make it.
fn data_dir(dir: &Path) -> Option<Finding> {
    let shown = dir.display();
    Some(match disk::folder_can_be_written(dir) {
        Ok(()) if dir.exists() => good("data_dir", format!("{shown} can be written")),
        Ok(()) => good("data_dir", format!("{shown} will be made at the first start")),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            failure("data_dir", format!("{shown} cannot be made: no directory above it exists"))
        }
        Err(cause) => failure("data_dir", format!("{shown} cannot be written: {cause}")),
    })
}

/// The server that holds the lock of the data directory.
fn lock_holder(config: &Config) -> Option<String> {
    disk::look(&lock_file(&config.server.data_dir)).ok()?.0
}

fn lock(config: &Config) -> Option<Finding> {
    lock_holder(config).map(|holder| {
        let dir = config.server.data_dir.display();
        warning(
            "data_dir",
            format!("{dir} is in use by {holder}, which must end before another server starts"),
        )
    })
}

fn secret(config: &Config) -> Option<Finding> {
    if config.auth.secret.is_some() {
        return None;
    }
    Some(match read_secret(&config.server.data_dir) {
        Ok(Some(_)) => good("secret", "kept in the data directory"),
        Ok(None) => good("secret", "will be made at the first start and kept in the data directory"),
        Err(error) => failure("secret", error.to_string()),
    })
}

fn environment(variables: impl Iterator<Item = String>) -> Vec<Finding> {
    keys::unknown_variables(variables)
        .into_iter()
        .map(|(name, near)| warning("environment", unknown_variable(&name, near)))
        .collect()
}

/// A sentence on a variable that is named like one of Inglenook's and is none.
pub fn unknown_variable(name: &str, near: Option<&str>) -> String {
    match near {
        Some(near) => format!("{name} is read by nothing; did you mean {near}?"),
        None => format!("{name} is read by nothing; inglenook --help lists the variables"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(data: &Path, more: &[(&str, &str)]) -> Config {
        let dir = data.to_string_lossy().into_owned();
        let set = [&[("INGLENOOK_DATA_DIR", &*dir), ("INGLENOOK_LISTEN", "127.0.0.1:0")], more].concat();
        Config::load(None, |name| {
            set.iter().rev().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
        .unwrap()
    }

    fn verdict(finding: Option<Finding>) -> Option<Verdict> {
        finding.map(|finding| finding.verdict)
    }

    #[test]
    fn the_report_names_values_and_sources_and_no_secret() {
        let dir = tempfile::tempdir().unwrap();
        let secret = "Zk3vQ8xw1LrT0mYc7NfHs5Jd9PbEgUaW";
        let config = config(
            dir.path(),
            &[
                ("INGLENOOK_SECRET", secret),
                ("INGLENOOK_STORE", "mongodb://me:hunter22@db/chat"),
                ("OPENAI_API_KEY", "sk-very-private"),
            ],
        );
        let mut findings = local(&config);
        findings.extend(environment(["INGLENOOK_STOER".to_owned()].into_iter()));
        let text = report(&config, &findings);
        for private in [secret, "hunter22", "sk-very-private"] {
            assert!(!text.contains(private), "{text}");
            assert!(!format!("{config:?}").contains(private));
        }
        assert!(text.contains("mongodb://me:…@db/chat  [INGLENOOK_STORE]"), "{text}");
        assert!(text.contains("set  [INGLENOOK_SECRET]"), "{text}");
        assert!(text.contains("https://api.openai.com/v1 (key set)  [OPENAI_API_KEY]"), "{text}");
        assert!(text.contains("did you mean INGLENOOK_STORE?"), "{text}");
        assert!(text.ends_with("Inglenook would start.\n"), "{text}");
        findings.push(failure("store", "refused"));
        assert!(
            report(&config, &findings).ends_with("  FAIL  store: refused\n\nInglenook would not start.\n")
        );
    }

    #[test]
    fn a_taken_port_would_stop_it() {
        let dir = tempfile::tempdir().unwrap();
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let config = config(dir.path(), &[("INGLENOOK_LISTEN", &address)]);
        assert_eq!(verdict(listen(&config)), Some(Verdict::Failure));
    }

    #[test]
    fn a_data_directory_that_is_a_file_would_stop_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(verdict(data_dir(&file)), Some(Verdict::Failure));
        assert_eq!(verdict(data_dir(&file.join("below"))), Some(Verdict::Failure));
        assert_eq!(verdict(data_dir(dir.path())), Some(Verdict::Good));
        assert_eq!(verdict(data_dir(&dir.path().join("new/deep"))), Some(Verdict::Good));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left behind");
    }

    #[test]
    fn plain_http_is_noted_only_where_others_reach_it() {
        let dir = tempfile::tempdir().unwrap();
        let told = |set: &[(&str, &str)]| verdict(public_url(&config(dir.path(), set)));
        assert_eq!(told(&[]), None);
        assert_eq!(told(&[("INGLENOOK_PUBLIC_URL", "http://localhost:3000")]), None);
        assert_eq!(told(&[("INGLENOOK_PUBLIC_URL", "http://[::1]:3000")]), None);
        assert_eq!(told(&[("INGLENOOK_LISTEN", "0.0.0.0:3000")]), Some(Verdict::Warning));
        assert_eq!(told(&[("INGLENOOK_PUBLIC_URL", "http://chat.example.org")]), Some(Verdict::Warning));
        assert_eq!(told(&[("INGLENOOK_PUBLIC_URL", "https://chat.example.org")]), Some(Verdict::Good));
    }

    #[test]
    fn checking_makes_no_secret() {
        let dir = tempfile::tempdir().unwrap();
        let config = config(dir.path(), &[]);
        assert_eq!(verdict(secret(&config)), Some(Verdict::Good));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
