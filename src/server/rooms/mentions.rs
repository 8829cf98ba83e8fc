//! Whom a text mentions that was typed without help, members whose names stand behind an `@`; and whom one may mention.

use super::{Person, Rooms};
use crate::{
    domain::{ConversationKind, CurrentUser, talk::MOST_MENTIONS},
    error::AppError,
    server::{
        accounts::valid::MAX_NAME_CHARS,
        store::{MemberQuery, name_key},
    },
};

/// How many members are looked through whose names begin with the word behind an `@`.
const MOST_NAMES: u32 = 50;
/// So many `@` of a text are looked at.
const MOST_SIGNS: usize = 20;

impl Rooms {
    /// The ids of the members whom the text mentions. Of several names that stand there, the longest counts.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is no such room.
    pub async fn mentioned(
        &self,
        current: &CurrentUser,
        id: &str,
        text: &str,
    ) -> Result<Vec<String>, AppError> {
        let mut ids = Vec::new();
        let places: Vec<String> = behind_signs(text).collect();
        if places.is_empty() {
            return Ok(ids);
        }
        let grant = self.shared(current, id).await?;
        for place in places {
            let word = place.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            if word.is_empty() {
                continue;
            }
            let query =
                MemberQuery { begins: Some(name_key(word)), limit: MOST_NAMES, ..MemberQuery::default() };
            let typed = name_key(&place);
            let members = self.chats.members(&grant, &query).await?;
            let named = members.into_iter().filter(|member| typed.starts_with(&name_key(&member.name)));
            if let Some(member) = named.max_by_key(|member| member.name.len())
                && !ids.contains(&member.user_id)
                && ids.len() < MOST_MENTIONS
            {
                ids.push(member.user_id);
            }
        }
        Ok(ids)
    }

    /// Those whose names begin so and whom a text may mention: members of a room, or the other one of two people.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is no such room.
    pub async fn mentionable(
        &self,
        current: &CurrentUser,
        id: &str,
        (begins, limit): (&str, u32),
    ) -> Result<Vec<Person>, AppError> {
        let grant = self.shared(current, id).await?;
        if begins.chars().nth(MAX_NAME_CHARS).is_some() {
            return Ok(Vec::new());
        }
        let begins = Some(name_key(begins)).filter(|key| !key.is_empty());
        let query = MemberQuery { begins, limit, ..MemberQuery::default() };
        let mut members = self.chats.members(&grant, &query).await?;
        members.retain(|member| {
            grant.conversation().kind != ConversationKind::Direct || member.user_id != current.id()
        });
        self.with_pictures(members).await
    }
}

/// What stands behind each `@` that begins a word, up to the length of a name.
fn behind_signs(text: &str) -> impl Iterator<Item = String> {
    let begins = |at: usize| {
        text.get(..at).and_then(|before| before.chars().next_back()).is_none_or(|c| !c.is_alphanumeric())
    };
    let places = text.match_indices('@').filter(move |(at, _)| begins(*at)).take(MOST_SIGNS);
    places.filter_map(|(at, sign)| {
        let behind = text.get(at + sign.len()..)?.lines().next()?;
        Some(behind.chars().take(MAX_NAME_CHARS).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::behind_signs;

    #[test]
    fn only_a_sign_that_begins_a_word_mentions_somebody() {
        let found: Vec<String> = behind_signs("@kim, ann@example.org and (@Lin Wu\n@").collect();
        assert_eq!(found, ["kim, ann@example.org and (@Lin Wu", "Lin Wu"]);
        assert_eq!(behind_signs(&"@a ".repeat(100)).count(), 20);
    }
}
