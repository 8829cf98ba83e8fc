//! [`Zone`]: the clock of the reader, by the time zone in a cookie that the page's script sets.

use axum::http::HeaderMap;
use time::OffsetDateTime;

use super::cookie;

const MINUTE_MS: i64 = 60 * 1000;
/// The cookie that holds how many minutes the browser's clock is behind UTC.
const COOKIE: &str = "tz";
/// The most minutes between a place's clock and UTC.
const MOST_MINUTES: i64 = 14 * 60;

/// How far the reader's clock is behind UTC. The default is that nobody knows, and then it is UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    minutes_behind: Option<i64>,
}

impl Zone {
    /// The zone of whoever sends these headers; none where the cookie is missing or holds no number of minutes that a place
    /// can have.
    pub fn of(headers: &HeaderMap) -> Self {
        let told = cookie::value(headers, COOKIE).and_then(|value| value.parse().ok());
        Self { minutes_behind: told.filter(|minutes| (-MOST_MINUTES..=MOST_MINUTES).contains(minutes)) }
    }

    /// A time in UTC milliseconds, moved so that its days and hours in UTC are those of the place.
    pub fn moved(self, time: i64) -> i64 {
        time.saturating_sub(self.minutes_behind.unwrap_or_default() * MINUTE_MS)
    }

    /// What the calendar and the clock there show at a time in UTC milliseconds; `None` beyond the year 9999.
    pub fn there(self, time: i64) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp(self.moved(time).div_euclid(1000)).ok()
    }

    /// What the clock there shows, as `18:05`.
    pub fn clock(self, time: i64) -> String {
        let there = self.there(time);
        there.map(|there| format!("{:02}:{:02}", there.hour(), there.minute())).unwrap_or_default()
    }

    /// [`Self::clock`], which says that it is UTC where the place is not known.
    pub fn named_clock(self, time: i64) -> String {
        let clock = self.clock(time);
        if self.minutes_behind.is_some() { clock } else { format!("{clock} UTC") }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;

    fn zone(cookies: &[&str]) -> Zone {
        let mut headers = HeaderMap::new();
        for line in cookies {
            headers.append(header::COOKIE, line.parse().unwrap());
        }
        Zone::of(&headers)
    }

    #[test]
    fn nonsense_counts_as_utc() {
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
            assert_eq!(zone(cookies), Zone::default(), "{cookies:?}");
        }
        assert_eq!(zone(&["a=b", "tz=840"]).minutes_behind, Some(840));
    }

    #[test]
    fn a_clock_says_that_it_is_utc_where_the_place_is_not_known() {
        assert_eq!(Zone::default().named_clock(0), "00:00 UTC");
        assert_eq!(zone(&["tz=480"]).named_clock(0), "16:00");
        assert_eq!(zone(&["tz=-330"]).named_clock(0), "05:30");
        assert_eq!(zone(&["tz=0"]).named_clock(60_000), "00:01");
        for odd in [i64::MIN, i64::MAX] {
            assert_eq!(Zone::default().clock(odd), "");
        }
    }
}
