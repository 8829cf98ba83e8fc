//! Reads the stream of a conversation: bytes → lines → [`SeqEvent`].

use futures::{Stream, StreamExt};
use leptos::server_fn::codec::ByteStream;

use crate::{domain::SeqEvent, error::Refusal};

/// Cuts bytes into lines. The network may cut them anywhere, even inside a character.
#[derive(Default)]
pub struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// The events of the lines that `bytes` complete. A line that is no known event is skipped, because a newer server may
    /// send events that this browser's part does not know.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<SeqEvent> {
        self.rest.extend_from_slice(bytes);
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { return Vec::new() };
        let complete: Vec<u8> = self.rest.drain(..=end).collect();
        complete.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }
}

/// The events of a stream; each item holds the events that came together.
pub fn events(bytes: ByteStream<Refusal>) -> impl Stream<Item = Result<Vec<SeqEvent>, Refusal>> {
    let mut lines = Lines::default();
    bytes.into_inner().map(move |bytes| bytes.map(|bytes| lines.feed(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ChatEvent;

    #[test]
    fn events_come_whole_wherever_the_bytes_are_cut() {
        let events: Vec<SeqEvent> = (1..4)
            .map(|seq| SeqEvent { seq, event: ChatEvent::Title { title: format!("第{seq} – 🔥\n") } })
            .collect();
        let text: String = events.iter().map(|e| serde_json::to_string(e).unwrap() + "\n").collect();
        for cut in 0..=text.len() {
            let mut lines = Lines::default();
            let mut seen = lines.feed(&text.as_bytes()[..cut]);
            seen.extend(lines.feed(&text.as_bytes()[cut..]));
            assert_eq!(seen, events, "cut at {cut}");
        }
    }

    #[test]
    fn unknown_lines_are_passed_over() {
        let text = b"{\"seq\":1,\"event\":\"later\"}\nnonsense\n\n{\"seq\":2,\"event\":\"title\",\"title\":\"x\"}\n{\"seq\"";
        assert_eq!(Lines::default().feed(text).len(), 1);
    }
}
