//! The first account of a site that others reach: made with a link that the server prints, and with nothing else.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::Stdio,
};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::{
    mongod,
    server::command,
    site::{Person, Site},
};

const EVERYWHERE: (&str, &str) = ("INGLENOOK_LISTEN", "0.0.0.0:0");
const REGISTER: &str = "/api/v1/auth/register";

/// The codes of the links in what servers printed, the newest last.
fn codes(printed: &str) -> Vec<String> {
    let links = printed.split("/register?first=").skip(1);
    links.map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect()).collect()
}

/// The code of the newest link; `None` where none was printed.
pub fn first_code(printed: &str) -> Option<String> {
    codes(printed).pop()
}

async fn register(person: &Person, email: &str, code: Option<&str>) -> (u16, Value) {
    let form = json!({ "email": email, "password": "correct horse", "code": code });
    person.call("POST", REGISTER, Some(form)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_works_once_and_a_new_start_ends_the_one_before() {
    let mut site = Site::start(&[EVERYWHERE, ("INGLENOOK_AUTH_REGISTRATION", "closed")]).await;
    let first = first_code(&site.server.log()).unwrap();
    let port = site.server.address.port();
    let said = &site.server.said;
    assert!(said.starts_with(&format!("Inglenook is ready at http://localhost:{port}")), "{said}");
    assert!(!said.contains("0.0.0.0"), "{said}");
    let line = site.server.log();
    let link = line.lines().find(|line| line.contains("?first=")).unwrap().trim().to_owned();
    assert!(!link.contains("0.0.0.0"), "an address that others can open: {link}");
    assert!(link.starts_with("http://") && link.contains(&format!(":{port}/register?first=")), "{link}");
    assert!(!line.contains('█'), "a file is no terminal: {line}");

    site.server.kill();
    site.start_again();
    let second = first_code(&site.server.log()).unwrap();
    assert_ne!(first, second);
    let nobody = site.stranger();
    for code in [None, Some(""), Some(&*first), Some("0123456789ABCDEFGHJKMNPQRS"), Some("not a code")] {
        let (status, problem) = register(&nobody, "lin@example.org", code).await;
        assert_eq!(status, 403, "{code:?}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains("log of the server"), "{code:?}: {problem}");
    }
    // As somebody types it who reads it from the screen.
    let typed = second.to_lowercase();
    let (status, signed) = register(&nobody, "lin@example.org", Some(&typed)).await;
    assert_eq!((status, &signed["user"]["role"]), (201, &json!("admin")), "{signed}");
    assert_eq!(register(&nobody, "kim@example.org", Some(&second)).await.0, 403);
    assert_eq!(register(&nobody, "kim@example.org", None).await.0, 403);

    site.server.kill();
    site.start_again();
    let log = site.server.log();
    assert_eq!(codes(&log), [first, second], "each is printed once, and none where there are people");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_that_mongodb_holds_works_on_each_server_and_for_one_of_many() {
    let url = mongod::shared().await.url(&mongod::fresh_database());
    let settings = [
        EVERYWHERE,
        ("INGLENOOK_STORE", &*url),
        ("INGLENOOK_SECRET", "Zk3vQ8xw1LrT0mYc7NfHs5Jd9PbEgUaW"),
        ("INGLENOOK_LIMITS_REGISTRATIONS_PER_HOUR", "1000"),
    ];
    let one = Site::start(&settings).await;
    let ended = first_code(&one.server.log()).unwrap();
    let other = Site::start(&settings).await;
    let code = first_code(&other.server.log()).unwrap();
    assert_eq!(register(&one.stranger(), "lin@example.org", Some(&ended)).await.0, 403);
    let (one, other) = (one.stranger(), other.stranger());
    let all = join_all((0..10).map(|at| {
        let (person, email, code) =
            (if at % 2 == 0 { &one } else { &other }, format!("u{at}@example.org"), &code);
        async move { register(person, &email, Some(code)).await }
    }))
    .await;
    let made: Vec<_> = all.iter().filter(|(status, _)| *status == 201).collect();
    assert_eq!(made.len(), 1, "{all:?}");
    assert_eq!(made[0].1["user"]["role"], "admin");
    assert_eq!(register(&other, "kim@example.org", None).await.1["user"]["role"], "member");
}

/// What collects the log reads an object in each line of standard error, and must not get the link.
#[test]
fn a_log_of_json_does_not_hold_the_link() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [EVERYWHERE, ("INGLENOOK_LOG_FORMAT", "json"), ("INGLENOOK_LOG_LEVEL", "trace")];
    let program = Path::new(env!("CARGO_BIN_EXE_inglenook"));
    let mut running = command(program, folder.path(), &settings)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(running.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains("is ready at") {
        assert_ne!(printed.read_line(&mut said).unwrap(), 0, "it ended: {said}");
    }
    running.kill().unwrap();
    running.wait().unwrap();
    let code = first_code(&said).unwrap();
    let mut log = String::new();
    running.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(!log.contains(&code) && !log.contains("first="), "{log}");
    for line in log.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_this_machine_alone_the_first_to_come_is_the_administrator() {
    let site = Site::start(&[]).await;
    assert_eq!(first_code(&site.server.log()), None);
    let (status, signed) = register(&site.stranger(), "lin@example.org", None).await;
    assert_eq!((status, &signed["user"]["role"]), (201, &json!("admin")), "{signed}");
}
