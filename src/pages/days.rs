//! [`Days`]: when days begin where the reader lives, as far as their browser has told.

use axum::http::HeaderMap;

use crate::server::http::cookie;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const MINUTE_MS: i64 = 60 * 1000;
/// The cookie in which a page's script says how many minutes its clock is behind UTC.
const COOKIE: &str = "tz";
/// No place on Earth is farther from UTC.
const FARTHEST: i64 = 14 * 60;

/// UTC when nothing was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    minutes_behind: i64,
}

impl Days {
    /// What is not a number of minutes that a place can have counts as not told.
    pub fn of(headers: &HeaderMap) -> Self {
        let told = cookie::value(headers, COOKIE).and_then(|value| value.parse().ok());
        let minutes_behind = told.filter(|minutes| (-FARTHEST..=FARTHEST).contains(minutes));
        Self { minutes_behind: minutes_behind.unwrap_or_default() }
    }

    /// How long ago something was, as a key. Both times in UTC milliseconds.
    pub fn age(self, now: i64, then: i64) -> &'static str {
        let day = |time: i64| time.saturating_sub(self.minutes_behind * MINUTE_MS).div_euclid(DAY_MS);
        match day(now) - day(then) {
            ..=0 => "day-today",
            1 => "day-yesterday",
            2..=7 => "day-last-week",
            8..=31 => "day-last-month",
            _ => "day-earlier",
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;

    fn told(cookies: &[&str]) -> Days {
        let mut headers = HeaderMap::new();
        for line in cookies {
            headers.append(header::COOKIE, line.parse().unwrap());
        }
        Days::of(&headers)
    }

    #[test]
    fn ages_are_whole_days() {
        let now = 100 * DAY_MS + 5;
        let age = |then| Days::default().age(now, then);
        assert_eq!(age(now), "day-today");
        assert_eq!(age(now + DAY_MS), "day-today");
        assert_eq!(age(100 * DAY_MS - 1), "day-yesterday");
        assert_eq!(age(93 * DAY_MS), "day-last-week");
        assert_eq!(age(92 * DAY_MS), "day-last-month");
        assert_eq!(age(0), "day-earlier");
        for odd in [i64::MIN, i64::MAX] {
            Days { minutes_behind: FARTHEST }.age(now, odd);
        }
    }

    #[test]
    fn days_begin_where_the_reader_lives() {
        let minute = MINUTE_MS;
        let midnight = 100 * DAY_MS;
        // Los Angeles: what was said at 00:01 UTC was said last evening, and tonight it is yesterday.
        let there = told(&["inglenook=x; tz=480"]);
        assert_eq!(there.age(midnight + 7 * 60 * minute, midnight + minute), "day-today");
        assert_eq!(there.age(midnight + 9 * 60 * minute, midnight + minute), "day-yesterday");
        assert_eq!(Days::default().age(midnight + 9 * 60 * minute, midnight + minute), "day-today");
        // Kolkata is ahead, and by half an hour.
        let there = told(&["tz=-330"]);
        assert_eq!(there.age(midnight, midnight - 331 * minute), "day-yesterday");
        assert_eq!(there.age(midnight, midnight - 330 * minute), "day-today");
    }

    #[test]
    fn nonsense_counts_as_not_told() {
        for cookies in [
            &["tz="] as &[&str],
            &["tz=x"],
            &["tz=841"],
            &["tz=-841"],
            &["tz=9223372036854775807"],
            &["tz=-9223372036854775808"],
            &["tz=99999999999999999999"],
            &["tz=1e3"],
            &["tz=480.5"],
            &["xtz=480", "a=tz=480"],
            &[],
        ] {
            assert_eq!(told(cookies), Days::default(), "{cookies:?}");
        }
        assert_eq!(told(&["a=b", "tz=840"]).minutes_behind, 840);
    }
}
