//! Sizes and times as parts of a sentence.

use super::reason::{Reason, Value};

const KB: usize = 1024;
const MB: usize = 1024 * 1024;

/// A limit in bytes, rounded down, so that what is said to fit does.
pub fn at_most(limit: usize) -> Reason {
    match limit {
        ..KB => Reason::new("size-bytes").with("count", limit),
        KB..MB => Reason::new("size-kilobytes").with("count", limit / KB),
        _ => Reason::new("size-megabytes").with("count", limit / MB),
    }
}

/// A size in bytes, in the unit of the limit that it breaks; rounded up, so that what is too long never looks as if it
/// fitted.
pub fn found(size: usize, limit: usize) -> Reason {
    match limit {
        ..KB => Reason::new("size-bytes").with("count", size),
        KB..MB => Reason::new("size-kilobytes").with("count", size.div_ceil(KB)),
        _ => {
            let tenths = size.div_ceil(MB / 10);
            Reason::new("size-megabytes-tenths").with("whole", tenths / 10).with("tenth", tenths % 10)
        }
    }
}

/// A time as a person says it, never less than it is.
pub fn duration(seconds: u64) -> Reason {
    match seconds {
        0..=99 => Reason::new("duration-seconds").with("count", seconds),
        100..=5_999 => Reason::new("duration-minutes").with("count", seconds.div_ceil(60)),
        6_000..=172_799 => Reason::new("duration-hours").with("count", seconds.div_ceil(3_600)),
        _ => Reason::new("duration-days").with("count", seconds.div_ceil(86_400)),
    }
}

/// The seconds of a time that [`duration`] made, which are never fewer than it was made of.
pub fn seconds(time: &Value) -> Option<u32> {
    let Value::Reason(time) = time else { return None };
    let unit = match time.key() {
        "duration-seconds" => 1,
        "duration-minutes" => 60,
        "duration-hours" => 3_600,
        "duration-days" => 86_400,
        _ => return None,
    };
    let Some(Value::Number(count)) = time.parameter("count") else { return None };
    u32::try_from(count.checked_mul(unit)?).ok()
}
