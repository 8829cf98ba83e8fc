//! `inglenook key`: the API keys of people, also while servers run on the database.

use clap::{Subcommand, ValueEnum};

use super::{
    database::{CommandError, accounts, open},
    user::person,
};
use crate::{
    domain::{ApiKey, Authority::Operator, Scope},
    error::AppError,
    server::{
        accounts::{Accounts, keys::NewKey},
        config::Config,
    },
};

/// What is done with which key.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum KeyCommand {
    /// List somebody's keys
    List {
        /// What they sign in with
        login: String,
    },
    /// Make a key for somebody, and print it once
    Make {
        /// What they sign in with
        login: String,
        /// What it is for
        #[arg(long)]
        name: String,
        /// What a program may do with it
        #[arg(long, default_value = "chat")]
        scope: KeyScope,
        /// After how many days it ends; without this it does not end by itself
        #[arg(long)]
        days: Option<u32>,
    },
    /// End a key
    End {
        /// What its owner signs in with
        login: String,
        /// The id, as the list shows it
        id: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyScope {
    Read,
    Chat,
    All,
}

impl From<KeyScope> for Scope {
    fn from(scope: KeyScope) -> Self {
        match scope {
            KeyScope::Read => Self::Read,
            KeyScope::Chat => Self::Chat,
            KeyScope::All => Self::All,
        }
    }
}

/// Does it, and answers what to print.
///
/// # Errors
///
/// Nothing is changed when there is no database, no such account or key, or what is asked is not possible.
pub async fn key(config: &Config, command: KeyCommand) -> Result<String, CommandError> {
    let store = open(config).await?;
    let done = match accounts(config, &store) {
        Ok(accounts) => serve(&accounts, command).await,
        Err(error) => Err(error),
    };
    store.close().await;
    done
}

async fn serve(accounts: &Accounts, command: KeyCommand) -> Result<String, CommandError> {
    match command {
        KeyCommand::List { login } => {
            let user = person(accounts, &login).await?;
            let keys = accounts.keys_of(Operator, &user.id).await?;
            let lines: Vec<String> = keys.iter().map(line).collect();
            Ok(if lines.is_empty() { format!("{} has no keys.", user.login) } else { lines.join("\n") })
        }
        KeyCommand::Make { login, name, scope, days } => {
            let user = person(accounts, &login).await?;
            let new = NewKey { name: &name, scope: scope.into(), days };
            let (_, text) = accounts.make_key_of(Operator, &user.id, new).await?;
            Ok(format!("A key of {}. It is shown only now.\n\n  {text}\n", user.login))
        }
        KeyCommand::End { login, id } => {
            let user = person(accounts, &login).await?;
            match accounts.end_key_of(Operator, &user.id, &id).await {
                Err(AppError::NotFound) => Err(CommandError(format!("{} has no such key.", user.login))),
                ended => Ok(ended.map(|()| "The key counts no more.".to_owned())?),
            }
        }
    }
}

fn line(key: &ApiKey) -> String {
    format!("{}  {}  {}", key.id, key.scope.into_str(), key.name)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            database::tests::Folder,
            user::{UserCommand, user},
        },
        *,
    };

    #[tokio::test]
    async fn keys_are_made_listed_and_ended() {
        let folder = Folder::new().await;
        let config = &folder.config;
        let add = UserCommand::Add { login: "lin".into(), name: String::new(), admin: false };
        user(config, add, |_| Ok("hearth and kettle".into())).await.unwrap();
        let list = || KeyCommand::List { login: "lin".into() };
        assert_eq!(key(config, list()).await.unwrap(), "lin has no keys.");
        let make = |name: &str| KeyCommand::Make {
            login: "lin".into(),
            name: name.into(),
            scope: KeyScope::Read,
            days: Some(3),
        };
        assert!(key(config, make(" ")).await.is_err());
        let made = key(config, make("Backup")).await.unwrap();
        assert!(made.contains("ink_"), "{made}");
        let listed = key(config, list()).await.unwrap();
        assert!(listed.ends_with("  read  Backup") && !listed.contains("ink_"), "{listed}");
        let end = |id: &str| KeyCommand::End { login: "lin".into(), id: id.into() };
        assert_eq!(key(config, end("x")).await.unwrap_err().to_string(), "lin has no such key.");
        let id = listed.split(' ').next().unwrap();
        assert!(key(config, end(id)).await.unwrap().contains("no more"));
        assert!(key(config, end(id)).await.is_err());
    }
}
