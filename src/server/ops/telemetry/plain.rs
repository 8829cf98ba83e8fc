//! [`Lines`]: log lines without control characters, so that text from strangers can neither begin another line nor move
//! a terminal's cursor.

use std::{
    borrow::Cow,
    fmt,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{
        FormatFields, MakeWriter,
        format::{DefaultFields, Writer},
    },
};

use super::LogFormat;

/// Control characters, Unicode's line ends, and characters that change the direction of writing.
fn moves_the_cursor(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with each such character escaped as in Rust, or as in JSON.
fn plain(text: &str, format: LogFormat) -> Cow<'_, str> {
    if !text.chars().any(moves_the_cursor) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match (moves_the_cursor(c), format) {
            (false, _) => plain.push(c),
            (true, LogFormat::Text) => plain.extend(c.escape_default()),
            (true, LogFormat::Json) => plain.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    Cow::Owned(plain)
}

/// Formats fields of events and spans as tracing does, and escapes them. The colours of the rest of a line stay.
#[derive(Default)]
pub struct PlainFields(DefaultFields);

impl<'writer> FormatFields<'writer> for PlainFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut text = String::new();
        self.0.format_fields(Writer::new(&mut text), fields)?;
        writer.write_str(&plain(&text, LogFormat::Text))
    }
}

/// Hands each line to the log's thread, after a line that says how many were dropped before it.
#[derive(Clone)]
pub struct Lines {
    writer: NonBlocking,
    dropped: ErrorCounter,
    told: Arc<AtomicUsize>,
    format: LogFormat,
}

impl Lines {
    pub fn new(writer: NonBlocking, dropped: ErrorCounter, format: LogFormat) -> Self {
        Self { writer, dropped, told: Arc::default(), format }
    }

    /// The line that says how many were dropped since the last such line.
    fn missing(&self) -> Option<String> {
        let dropped = self.dropped.dropped_lines();
        let told = self.told.swap(dropped, Ordering::Relaxed);
        let missing = dropped.checked_sub(told).filter(|missing| *missing > 0)?;
        Some(match self.format {
            LogFormat::Text => {
                format!(" WARN inglenook: {missing} lines of the log were dropped: nobody read them\n")
            }
            LogFormat::Json => format!(
                "{{\"level\":\"WARN\",\"message\":\"lines of the log were dropped: nobody read them\",\"lines\":{missing}}}\n"
            ),
        })
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for Lines {
    /// tracing writes a whole event at once.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let missing = self.missing().unwrap_or_default();
        let text = String::from_utf8_lossy(line);
        let text = match self.format {
            // Its fields are plain already, and its colours are meant.
            LogFormat::Text => text,
            LogFormat::Json => Cow::Owned(format!("{}\n", plain(text.trim_end_matches('\n'), self.format))),
        };
        self.writer.write_all(format!("{missing}{text}").as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tracing_appender::non_blocking::NonBlockingBuilder;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const NASTY: [&str; 7] = [
        "x\n2026-01-01T00:00:00Z  INFO inglenook: registered user=FORGED role=Admin",
        "x\r\n\r\nINFO inglenook: FORGED",
        "\u{1b}[2J\u{1b}]0;title\u{7}",
        "\u{9b}2J\u{85}FORGED\u{7f}\u{8}\0",
        "a\u{202e}b\u{2066}c\u{200f}d",
        "a\u{2028}FORGED\u{2029}FORGED\tFORGED",
        "Grüße 日本語 😀 \"quoted\" \\ C:\\new",
    ];

    fn logged(format: LogFormat) -> String {
        let kept = Kept::default();
        let (writer, guard) = NonBlockingBuilder::default().finish(kept.clone());
        let dropped = writer.error_counter();
        let lines =
            tracing_subscriber::fmt().with_ansi(false).with_writer(Lines::new(writer, dropped, format));
        let say = || {
            for nasty in NASTY {
                let error = io::Error::other(nasty);
                let _span = tracing::error_span!("request", path = %nasty, agent = nasty).entered();
                tracing::warn!(detail = %nasty, debug = ?nasty, cause = %error, text = nasty, "{nasty}");
            }
        };
        match format {
            LogFormat::Text => {
                tracing::subscriber::with_default(lines.fmt_fields(PlainFields::default()).finish(), say);
            }
            LogFormat::Json => tracing::subscriber::with_default(lines.json().finish(), say),
        }
        drop(guard);
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn an_event_is_one_line_of_plain_text_whatever_strangers_wrote() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let log = logged(format);
            assert_eq!(log.split('\n').count(), NASTY.len() + 1, "{log}");
            assert!(log.lines().all(|line| !line.chars().any(moves_the_cursor)), "{log:?}");
            assert!(log.lines().all(|line| line.contains("WARN")), "{log}");
            // What is harmless stays readable.
            assert!(log.contains("Grüße 日本語 😀"), "{log}");
        }
        assert!(logged(LogFormat::Text).contains(r"detail=x\n2026"));
        for (line, nasty) in logged(LogFormat::Json).lines().zip(NASTY) {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(event["fields"]["detail"], nasty, "{line}");
        }
    }
}
