//! `inglenook user`: the accounts of people, for an operator who is locked out of the site, also while servers run on the
//! database.

use std::{fmt::Write as _, io};

use clap::{Subcommand, ValueEnum};

use super::{
    database::{CommandError, accounts, open},
    invite::tier_named,
};
use crate::{
    domain::{Authority::Operator, User, UserRole, UserState},
    error::AppError,
    server::{
        accounts::{Accounts, people::PersonChange, tiers::GivenTier, welcome},
        config::Config,
        store::Store,
    },
};

/// How many people are read at once.
const PAGE: u32 = 100;

/// What is done with which account.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum UserCommand {
    /// List the accounts, those that were made last first
    List {
        /// Only those with this in their name or in what they sign in with
        #[arg(default_value = "")]
        search: String,
    },
    /// Make an account; the password is typed or read from standard input
    Add {
        /// An e-mail address, or a name
        login: String,
        /// What people call them; without it, the login
        #[arg(long, default_value = "")]
        name: String,
        /// Make them an administrator
        #[arg(long)]
        admin: bool,
    },
    /// Make somebody an administrator, or a member again
    Role { login: String, role: Role },
    /// Refuse somebody from now on, and end their sessions and API keys
    Disable { login: String },
    /// Let somebody in again
    Enable { login: String },
    /// Print a link with which somebody sets a new password, once and within a day
    Reset { login: String },
    /// Give somebody a tier in place of the one that they have
    Tier {
        login: String,
        /// The tier's name; without one, they have none of their own
        tier: Option<String>,
        /// For how many days; without this it does not end
        #[arg(long, requires = "tier")]
        days: Option<u32>,
    },
    /// Switch off the second factor of somebody who lost it
    NoSecondFactor { login: String },
    /// Delete an account with all that its owner wrote
    Delete {
        login: String,
        /// Keep what they wrote in the database, where nobody can open it
        #[arg(long)]
        keep: bool,
        /// Do it: a deleted account does not come back
        #[arg(long, required = true)]
        yes: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    Admin,
    Member,
}

impl From<Role> for UserRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Member => Self::Member,
        }
    }
}

/// Does it, and answers what to print. `read` answers the password of a new account.
///
/// # Errors
///
/// Nothing is changed when there is no database, no such account, or what is asked is not possible.
pub async fn user(
    config: &Config,
    command: UserCommand,
    read: impl FnOnce(&str) -> io::Result<String>,
) -> Result<String, CommandError> {
    let store = open(config).await?;
    let done = match accounts(config, &store) {
        Ok(accounts) => Desk { config, store: &*store, accounts }.serve(command, read).await,
        Err(error) => Err(error),
    };
    store.close().await;
    done
}

/// Finds somebody by what they sign in with.
pub(super) async fn person(accounts: &Accounts, login: &str) -> Result<User, CommandError> {
    match accounts.person_named(Operator, login).await {
        Err(AppError::NotFound) => Err(CommandError(format!("There is no account {login}."))),
        found => Ok(found?),
    }
}

struct Desk<'a> {
    config: &'a Config,
    store: &'a dyn Store,
    accounts: Accounts,
}

impl Desk<'_> {
    async fn serve(
        &self,
        command: UserCommand,
        read: impl FnOnce(&str) -> io::Result<String>,
    ) -> Result<String, CommandError> {
        match command {
            UserCommand::List { search } => self.list(&search).await,
            UserCommand::Add { login, name, admin } => self.add((&login, &name), admin, read).await,
            UserCommand::Role { login, role } => {
                let change = PersonChange { role: Some(role.into()), ..PersonChange::default() };
                self.change(&login, change).await
            }
            UserCommand::Disable { login } => self.state(&login, UserState::Disabled).await,
            UserCommand::Enable { login } => self.state(&login, UserState::Active).await,
            UserCommand::Reset { login } => self.reset(&login).await,
            UserCommand::Tier { login, tier, days } => self.tier(&login, tier.as_deref(), days).await,
            UserCommand::NoSecondFactor { login } => {
                let user = person(&self.accounts, &login).await?;
                self.accounts.end_second_factor_of(Operator, &user.id).await?;
                Ok(format!("{} signs in without a second factor now.", user.login))
            }
            UserCommand::Delete { login, keep, .. } => {
                let user = person(&self.accounts, &login).await?;
                self.accounts.delete_person(Operator, &user.id, !keep).await?;
                let kept = if keep {
                    "What they wrote stays stored."
                } else {
                    "What they wrote goes within an hour."
                };
                Ok(format!("{} is deleted. {kept}", user.login))
            }
        }
    }

    async fn list(&self, search: &str) -> Result<String, CommandError> {
        let (mut lines, mut cursor) = (String::new(), None);
        loop {
            let found = self.accounts.people(Operator, search, cursor.as_deref(), Some(PAGE)).await?;
            for user in found.page.items {
                lines += &line(&user);
                lines.push('\n');
            }
            cursor = found.page.next_cursor;
            if cursor.is_none() {
                let _ = write!(lines, "{} in all", found.total);
                return Ok(lines);
            }
        }
    }

    async fn add(
        &self,
        (login, name): (&str, &str),
        admin: bool,
        read: impl FnOnce(&str) -> io::Result<String>,
    ) -> Result<String, CommandError> {
        let password =
            read(login).map_err(|cause| CommandError(format!("The password could not be read: {cause}.")))?;
        let mut user = self.accounts.add_person(Operator, (login, name), &password).await?;
        if admin && user.role != UserRole::Admin {
            let role = PersonChange { role: Some(UserRole::Admin), ..PersonChange::default() };
            user = self.accounts.change_person(Operator, &user.id, role).await?;
        }
        Ok(format!("{} has an account: {}.", user.login, role(&user)))
    }

    async fn state(&self, login: &str, state: UserState) -> Result<String, CommandError> {
        self.change(login, PersonChange { state: Some(state), ..PersonChange::default() }).await
    }

    async fn change(&self, login: &str, change: PersonChange) -> Result<String, CommandError> {
        let user = person(&self.accounts, login).await?;
        let user = self.accounts.change_person(Operator, &user.id, change).await?;
        Ok(line(&user))
    }

    async fn reset(&self, login: &str) -> Result<String, CommandError> {
        let user = person(&self.accounts, login).await?;
        let link = self.accounts.reset_link(Operator, &user.id).await?;
        let site = welcome::site(self.config, self.config.server.listen);
        Ok(format!(
            "With this link {} sets a new password, once and within a day. It is shown only now.\n\n  {site}/reset/{}\n",
            user.login, link.secret
        ))
    }

    async fn tier(&self, login: &str, tier: Option<&str>, days: Option<u32>) -> Result<String, CommandError> {
        let user = person(&self.accounts, login).await?;
        let id = match tier {
            Some(name) => tier_named(self.store, name).await?,
            None => String::new(),
        };
        self.accounts.give_tier(Operator, &user.id, GivenTier { tier: &id, days }).await?;
        Ok(match tier {
            Some(name) => format!("{} has the tier {}.", user.login, name.trim()),
            None => format!("{} has no tier of their own.", user.login),
        })
    }
}

