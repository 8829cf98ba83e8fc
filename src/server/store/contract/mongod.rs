//! A real `mongod` for the tests: a replica set of one or of three, in a temporary folder, gone when the tests end.

use std::{
    env, fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use futures::TryStreamExt;
use mongodb::{
    Client,
    bson::{Document, doc},
    results::CollectionSpecification,
};
use tempfile::TempDir;
use tokio::sync::OnceCell;

const START: Duration = Duration::from_secs(60);
/// How many databases the tests use by turns: to make one costs mongod a second, to empty one some milliseconds.
const DATABASES: u32 = 8;

/// mongod keeps the files of a collection open for ten minutes after the last use. The databases of a whole run have more
/// files than a process may open on some machines, so those of tests that have ended are closed soon.
const CLOSE_IDLE_FILES: &str =
    "file_manager=(close_idle_time=10,close_scan_interval=5,close_handle_minimum=500)";

/// mongod removes what has expired by its own clock. The tests set the time of their servers, and what these store may have
/// expired long ago for mongod, which would remove it once a minute in the middle of a test.
const REMOVE_NOTHING: &str = "ttlMonitorEnabled=false";

/// A shell starts mongod, and kills it when the test process is gone, because the shell's standard input ends then. The
/// shell ignores the signals that are meant for the tests (Ctrl-C), because it must outlive them. A mongod that several
/// test processes share ends with the process that runs them, `$3`.
const WATCH: &str = r#"
trap '' INT TERM HUP
mongod=$1 folder=$2 runner=$3
shift 3
"$mongod" --dbpath "$folder" --logpath "$folder/mongod.log" --logappend "$@" &
echo $! >"$folder/pid"
if [ -n "$runner" ]; then while kill -0 "$runner" 2>/dev/null; do sleep 1; done; else cat; fi
kill -CONT "$(cat "$folder/pid")"
kill -KILL "$(cat "$folder/pid")"
wait
[ -e "$folder/keep" ] || rm -rf "$folder"
"#;

pub(super) struct Mongod {
    folder: PathBuf,
    port: u16,
    /// `None` while mongod is stopped, and in a process that did not start it.
    shell: Option<Child>,
}

/// The mongod that most tests share. Each test has a database of its own.
pub(super) async fn shared() -> &'static Mongod {
    static SHARED: OnceCell<Mongod> = OnceCell::const_new();
    SHARED
        .get_or_init(async || match env::var("NEXTEST_RUN_ID") {
            Ok(run) => Mongod::of_run(&run).await,
            Err(_) => Mongod::start(&["--replSet", "rs0"]).await,
        })
        .await
}

