//! [`Cli`]: the commands and options of `inglenook`.

use std::{net::SocketAddr, path::PathBuf};

pub mod check;
mod database;
pub mod invite;
pub mod key;
pub mod passwd;
mod run;
pub mod user;

use clap::{Parser, Subcommand};

pub use self::run::run;
use crate::server::config::{Config, ConfigError, keys, listen};

const ABOUT: &str = "A self-hosted AI chat site in one binary.";

const LONG_ABOUT: &str = "A self-hosted AI chat site in one binary.

People sign in with a browser, talk to any OpenAI-compatible model, watch the answer arrive and find \
every conversation again. Everything is kept in an embedded database, or in MongoDB.

First steps:
  1. inglenook                     starts it; no settings are needed
  2. open http://127.0.0.1:3000    the first person to register is the administrator
  3. set OPENAI_API_KEY, or OPENAI_BASE_URL for a local server, and start it again;
     until then a built-in demo model answers";

const EXAMPLES: &str = "Examples:
  OPENAI_BASE_URL=http://localhost:11434/v1 inglenook      models of an Ollama on this machine
  OPENAI_API_KEY=sk-… inglenook --listen 0.0.0.0:8080      OpenAI's, for the whole network
  INGLENOOK_STORE='mongodb://db/inglenook?replicaSet=rs0' inglenook
  inglenook check --config /etc/inglenook/Leptos.toml      what is configured, and does it answer?
  inglenook passwd lin@example.org                         a new password, also while the server runs
  inglenook user role lin@example.org admin                an administrator, where none can sign in any more
  inglenook key make lin@example.org --name Backup         an API key, printed once
  inglenook invite --uses 30 --days 7                      a link and a QR code with which thirty people register

Leptos.toml in the working directory is read when it is there; what a variable says goes before it,
and an option before both.

Variables:
";

#[derive(Debug, Parser)]
#[command(name = "inglenook", bin_name = "inglenook", version, about = ABOUT, long_about = LONG_ABOUT)]
#[command(after_help = "Run inglenook --help for first steps, examples and every variable.")]
#[command(after_long_help = format!("{EXAMPLES}{}", keys::help_table()))]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// The file to read instead of Leptos.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port to serve on, such as 0.0.0.0:3000
    #[arg(long, global = true, value_name = "ADDRESS", value_parser = parse_listen)]
    listen: Option<SocketAddr>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve the site (what happens without a command)
    #[default]
    Serve,
    /// Say what is configured, whether store and providers answer, and what would be wrong
    Check,
    /// Give somebody a new password, typed or from standard input, and sign them out everywhere
    Passwd {
        /// What they sign in with: an e-mail address, or a name
        login: String,
    },
    /// Print an invitation, as a link and a QR code, with which people register
    Invite(invite::Invite),
    /// List, make, change and delete accounts
    #[command(subcommand)]
    User(user::UserCommand),
    /// List, make and end API keys
    #[command(subcommand)]
    Key(key::KeyCommand),
}

fn parse_listen(text: &str) -> Result<SocketAddr, &'static str> {
    listen(text).ok_or("wanted an address and a port, such as 127.0.0.1:3000")
}

impl Cli {
    /// The command, which is `serve` when none is given.
    pub fn chosen_command(&self) -> Command {
        self.command.clone().unwrap_or_default()
    }

    /// The configuration with this command line and the process's environment.
    pub fn load(&self) -> Result<Config, ConfigError> {
        let listen = self.listen.map(|address| ("server.listen", "--listen", address.to_string()));
        let options: Vec<_> = listen.into_iter().collect();
        // Bytes that are not Unicode are replaced and not left out, so that a value with such bytes is refused.
        let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        Config::load_with(self.config.as_deref(), variable, &options)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(args: &[&str]) -> Cli {
        Cli::try_parse_from([&["inglenook"], args].concat()).unwrap()
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serving_is_the_default() {
        assert_eq!(parse(&[]).chosen_command(), Command::Serve);
        assert_eq!(parse(&["serve"]).chosen_command(), Command::Serve);
        assert_eq!(parse(&["check"]).chosen_command(), Command::Check);
        let passwd = Command::Passwd { login: "lin@example.org".into() };
        assert_eq!(parse(&["passwd", "lin@example.org"]).chosen_command(), passwd);
        assert!(Cli::try_parse_from(["inglenook", "passwd"]).is_err());
        let Command::Invite(invite) = parse(&["invite", "--uses", "30", "--admin"]).chosen_command() else {
            panic!("it is an invitation")
        };
        assert_eq!((invite.uses, invite.days, invite.admin, invite.tier), (30, 7, true, None));
        assert!(Cli::try_parse_from(["inglenook", "invite", "--tier-days", "3"]).is_err());
    }

    #[test]
    fn options_go_before_and_behind_the_command() {
        for args in [["--listen", "0.0.0.0:80", "check"], ["check", "--listen", "0.0.0.0:80"]] {
            assert_eq!(parse(&args).listen, Some(SocketAddr::from(([0, 0, 0, 0], 80))));
        }
        let error = Cli::try_parse_from(["inglenook", "--listen", "80"]).unwrap_err().to_string();
        assert!(error.contains("--listen") && error.contains("an address and a port"), "{error}");
    }

    #[test]
    fn help_names_every_variable_and_default() {
        let help = Cli::command().render_long_help().to_string();
        for key in keys::KEYS.iter() {
            assert!(help.contains(&key.env) && help.contains(&key.key), "{}", key.key);
            assert!(help.contains(&key.default), "{}", key.key);
        }
        for (name, _) in keys::OTHER_VARIABLES {
            assert!(help.contains(name), "{name}");
        }
        for word in [
            "First steps",
            "Examples",
            "check",
            "serve",
            "passwd",
            "invite",
            "user",
            "key",
            "--config",
            "--listen",
            "--version",
        ] {
            assert!(help.contains(word), "{word}");
        }
        let short = Cli::command().render_help().to_string();
        assert!(short.lines().count() < 30, "-h fits a screen:\n{short}");
    }
}
