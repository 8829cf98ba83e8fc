//! [`Refusals`]: how refused sign-ins are counted, so that a flood of them does not fill the disk.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use crate::domain::audit::Named;

const MINUTE_MS: i64 = 60 * 1000;
/// How many pairs of address and account have an entry of their own within a minute. All others are counted in one entry
/// without address and account.
const MOST: usize = 30;

/// The pairs of address and account that were refused within the present minute. Each server has its own.
#[derive(Default)]
pub(super) struct Refusals(Mutex<Minute>);

#[derive(Default)]
struct Minute {
    number: i64,
    seen: HashSet<String>,
}

impl Refusals {
    /// What a refused sign-in at this time is counted as. It takes address and account away where there are too many.
    pub fn counted_as(&self, at: i64, address: &mut String, account: &mut Option<Named>) -> String {
        let number = at.div_euclid(MINUTE_MS);
        let pair = format!("{number} {address} {}", account.as_ref().map_or("", |account| &account.id));
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if minute.number != number {
            *minute = Minute { number, seen: HashSet::new() };
        }
        if minute.seen.contains(&pair) {
            return pair;
        }
        if minute.seen.len() < MOST {
            minute.seen.insert(pair.clone());
            return pair;
        }
        address.clear();
        *account = None;
        format!("{number} others")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_so_many_entries_and_no_more() {
        let refusals = Refusals::default();
        let count = |at: i64, address: usize, account: Option<&str>| {
            let (mut address, mut account) = (
                format!("192.0.2.{address}"),
                account.map(|id| Named { id: id.to_owned(), name: "Lin".to_owned() }),
            );
            let counted = refusals.counted_as(at, &mut address, &mut account);
            (counted, address, account.is_some())
        };
        let first = count(0, 1, None);
        assert_eq!(first.1, "192.0.2.1");
        assert_eq!(count(59_999, 1, None), first);
        assert_ne!(count(0, 1, Some("lin")).0, first.0, "each account has its own");
        let of_a_flood: HashSet<_> = (0..1000).map(|at| count(1, at, None)).collect();
        assert_eq!(of_a_flood.len(), MOST, "the two from before are among them, and the rest");
        let (other, address, has_account) = count(1, 2000, Some("kim"));
        assert!(address.is_empty() && !has_account);
        assert!(of_a_flood.contains(&(other, String::new(), false)));
        assert_eq!(count(2, 1, None), first, "who has an entry keeps it");
        assert_eq!(count(60_000, 7, None).1, "192.0.2.7", "the next minute begins anew");
    }
}
