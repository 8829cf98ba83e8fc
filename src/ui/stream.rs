//! Cuts the stream of a conversation into lines; each is an event.

/// Cuts bytes into lines. The network may cut them anywhere, even inside a character.
#[derive(Default)]
pub struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// The lines that `bytes` complete, without empty ones, which only keep the connection open.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<String> {
        self.rest.extend_from_slice(bytes);
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { return Vec::new() };
        let complete: Vec<u8> = self.rest.drain(..=end).collect();
        let lines = complete.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| String::from_utf8_lossy(line).into_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_wherever_the_bytes_are_cut() {
        let expected: Vec<String> =
            (1..4).map(|seq| format!("{{\"seq\":{seq},\"title\":\"第 – 🔥\"}}")).collect();
        let text = expected.join("\n") + "\n";
        for cut in 0..=text.len() {
            let mut lines = Lines::default();
            let mut seen = lines.feed(&text.as_bytes()[..cut]);
            seen.extend(lines.feed(&text.as_bytes()[cut..]));
            assert_eq!(seen, expected, "cut at {cut}");
        }
    }

    #[test]
    fn empty_lines_and_those_that_are_not_complete_are_left_out() {
        let mut lines = Lines::default();
        assert_eq!(lines.feed(b"one\n\n\ntw"), ["one"]);
        assert_eq!(lines.feed(b"o\n"), ["two"]);
    }
}
