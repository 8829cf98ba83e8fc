//! The data directory belongs to one process and one user, and commands that only look do not change it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::SystemTime,
};

use crate::{
    server::Server,
    site::{PATIENCE, Site},
    tokens,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_inglenook");

pub fn run(folder: &Path, data: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let config = folder.join("empty.toml");
    fs::write(&config, "").unwrap();
    Command::new(PROGRAM)
        .args(arguments)
        .env_clear()
        .env("INGLENOOK_CONFIG", config)
        .env("INGLENOOK_DATA_DIR", data)
        .env("INGLENOOK_LISTEN", "127.0.0.1:0")
        .envs(settings.iter().copied())
        .current_dir(folder)
        .output()
        .unwrap()
}

impl Site {
    /// What another process says when it is refused, with its data in the folder `data` of the site.
    pub fn refused(&self, data: &str, settings: &[(&str, &str)]) -> String {
        let folder = self.data().parent().unwrap().to_owned();
        let output = run(&folder, &folder.join(data), &["serve"], settings);
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.lines().count(), 1, "one sentence: {said}");
        said
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_is_refused_and_disturbs_nothing() {
    let mut site = Site::start(&[]).await;
    let lin = site.person("lin").await;
    let conversation = lin.conversation().await;
    lin.ask(&conversation, "tokens-300-delay-10").await;
    let database = format!("sqlite:{}", site.data().join("inglenook.db").display());
    let process = format!("process {}", site.server.pid());
    for (data, settings, named) in [
        ("data", &[][..], "data directory"),
        ("data", &[("INGLENOOK_STORE", "sqlite::memory:")], "data directory"),
        ("other", &[("INGLENOOK_STORE", &*database)], "inglenook.db"),
    ] {
        let refused = tokio::task::block_in_place(|| site.refused(data, settings));
        assert!(refused.contains(&process) && refused.contains(named), "{refused}");
    }
    let ended = lin.settled(&conversation).await;
    assert_eq!((&ended["status"], &ended["content"]), (&"complete".into(), &tokens::text(300).into()));
    // The lock of a killed process keeps nobody out.
    site.server.kill();
    site.start_again();
    assert_eq!(lin.at(&site).messages(&conversation, "markdown").await.len(), 2);
}

/// The paths of a folder and of everything below it.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(below(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

pub fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A server with a umask that shares every file with everybody, as containers and careless shells have.
fn start_generous(folder: &Path) -> Server {
    let program = folder.join("generous");
    fs::write(&program, format!("#!/bin/sh\numask 000\nexec {PROGRAM} \"$@\"\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    Server::start(&program, folder, &[])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_is_for_its_owner_only_whatever_the_umask() {
    for made_before in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        if made_before {
            fs::create_dir(&data).unwrap();
            fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let mut server = start_generous(folder.path());
        let found = below(&data);
        let names: Vec<String> =
            found.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
        for name in [
            "inglenook.db",
            "inglenook.db-wal",
            "inglenook.db-shm",
            "inglenook.db.lock",
            "lock",
            "secret",
            "0000000000.jsonl",
        ] {
            assert!(names.iter().any(|found| found == name), "{name} is not in {names:?}");
        }
        for path in &found {
            let expected = match path.is_dir() {
                true if made_before && *path == data => 0o755,
                true => 0o700,
                false => 0o600,
            };
            assert_eq!(mode(path), expected, "{}", path.display());
        }
        server.kill();
        // The modes that an earlier version left. The secret is the exception, because it was always refused if
        // shared.
        for path in below(&data).iter().filter(|path| !path.ends_with("secret")) {
            fs::set_permissions(path, fs::Permissions::from_mode(if path.is_dir() { 0o755 } else { 0o644 }))
                .unwrap();
        }
        let _server = start_generous(folder.path());
        for path in below(&data).iter().filter(|path| **path != data) {
            assert_eq!(mode(path) & 0o077, 0, "{}", path.display());
        }
    }
}

/// Names, lengths, times of change and modes.
pub fn tree(folder: &Path) -> Vec<(PathBuf, u64, SystemTime, u32)> {
    let about = |path: PathBuf| {
        let metadata = fs::metadata(&path).unwrap();
        let mode = mode(&path);
        (path, metadata.len(), metadata.modified().unwrap(), mode)
    };
    below(folder).into_iter().map(about).collect()
}

/// Runs `inglenook check` and asserts that it changes no file. Gives its report, and whether the server would start.
fn check(folder: &Path, data: &Path) -> (String, bool) {
    fs::write(folder.join("empty.toml"), "").unwrap();
    let before = tree(data.parent().unwrap());
    let output = run(folder, data, &["check"], &[]);
    assert_eq!(tree(data.parent().unwrap()), before);
    (String::from_utf8(output.stdout).unwrap(), output.status.success())
}

/// Waits until a server that just started has done its first jobs, after which it writes nothing by itself.
async fn until_idle(folder: &Path, data: &Path) {
    let begun = std::time::Instant::now();
    loop {
        let report = String::from_utf8(run(folder, data, &["check"], &[]).stdout).unwrap();
        if report.contains("7 waiting, 0 running, 0 failed") {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{report}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checking_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    fs::create_dir(&home).unwrap();
    let data = home.join("data");
    let (report, starts) = check(folder.path(), &data);
    assert!(starts && report.matches("will be made at the first start").count() >= 3, "{report}");
    fs::create_dir(&data).unwrap();
    let (report, starts) = check(folder.path(), &data);
    assert!(starts && report.contains("inglenook.db: will be made at the first start"), "{report}");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o555)).unwrap();
    check(folder.path(), &data);
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();

    let mut server = Server::start(Path::new(PROGRAM), &home, &[]);
    until_idle(folder.path(), &data).await;
    let (report, starts) = check(folder.path(), &data);
    let process = format!("in use by process {}", server.pid());
    assert!(starts && report.matches(&process).count() == 2, "{report}");
    assert!(report.contains("answers, schema "), "{report}");
    server.kill();
    let (report, starts) = check(folder.path(), &data);
    assert!(starts && report.contains("answers, schema ") && !report.contains("in use"), "{report}");
    let mut server = Server::start(Path::new(PROGRAM), &home, &[]);
    server.signal(rustix::process::Signal::TERM);
    assert!(server.ended_within(PATIENCE).is_some());
    assert!(check(folder.path(), &data).0.contains("answers, schema "));
    fs::remove_file(data.join("inglenook.db")).unwrap();
    let (report, starts) = check(folder.path(), &data);
    assert!(!starts && report.contains("is gone") && report.contains("would not start"), "{report}");
}
