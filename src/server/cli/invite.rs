//! `inglenook invite`: an invitation for people who shall register, also while servers run on the database.

use std::sync::Arc;

use clap::Args;

use super::database::{CommandError, open};
use crate::{
    domain::{Tier, UserRole},
    error::AppError,
    server::{
        accounts::{
            invitations::{JOIN, NewCodes, make},
            welcome,
        },
        config::Config,
        ops::clock::{Clock, Ids},
        store::Store,
        words::Words,
    },
};

/// What the invitation gives, and to how many.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct Invite {
    /// How many people may register with it
    #[arg(long, default_value_t = 1)]
    pub uses: u32,
    /// For how many days it counts
    #[arg(long, default_value_t = 7)]
    pub days: u32,
    /// Whoever registers with it becomes an administrator
    #[arg(long)]
    pub admin: bool,
    /// The tier that it gives, by its name
    #[arg(long, value_name = "NAME")]
    pub tier: Option<String>,
    /// For how many days the tier counts; without this it does not end
    #[arg(long, value_name = "DAYS", requires = "tier")]
    pub tier_days: Option<u32>,
}

/// Makes the invitation. Answers what to print: the link, the code, and with `terminal` its QR code.
///
/// # Errors
///
/// Nothing is made when there is no database, nobody has an account in it, there is no such tier, or a number is not possible.
pub async fn invite(config: &Config, wanted: &Invite, terminal: bool) -> Result<String, CommandError> {
    let store = open(config).await?;
    let made = made(&store, wanted).await;
    store.close().await;
    let secret = made?;
    let link = format!("{}{JOIN}{}", welcome::site(config, config.server.listen), secret.replace('-', ""));
    let qr = terminal.then(|| welcome::qr(&link)).flatten().map(|qr| format!("\n{qr}")).unwrap_or_default();
    let people = match wanted.uses {
        1 => "1 person".to_owned(),
        uses => format!("{uses} people"),
    };
    let days = match wanted.days {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    Ok(format!(
        "An invitation for {people}, which counts for {days}. It is shown only now.\n\n  {link}\n  Code: {secret}\n{qr}"
    ))
}

async fn made(store: &Arc<dyn Store>, wanted: &Invite) -> Result<String, CommandError> {
    if !store.any_user().await? {
        let first = "Nobody has an account yet. Make the first one with the link that the server prints when it starts.";
        return Err(CommandError(first.to_owned()));
    }
    let tier = match &wanted.tier {
        Some(name) => Some(tier_named(&**store, name).await?),
        None => None,
    };
    let new = NewCodes {
        count: 1,
        registers: true,
        role: if wanted.admin { UserRole::Admin } else { UserRole::Member },
        tier: tier.as_deref(),
        tier_days: wanted.tier_days,
        uses: wanted.uses,
        days: Some(wanted.days),
        label: "inglenook invite",
    };
    let clock = Clock::system();
    let (ids, now) = (Ids::new(clock.clone()), clock.now());
    let made = make((&**store, &**store), &ids, new, (None, now)).await.map_err(in_english)?;
    made.codes.into_iter().next().map(|made| made.secret).ok_or_else(|| in_english(AppError::Internal))
}

/// The id of the tier with this name, in small letters or large ones.
pub(super) async fn tier_named(store: &dyn Store, name: &str) -> Result<String, CommandError> {
    let tiers = store.tiers().await?;
    let sought = name.trim().to_lowercase();
    if let Some(tier) = tiers.iter().find(|tier| tier.name.to_lowercase() == sought) {
        return Ok(tier.id.clone());
    }
    let names: Vec<&str> =
        tiers.iter().filter(|tier| tier.id != Tier::DEFAULT).map(|tier| tier.name.as_str()).collect();
    Err(CommandError(match names.is_empty() {
        true => "There is no tier yet. An administrator makes them at /admin/tiers.".to_owned(),
        false => format!("There is no tier with this name. There are: {}.", names.join(", ")),
    }))
}

/// Commands speak English, as the log does. The field is an option of the command.
fn in_english(error: AppError) -> CommandError {
    let sentence = Words::english().text(&error.reason());
    CommandError(match error {
        AppError::Invalid { field, .. } => format!("--{}: {sentence}", field.replace('_', "-")),
        _ => sentence,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::server::store::{self, Admission, NewUser, OpenOptions};

    fn config(folder: &Path) -> Config {
        let file = folder.join("Leptos.toml");
        std::fs::write(&file, "").unwrap();
        let data = folder.to_string_lossy().into_owned();
        let setting = |name: &str| match name {
            "INGLENOOK_DATA_DIR" => Some(data.clone()),
            "INGLENOOK_PUBLIC_URL" => Some("https://chat.example.org".to_owned()),
            _ => None,
        };
        Config::load(Some(&file), setting).unwrap()
    }

    fn wanted() -> Invite {
        Invite { uses: 30, days: 7, admin: false, tier: None, tier_days: None }
    }

    #[tokio::test]
    async fn an_invitation_counts_in_the_database_of_a_server_that_runs() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let error = invite(&config, &wanted(), false).await.unwrap_err().to_string();
        assert!(error.contains("no database"), "{error}");
        let server = store::open(&config.store.url, &OpenOptions::default()).await.unwrap();
        let error = invite(&config, &wanted(), false).await.unwrap_err().to_string();
        assert!(error.contains("Nobody has an account"), "{error}");
        let lin = NewUser {
            email_verified: false,
            identity: None,
            id: "1".into(),
            login: "lin@example.org".into(),
            name: "Lin".into(),
            password_hash: "$old".into(),
            created_at: 0,
        };
        server.create_user(&lin, Admission::ONLY_FIRST).await.unwrap();
        let gold = Tier { id: "gold".into(), name: "Gold".into(), ..Tier::default() };
        server.create_tier(&gold).await.unwrap();
        let unknown = Invite { tier: Some("Silver".into()), ..wanted() };
        let error = invite(&config, &unknown, false).await.unwrap_err().to_string();
        assert!(error.contains("There are: Gold"), "{error}");
        let error = invite(&config, &Invite { uses: 0, ..wanted() }, false).await.unwrap_err().to_string();
        assert!(error.starts_with("--uses: "), "{error}");
        assert!(server.codes(None, 10).await.unwrap().is_empty());

        let fits = Invite { admin: true, tier: Some(" gold ".into()), tier_days: Some(9), ..wanted() };
        let printed = invite(&config, &fits, false).await.unwrap();
        assert!(printed.contains("30 people") && printed.contains("7 days"), "{printed}");
        let codes = server.codes(None, 10).await.unwrap();
        let [code] = codes.as_slice() else { panic!("{codes:?}") };
        assert_eq!((code.uses, code.role, code.tier.as_deref()), (30, UserRole::Admin, Some("gold")));
        assert_eq!((code.tier_days, code.created_by.as_ref()), (Some(9), None));
        let link =
            printed.lines().find_map(|line| line.trim().strip_prefix("https://chat.example.org/join/"));
        let hash = crate::server::accounts::codes::hash(link.unwrap()).unwrap();
        assert_eq!(server.code_by_hash(&hash).await.unwrap().as_ref(), Some(code));
        assert!(invite(&config, &wanted(), true).await.unwrap().contains('█'));
        server.close().await;
    }
}