fn role(user: &User) -> &'static str {
    match user.role {
        UserRole::Admin => "administrator",
        UserRole::Member => "member",
    }
}

/// An account in one line. A name may hold anything that can be seen, so it comes last.
fn line(user: &User) -> String {
    let state = match user.state {
        UserState::Active => "active",
        UserState::Disabled => "disabled",
        UserState::Deleted => "deleted",
    };
    format!("{}  {}  {state}  {}", user.login, role(user), user.name)
}

#[cfg(test)]
mod tests {
    use super::{super::database::tests::Folder, *};

    fn none(_: &str) -> io::Result<String> {
        panic!("nothing is asked")
    }

    #[tokio::test]
    async fn an_operator_who_is_locked_out_gets_back_in() {
        let folder = Folder::new().await;
        let config = &folder.config;
        let run = async |command| user(config, command, none).await;
        let add = |login: &str, admin| UserCommand::Add { login: login.into(), name: "Lin Ü".into(), admin };
        let printed = user(config, add(" Lin ", false), |_| Ok("hearth and kettle".into())).await.unwrap();
        assert_eq!(printed, "lin has an account: administrator.", "the first one is");
        let kim =
            user(config, add("kim@example.org", true), |_| Ok("hearth and kettle".into())).await.unwrap();
        assert!(kim.ends_with("administrator."), "{kim}");
        for (login, password, wanted) in [
            ("kim@example.org", "hearth and kettle", "account"),
            ("a b", "hearth and kettle", "name"),
            ("zoe", "password", "password"),
        ] {
            let error =
                user(config, add(login, false), |_| Ok(password.into())).await.unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
        }
        let list = run(UserCommand::List { search: "KIM".into() }).await.unwrap();
        assert_eq!(list, "kim@example.org  administrator  active  Lin Ü\n1 in all");
        let role = |login: &str, role| UserCommand::Role { login: login.into(), role };
        assert!(run(role("Kim@example.org", Role::Member)).await.unwrap().contains("member"));
        let last = run(role("lin", Role::Member)).await.unwrap_err().to_string();
        assert!(last.contains("administrator"), "{last}");
        assert!(run(UserCommand::Disable { login: "lin".into() }).await.is_err());
        let kim = || "kim@example.org".to_owned();
        assert!(run(UserCommand::Disable { login: kim() }).await.unwrap().contains("disabled"));
        assert!(run(UserCommand::Reset { login: kim() }).await.is_err(), "a disabled account gets no link");
        assert!(run(UserCommand::Enable { login: kim() }).await.unwrap().contains("active"));
        let link = run(UserCommand::Reset { login: kim() }).await.unwrap();
        assert!(link.contains("/reset/"), "{link}");
        assert!(run(UserCommand::NoSecondFactor { login: kim() }).await.is_err(), "there is none");
        let tier = UserCommand::Tier { login: kim(), tier: Some("Gold".into()), days: None };
        assert!(run(tier).await.unwrap_err().to_string().contains("no tier"));
        let unknown = run(UserCommand::Enable { login: "nobody".into() }).await.unwrap_err().to_string();
        assert_eq!(unknown, "There is no account nobody.");
        let deleted = run(UserCommand::Delete { login: kim(), keep: false, yes: true }).await.unwrap();
        assert!(deleted.contains("is deleted"), "{deleted}");
        assert!(run(UserCommand::List { search: String::new() }).await.unwrap().ends_with("1 in all"));
    }
}
