//! [`Server`]: a server process as an operator runs it, with a folder and an address.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

/// Killed when it is dropped; its folder stays.
pub struct Server {
    process: Child,
    pub address: SocketAddr,
    log: PathBuf,
    /// The line that says that it is ready.
    #[allow(dead_code, reason = "the tests of the first account read it")]
    pub said: String,
    /// The time from the start of the process to the line that says it is ready.
    pub start_took: Duration,
}

impl Server {
    /// Starts the program on a free port with its data in `folder`, and waits until it is ready. `settings` are
    /// environment variables. Its log is appended to `server.log` in the folder.
    pub fn start(program: &Path, folder: &Path, settings: &[(&str, &str)]) -> Self {
        let log = folder.join("server.log");
        let mut command = command(program, folder, settings);
        let errors = File::options().create(true).append(true).open(&log).expect("the log can be written");
        let begun = Instant::now();
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().expect("its output is piped"));
        output.read_line(&mut line).expect("its output is text");
        // One that listens on all addresses says two; the first is this machine's.
        let printed = line.split("http://").nth(1).and_then(|rest| rest.split_whitespace().next());
        let address = printed.and_then(|it| it.replace("localhost", "127.0.0.1").parse().ok());
        let Some(address) = address else {
            let _ = process.kill();
            panic!("the server did not start: {line}{}", std::fs::read_to_string(&log).unwrap_or_default());
        };
        Self { process, address, log, said: line, start_took: begun.elapsed() }
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The logs of all processes on this folder.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a process has a number");
        kill_process(pid, signal).expect("the server can be told");
    }

    /// Kills the process (`kill -9`) and waits for its end.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// The exit status, or `None` if the process still runs after `patience`.
    pub fn ended_within(&mut self, patience: Duration) -> Option<ExitStatus> {
        let begun = Instant::now();
        loop {
            match self.process.try_wait() {
                Ok(Some(status)) => return Some(status),
                _ if begun.elapsed() > patience => return None,
                _ => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

/// The command to start the program on a free port with its data in `folder`.
pub fn command(program: &Path, folder: &Path, settings: &[(&str, &str)]) -> Command {
    let config = folder.join("empty.toml");
    std::fs::write(&config, "").expect("the server's folder can be written");
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(std::env::vars().filter(|(name, _)| matches!(&**name, "PATH" | "HOME" | "TMPDIR")))
        .env("INGLENOOK_CONFIG", &config)
        .env("INGLENOOK_DATA_DIR", folder.join("data"))
        .env("INGLENOOK_LISTEN", "127.0.0.1:0")
        .envs(settings.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
