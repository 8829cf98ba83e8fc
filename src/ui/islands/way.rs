//! [`Way`]: how the events come to the page. Some networks let no WebSocket through, and some hold a stream back until it
//! ends; the way that works is remembered for a while, and the better ones are tried again then.

use std::cell::Cell;

use super::browser;

const NAME: &str = "inglenook:way";
/// For how many milliseconds a way is remembered.
const LASTS: u64 = 600_000;
/// The same in a page in which a WebSocket has worked, because then it was most often the server that was away.
const LASTS_SHORTLY: u64 = 20_000;
/// So many times a way that has worked in this page may fail before the next one is tried, because it is most often the
/// server that is away.
const PATIENCE: u32 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Socket,
    Stream,
    Poll,
}

const ALL: [Way; 3] = [Way::Socket, Way::Stream, Way::Poll];

thread_local! {
    static WORKED: Cell<[bool; 3]> = const { Cell::new([false; 3]) };
    static FAILED: Cell<u32> = const { Cell::new(0) };
}

impl Way {
    /// The one to begin with.
    pub fn remembered() -> Self {
        let stored = browser::stored(NAME).unwrap_or_default();
        let Some((way, until)) = stored.split_once(' ') else { return Self::Socket };
        // Whole numbers, because code that reads and writes others is long.
        let (until, now): (u64, u64) = (until.parse().unwrap_or_default(), browser::now() as u64);
        // A clock that was set back would make it last.
        let lasts = until > now && until - now <= LASTS;
        match way {
            "stream" if lasts => Self::Stream,
            "poll" if lasts => Self::Poll,
            _ => Self::Socket,
        }
    }

    /// It has worked.
    pub fn works(self) {
        FAILED.set(0);
        let mut worked = WORKED.get();
        worked[self as usize] = true;
        WORKED.set(worked);
        if Self::remembered() == self {
            return;
        }
        let name = match self {
            Self::Socket => return browser::store(NAME, ""),
            Self::Stream => "stream",
            Self::Poll => "poll",
        };
        let lasts = if worked[Self::Socket as usize] { LASTS_SHORTLY } else { LASTS };
        browser::store(NAME, &format!("{name} {}", browser::now() as u64 + lasts));
    }

    /// It does not get through. Answers the way to try next, and whether that is at once.
    pub fn failed(self) -> (Self, bool) {
        FAILED.set(FAILED.get() + 1);
        if WORKED.get()[self as usize] && FAILED.get() < PATIENCE {
            return (self, false);
        }
        FAILED.set(0);
        match ALL.get(self as usize + 1) {
            Some(next) => (*next, true),
            None => (Self::Socket, false),
        }
    }

    /// Whether a better way should be tried again.
    pub fn is_stale(self) -> bool {
        self != Self::Socket && WORKED.get()[self as usize] && Self::remembered() == Self::Socket
    }
}
