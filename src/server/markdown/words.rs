//! What markdown says, without its marks.

use pulldown_cmark::{Event, Parser, TagEnd};

use super::bounds::OPTIONS;

/// The words of a short text, in one line.
pub fn words(markdown: &str) -> String {
    let mut words = String::with_capacity(markdown.len());
    for event in Parser::new_ext(markdown, OPTIONS) {
        match event {
            Event::Text(text)
            | Event::Code(text)
            | Event::Html(text)
            | Event::InlineHtml(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text) => words.push_str(&text),
            Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link) => {}
            Event::End(_) | Event::SoftBreak | Event::HardBreak | Event::Rule => words.push(' '),
            Event::Start(_) | Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn marks_are_left_out_and_words_are_not() {
        for (markdown, expected) in [
            ("**Soup** is `ready`", "Soup is ready"),
            ("# Tea\n\n- a\n- [b](https://example.org)", "Tea a b"),
            ("one\ntwo", "one two"),
            ("<b>5</b> < 6 & 7", "<b>5</b> < 6 & 7"),
            ("```rust\nlet a;\n```", "let a;"),
            ("**cut in the mid", "**cut in the mid"),
            ("", ""),
        ] {
            assert_eq!(words(markdown), expected, "{markdown}");
        }
    }
}
