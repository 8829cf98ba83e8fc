//! [`Days`]: when days begin where the reader lives, by the time zone in a cookie that the page's script sets.

use axum::http::HeaderMap;

use crate::{
    domain::Reason,
    server::{http::zone::Zone, ops::clock, words},
    ui::parts::When,
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The days of a time zone. The default is UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days(Zone);

impl Days {
    /// The days of whoever sends these headers; those of UTC where nobody knows their time zone.
    pub fn of(headers: &HeaderMap) -> Self {
        Self(Zone::of(headers))
    }

    /// The reader's clock.
    pub fn zone(self) -> Zone {
        self.0
    }

    /// The day of a time in UTC milliseconds, as `2026-11-26`.
    pub fn date(self, time: i64) -> String {
        let Some(there) = self.0.there(time) else { return String::new() };
        format!("{:04}-{:02}-{:02}", there.year(), u8::from(there.month()), there.day())
    }

    /// The day of a time in UTC milliseconds, in words and whole.
    pub fn date_in_words(self, time: i64) -> String {
        let Some(there) = self.0.there(time) else { return String::new() };
        // The month chooses the words of the sentence, and a year has no digit groups: both are texts.
        let reason = Reason::new("date-long")
            .with("day", i64::from(there.day()))
            .with("month", format!("m{}", u8::from(there.month())))
            .with("year", there.year().to_string());
        words::current().text(&reason)
    }

    /// The day of `then` as it is seen at `now`, in words: today, yesterday, or the whole date.
    pub fn day_in_words(self, now: i64, then: i64) -> String {
        match self.age(now, then) {
            recent @ ("day-today" | "day-yesterday") => words::current().say(recent),
            _ => self.date_in_words(then),
        }
    }

    /// When a message was made, at `time`, as it is told at `now`; `after` is when the message before it was made. All are in
    /// UTC milliseconds.
    pub fn when(self, now: i64, time: i64, after: Option<i64>) -> When {
        let begins_day = match after {
            Some(after) => self.date(after) != self.date(time),
            // That a conversation began today needs no words.
            None => self.date(now) != self.date(time),
        };
        let clock = self.0.clock(time);
        let whole =
            Reason::new("date-and-time").with("date", self.date_in_words(time)).with("time", clock.clone());
        When {
            machine: clock::utc(time),
            whole: words::current().text(&whole),
            clock,
            day: begins_day.then(|| (self.date(time), self.day_in_words(now, time))),
        }
    }

    /// The key of the sentence that says how many of these days ago `then` was. Both times are in UTC milliseconds.
    pub fn age(self, now: i64, then: i64) -> &'static str {
        let day = |time: i64| self.0.moved(time).div_euclid(DAY_MS);
        match day(now) - day(then) {
            ..=0 => "day-today",
            1 => "day-yesterday",
            2..=7 => "day-last-week",
            8..=30 => "day-last-month",
            _ => "day-earlier",
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;

    const MINUTE_MS: i64 = 60 * 1000;

    fn days(cookies: &[&str]) -> Days {
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
        assert_eq!((age(70 * DAY_MS), age(69 * DAY_MS)), ("day-last-month", "day-earlier"));
        assert_eq!(age(0), "day-earlier");
        for odd in [i64::MIN, i64::MAX] {
            days(&["tz=840"]).age(now, odd);
        }
    }

    #[test]
    fn a_date_is_that_of_the_reader() {
        // The evening of 10 April 1970 in Los Angeles is the 11th in UTC.
        let time = 100 * DAY_MS + 2 * 60 * MINUTE_MS;
        assert_eq!(Days::default().date(time), "1970-04-11");
        assert_eq!(days(&["tz=480"]).date(time), "1970-04-10");
        for odd in [i64::MIN, i64::MAX] {
            Days::default().date(odd);
        }
    }

    #[test]
    fn a_message_tells_its_time_and_the_day_that_it_begins() {
        let there = days(&["tz=480"]);
        // 10 April 1970, 18:00 in Los Angeles.
        let time = 100 * DAY_MS + 2 * 60 * MINUTE_MS + 5_000;
        let when = there.when(time + DAY_MS, time, Some(time - 60 * MINUTE_MS));
        assert_eq!((&*when.machine, &*when.clock), ("1970-04-11T02:00:05Z", "18:00"));
        assert_eq!((&*when.whole, when.day), ("10 April 1970, 18:00", None));
        // The message before it is of another day there, although it is of the same one in UTC.
        let before = 100 * DAY_MS + 60 * MINUTE_MS;
        let time = 100 * DAY_MS + 9 * 60 * MINUTE_MS;
        let day =
            |now, after| there.when(now, time, after).day.map(|(date, words)| format!("{date} {words}"));
        assert_eq!(day(time, Some(before)).as_deref(), Some("1970-04-11 Today"));
        assert_eq!(day(time + DAY_MS, Some(before)).as_deref(), Some("1970-04-11 Yesterday"));
        assert_eq!(day(time + 2 * DAY_MS, Some(before)).as_deref(), Some("1970-04-11 11 April 1970"));
        assert_eq!(Days::default().when(time, time, Some(before)).day, None);
        // A conversation that began today begins without words.
        assert_eq!(day(time, None), None);
        assert_eq!(day(time + DAY_MS, None).as_deref(), Some("1970-04-11 Yesterday"));
        for odd in [i64::MIN, i64::MAX] {
            there.when(odd, odd, Some(0));
        }
    }

    #[test]
    fn days_begin_where_the_reader_lives() {
        let minute = MINUTE_MS;
        let midnight = 100 * DAY_MS;
        // In Los Angeles, 00:01 UTC is the evening before, so that it becomes yesterday at 08:00 UTC.
        let there = days(&["inglenook=x; tz=480"]);
        assert_eq!(there.age(midnight + 7 * 60 * minute, midnight + minute), "day-today");
        assert_eq!(there.age(midnight + 9 * 60 * minute, midnight + minute), "day-yesterday");
        assert_eq!(Days::default().age(midnight + 9 * 60 * minute, midnight + minute), "day-today");
        // Kolkata is ahead, and by half an hour.
        let there = days(&["tz=-330"]);
        assert_eq!(there.age(midnight, midnight - 331 * minute), "day-yesterday");
        assert_eq!(there.age(midnight, midnight - 330 * minute), "day-today");
    }
}