/// The name of a database that no other test uses, in this process or another one.
pub(super) fn fresh_database() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("test_{}_{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The name of a database that is empty but for its collections and indexes, and that no other test uses meanwhile.
pub(super) async fn empty_database() -> String {
    static TAKEN: Mutex<Vec<fs::File>> = Mutex::new(Vec::new());
    let mongod = shared().await;
    // By turns, so that a test that has just ended is gone when its database is used again.
    for number in (process::id() % DATABASES..DATABASES).chain(0..) {
        let name = format!("test_{number}");
        let file = fs::File::create(mongod.folder.join(format!("{name}.lock"))).unwrap();
        if file.try_lock().is_ok() {
            TAKEN.lock().unwrap().push(file);
            mongod.empty(&name).await;
            return name;
        }
    }
    unreachable!("there are more databases than tests")
}

/// In memory where there is enough of it, because each test makes a database of some eighty files. What decides is the size,
/// not what is free, so that all processes of a run agree.
fn folder_of_runs() -> PathBuf {
    const MEMORY: &str = "/dev/shm";
    const ENOUGH: u64 = 8 << 30;
    let size = rustix::fs::statvfs(MEMORY).map_or(0, |about| about.f_blocks.saturating_mul(about.f_frsize));
    if size >= ENOUGH { PathBuf::from(MEMORY) } else { env::temp_dir() }
}

impl Mongod {
    async fn empty(&self, database: &str) {
        let client = Client::with_uri_str(self.url(database)).await.unwrap();
        // What a test asked for in its last moment may still be written after its process is gone.
        let of_before = doc! { "ns": { "$regex": format!("^{database}\\.") }, "op": { "$ne": "getmore" } };
        let running = [doc! { "$currentOp": {} }, doc! { "$match": of_before }];
        let admin = client.database("admin");
        while admin.aggregate(running.clone()).await.unwrap().advance().await.unwrap() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let database = client.database(database);
        let collections: Vec<CollectionSpecification> =
            database.list_collections().await.unwrap().try_collect().await.unwrap();
        for CollectionSpecification { name, options, .. } in collections {
            if options.validator.is_some() {
                database.run_command(doc! { "collMod": &name, "validator": {} }).await.unwrap();
            }
            database.collection::<Document>(&name).delete_many(doc! {}).await.unwrap();
        }
        client.shutdown().immediate(true).await;
    }

    /// The mongod that all processes of a nextest run share, because nextest gives each test a process. The first
    /// process that asks starts it and writes its port down.
    async fn of_run(run: &str) -> Self {
        let folder = folder_of_runs().join(format!("inglenook-mongod-{run}"));
        fs::create_dir_all(&folder).unwrap();
        let lock = fs::File::create(folder.join("lock")).unwrap();
        lock.lock().unwrap();
        if let Ok(port) = fs::read_to_string(folder.join("port")) {
            return Self { folder, port: port.parse().unwrap(), shell: None };
        }
        let mut mongod = Self { folder, port: free_port(), shell: None };
        mongod.spawn_for(&std::os::unix::process::parent_id().to_string(), &["--replSet", "rs0"]).await;
        mongod.make_replica_set(&[&mongod]).await;
        fs::write(mongod.folder.join("port"), mongod.port.to_string()).unwrap();
        mongod
    }

    pub(super) async fn start(arguments: &[&str]) -> Self {
        let mut mongod = Self { folder: TempDir::new().unwrap().keep(), port: free_port(), shell: None };
        mongod.spawn(arguments).await;
        if arguments.contains(&"--replSet") {
            mongod.make_replica_set(&[&mongod]).await;
        }
        mongod
    }

    /// Starts a replica set of three, which goes on when one member is gone. Returns its first member, the other
    /// members, and their URL.
    pub(super) async fn start_three(database: &str) -> (Vec<Self>, String) {
        let mut members = Vec::new();
        for _ in 0..3 {
            let mut mongod = Self { folder: TempDir::new().unwrap().keep(), port: free_port(), shell: None };
            mongod.spawn(&["--replSet", "rs0", "--setParameter", "enableTestCommands=1"]).await;
            members.push(mongod);
        }
        members[0].make_replica_set(&members.iter().collect::<Vec<_>>()).await;
        let hosts: Vec<String> = members.iter().map(|it| it.address()).collect();
        let url = format!("mongodb://{}/{database}?replicaSet=rs0", hosts.join(","));
        (members, url)
    }

    pub(super) fn url(&self, database: &str) -> String {
        format!("mongodb://127.0.0.1:{}/{database}", self.port)
    }

    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Kills mongod as in a crash. Its files stay.
    pub(super) fn kill(&mut self) {
        fs::write(self.folder.join("keep"), "").unwrap();
        if let Some(mut shell) = self.shell.take() {
            drop(shell.stdin.take());
            shell.wait().unwrap();
        }
    }

    pub(super) async fn spawn(&mut self, arguments: &[&str]) {
        self.spawn_for("", arguments).await;
    }

    /// Starts mongod. It ends with the process `runner`, or with this process if `runner` is empty.
    async fn spawn_for(&mut self, runner: &str, arguments: &[&str]) {
        let _ = fs::remove_file(self.folder.join("keep"));
        let shell = Command::new("sh")
            .args(["-c", WATCH, "sh"])
            .args([&program(), &self.folder])
            .arg(runner)
            .args(["--bind_ip", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "64"])
            .args(["--wiredTigerEngineConfigString", CLOSE_IDLE_FILES])
            .args(["--setParameter", REMOVE_NOTHING])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.shell = Some(shell);
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(begun.elapsed() < START, "mongod did not start: see {}", self.folder.display());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Sends a signal. `STOP` freezes mongod: its connections stay open, and it answers nothing. `CONT` wakes it.
    pub(super) fn signal(&self, name: &str) {
        let pid = fs::read_to_string(self.folder.join("pid")).unwrap();
        assert!(Command::new("kill").args(["-s", name, pid.trim()]).status().unwrap().success());
        // The threads of mongod stop one by one, and a thread that has not stopped yet may still answer.
        let tasks = format!("/proc/{}/task", pid.trim());
        while name == "STOP"
            && fs::read_dir(&tasks).is_ok_and(|tasks| tasks.flatten().any(|task| is_awake(&task)))
        {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    async fn make_replica_set(&self, members: &[&Self]) {
        let url = format!("mongodb://127.0.0.1:{}/?directConnection=true", self.port);
        let client = Client::with_uri_str(url).await.unwrap();
        let admin = client.database("admin");
        let member = |(id, it): (i32, &&Self)| doc! { "_id": id, "host": it.address() };
        let members: Vec<_> = (0..).zip(members).map(member).collect();
        // These settings make elections short.
        let settings = doc! { "electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500 };
        let set = doc! { "replSetInitiate": { "_id": "rs0", "members": members, "settings": settings } };
        admin.run_command(set).await.unwrap();
        let begun = Instant::now();
        while admin.run_command(doc! { "hello": 1 }).await.unwrap().get_bool("isWritablePrimary") != Ok(true)
        {
            assert!(begun.elapsed() < START, "mongod did not become primary");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        client.shutdown().immediate(true).await;
    }
}

impl Drop for Mongod {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// The mongod that `INGLENOOK_TEST_MONGODB` names, the one on `PATH`, or the one that the set-up script
/// fetched.
fn program() -> PathBuf {
    // An empty variable counts as unset, as in a shell.
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(named) = set("INGLENOOK_TEST_MONGODB") {
        return named;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).map(|folder| folder.join("mongod"));
    let home = set("HOME").unwrap_or_default();
    let caches = set("XDG_CACHE_HOME").unwrap_or(home.join(".cache"));
    let cache = set("INGLENOOK_CACHE").unwrap_or(caches.join("inglenook"));
    on_path
        .chain([cache.join("mongodb/mongod")])
        .find(|candidate| Path::is_file(candidate))
        .expect("The store tests need a mongod, and there is none: run `scripts/setup.sh test`.")
}

/// Whether a thread is not stopped, by the letter after its name in `stat`.
fn is_awake(task: &fs::DirEntry) -> bool {
    let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('T'))
}
