//! The list of people: first those who are here, then everybody else by name.

use super::{DEFAULT_LIMIT, MAX_LIMIT, Profiles, person};
use crate::{
    domain::{CurrentUser, Page, Person, Reason},
    error::AppError,
    server::{
        accounts::valid::MAX_NAME_CHARS,
        store::{DirectoryQuery, PersonPosition},
    },
};

/// How many of those who are here stand at the head of the list. A cursor names each of them.
const MOST_AT_HEAD: u32 = 40;
/// Among so many of those who are here the head is looked for. Whoever is beyond stands where their name does.
const MOST_HERE: u32 = 500;
/// No id is longer.
const MAX_ID_BYTES: usize = 26;
/// Stands between the ids of those at the head, and between the parts of a cursor.
const BETWEEN_IDS: char = '.';
const BETWEEN_PARTS: char = '_';

/// Where a page begins.
#[derive(Debug, Default, PartialEq, Eq)]
struct Cursor {
    /// Who stood at the head of the first page. They are left out of the others, whoever is here by then; else somebody who comes
    /// or goes while the list is read would be missed.
    head: Vec<String>,
    /// The last one by name; `None`: none was shown yet.
    after: Option<PersonPosition>,
}

impl Profiles {
    /// A page of the people who are listed, with `search` in their names: on the first page those who have a page open and let
    /// others know, by name, then everybody else by name.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: the site has no list; [`AppError::Invalid`] of `cursor`, `limit` or `q`.
    pub async fn list(
        &self,
        _: &CurrentUser,
        search: Option<&str>,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Page<Person>, AppError> {
        if !self.people_list {
            return Err(AppError::NotFound);
        }
        let limit = AppError::valid_limit(limit, DEFAULT_LIMIT, MAX_LIMIT)?;
        if search.is_some_and(|q| q.chars().nth(MAX_NAME_CHARS).is_some()) {
            let reason = Reason::new("search-too-long").with("most", MAX_NAME_CHARS);
            return Err(AppError::invalid("q", reason));
        }
        let search = search.unwrap_or_default().trim().to_owned();
        let (mut found, Cursor { head, after }) = match cursor.filter(|cursor| !cursor.is_empty()) {
            Some(cursor) => (Vec::new(), Cursor::read(cursor)?),
            None => {
                let here = self.presences.present(MOST_HERE).await?;
                let only = Some(here.into_iter().map(|(id, _)| id).collect());
                let limit = limit.min(MOST_AT_HEAD);
                let query = DirectoryQuery { search: search.clone(), only, limit, ..Default::default() };
                let found = self.store.listed_people(&query).await?;
                let head = found.iter().map(|user| user.id.clone()).collect();
                (found, Cursor { head, after: None })
            }
        };
        let at_head = found.len();
        // One more than the limit shows whether there is a next page.
        let query = DirectoryQuery {
            search,
            without: head.clone(),
            after: after.clone(),
            limit: (limit + 1).saturating_sub(u32::try_from(at_head).unwrap_or(u32::MAX)),
            ..Default::default()
        };
        found.extend(self.store.listed_people(&query).await?);
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let last = found.get(at_head..).and_then(<[_]>::last);
        let last = last.map(|user| PersonPosition { name: user.name.clone(), id: user.id.clone() });
        let next = more.then(|| Cursor { head, after: last.or(after) }.written());
        Ok(Page { items: found.iter().map(person).collect(), next_cursor: next })
    }
}

impl Cursor {
    fn written(&self) -> String {
        let head = self.head.join(&BETWEEN_IDS.to_string());
        let (id, name) = self.after.as_ref().map(|after| (&*after.id, &*after.name)).unwrap_or_default();
        format!("{head}{BETWEEN_PARTS}{id}{BETWEEN_PARTS}{name}")
    }

    fn read(cursor: &str) -> Result<Self, AppError> {
        let not_ours = || AppError::invalid("cursor", Reason::new("cursor-not-ours"));
        let mut parts = cursor.splitn(3, BETWEEN_PARTS);
        let (Some(head), Some(id), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(not_ours());
        };
        let head: Vec<String> =
            head.split(BETWEEN_IDS).filter(|id| !id.is_empty()).map(str::to_owned).collect();
        let is_long = |id: &str| id.len() > MAX_ID_BYTES;
        if head.len() > MOST_AT_HEAD as usize
            || head.iter().any(|id| is_long(id))
            || is_long(id)
            || name.chars().nth(MAX_NAME_CHARS).is_some()
        {
            return Err(not_ours());
        }
        let after = (!id.is_empty()).then(|| PersonPosition { name: name.to_owned(), id: id.to_owned() });
        Ok(Self { head, after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_no_other_is() {
        let after = PersonPosition { name: "Ada_B. C".into(), id: "ID3".into() };
        for head in [Vec::new(), vec!["ID1".to_owned()], vec!["ID1".to_owned(), "ID2".to_owned()]] {
            for after in [None, Some(after.clone())] {
                let cursor = Cursor { head: head.clone(), after };
                assert_eq!(Cursor::read(&cursor.written()).unwrap(), cursor);
            }
        }
        let many = vec!["ID"; MOST_AT_HEAD as usize + 1].join(".");
        let (long, name) = ("x".repeat(MAX_ID_BYTES + 1), "x".repeat(MAX_NAME_CHARS + 1));
        for bad in [
            "x",
            "x_y",
            &format!("{many}__"),
            &format!("{long}__"),
            &format!("_{long}_"),
            &format!("_x_{name}"),
        ] {
            assert!(Cursor::read(bad).is_err(), "{bad}");
        }
    }
}
