//! [`QrCode`]: a text as a QR code, drawn by the server.

use std::fmt::Write;

use fast_qr::{ECL, QRBuilder};
use leptos::prelude::*;

/// The white edge that readers need, in squares.
const EDGE: usize = 4;

/// A QR code of the text. It is black on white also on a dark page, because not every reader takes it otherwise. `label`
/// says to whoever does not see it what it is; the page says the text, too. Nothing for a text that is too long for one.
#[component]
pub fn QrCode(text: String, #[prop(into)] label: String) -> impl IntoView {
    drawn(&text).map(|(size, path)| {
        view! {
            <svg class="qr" viewBox=format!("0 0 {size} {size}") role="img" aria-label=label shape-rendering="crispEdges">
                <rect width=size.to_string() height=size.to_string() fill="#fff"></rect>
                <path d=path fill="#000"></path>
            </svg>
        }
    })
}

/// The length of a side in squares, edges included, and the dark squares: a path with a piece for each run in a line.
fn drawn(text: &str) -> Option<(usize, String)> {
    let code = QRBuilder::new(text.as_bytes()).ecl(ECL::M).build().ok()?;
    let mut path = String::new();
    for y in 0..code.size {
        let line = &code[y];
        let mut x = 0;
        while x < code.size {
            let run = line[x..code.size].iter().take_while(|square| square.value()).count();
            if run > 0 {
                path.push('M');
                let _ = write!(path, "{} {}h{run}v1h-{run}z", x + EDGE, y + EDGE);
            }
            x += run.max(1);
        }
    }
    Some((code.size + 2 * EDGE, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The squares of a path, as the lines of a picture.
    fn squares(size: usize, path: &str) -> Vec<String> {
        let mut dark = vec![vec![false; size]; size];
        for piece in path.split('M').filter(|piece| !piece.is_empty()) {
            let (place, run) = piece.split_once('h').unwrap();
            let (x, y) = place.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let run: usize = run.split('v').next().unwrap().parse().unwrap();
            (x..x + run).for_each(|x| dark[y][x] = true);
        }
        let line = |line: Vec<bool>| line.into_iter().map(|dark| if dark { '#' } else { ' ' }).collect();
        dark.into_iter().map(line).collect()
    }

    #[test]
    fn a_code_has_its_three_corners_and_a_white_edge() {
        let (size, path) = drawn("https://chat.example.org/device/0123456789abcdef0123456789abcdef").unwrap();
        let lines = squares(size, &path);
        assert!(lines[..4].iter().chain(&lines[size - 4..]).all(|line| line.trim().is_empty()));
        assert!(lines.iter().all(|line| line.starts_with("    ") && line.ends_with("    ")));
        for (line, columns) in [(4, "#######"), (5, "#     #"), (6, "# ### #"), (10, "#######")] {
            assert_eq!(&lines[line][4..11], columns, "above left");
            assert_eq!(&lines[line][size - 11..size - 4], columns, "above right");
            assert_eq!(&lines[size - 15 + line][4..11], columns, "below left");
        }
    }

    #[test]
    fn another_text_is_another_code_and_one_that_is_too_long_is_none() {
        assert_ne!(drawn("a"), drawn("b"));
        assert_eq!(drawn(&"x".repeat(5000)), None);
    }
}
