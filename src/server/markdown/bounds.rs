//! Where the top-level blocks of a text begin and end, and how much of an unfinished text is settled.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::tags;

/// The extensions of CommonMark that are read; footnotes as on GitHub.
pub(super) const OPTIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_FOOTNOTES)
    .union(Options::ENABLE_GFM);

/// A top-level block, in bytes of the text. Blank lines and reference definitions between two blocks belong to the
/// later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Top {
    pub start: usize,
    /// The beginning of a line, or the end of the text.
    pub end: usize,
    pub fence: bool,
    pub footnote: bool,
}

/// The top-level blocks of `text`, which holds no `\r`.
pub(super) fn top_level(text: &str) -> Vec<Top> {
    let mut tops: Vec<Top> = Vec::new();
    let mut depth = 0usize;
    // Where the content of the last block ends, if that is a list, a quote or a footnote.
    let mut inside = None;
    // Open `<details>`, which hold the blocks after them.
    let (mut folds, mut fold_ends, mut is_paragraph) = (0, false, false);
    for (event, range) in Parser::new_ext(text, OPTIONS).into_offset_iter() {
        let start = range.start;
        if depth == 0 {
            if let Some(before) = tops.last_mut() {
                close(text, before, inside, line_start(text, start));
            }
            let end = line_end(text, range.end);
            match tops.last_mut().filter(|_| folds > 0) {
                Some(details) => {
                    inside = None;
                    details.end = end;
                }
                None => {
                    inside = is_container(&event).then_some(start);
                    tops.push(Top {
                        start,
                        end,
                        fence: matches!(event, Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_)))),
                        footnote: matches!(event, Event::Start(Tag::FootnoteDefinition(_))),
                    });
                }
            }
            if matches!(event, Event::Start(Tag::HtmlBlock)) {
                folds = tags::folds_after(&text[range.clone()], folds);
            }
            is_paragraph = matches!(event, Event::Start(Tag::Paragraph));
        }
        if let Some(end) = &mut inside {
            let here = if is_container(&event) { start } else { range.end };
            *end = here.max(*end);
        }
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => {
                depth -= 1;
                if depth == 0 && std::mem::take(&mut fold_ends) {
                    folds -= 1;
                }
            }
            Event::InlineHtml(html)
                if depth == 1 && is_paragraph && folds > 0 && tags::is_fold_end(&html) =>
            {
                fold_ends = true;
            }
            _ => {}
        }
    }
    if let Some(last) = tops.last_mut() {
        close(text, last, inside, text.len());
    }
    tops
}

fn is_container(event: &Event<'_>) -> bool {
    use Tag::{BlockQuote, FootnoteDefinition, Item, List};
    match event {
        Event::Start(tag) => matches!(tag, BlockQuote(_) | FootnoteDefinition(_) | Item | List(_)),
        Event::End(tag) => {
            matches!(tag, TagEnd::BlockQuote(_) | TagEnd::FootnoteDefinition | TagEnd::Item | TagEnd::List(_))
        }
        _ => false,
    }
}

/// Sets where a block ends. The parser ends a container before or after the definitions that follow it, depending on
/// chance; here it ends before the first line after `inside` that is not indented.
fn close(text: &str, block: &mut Top, inside: Option<usize>, next: usize) {
    let Some(inside) = inside else {
        block.end = block.end.min(next);
        return;
    };
    let mut end = line_end(text, inside.max(block.start + 1).min(text.len()));
    let belongs = |line: &str| {
        let is_definition = !line.starts_with("    ") && line.trim_start_matches(' ').starts_with('[');
        let is_indented = line.starts_with(['\t', '>']) || line.starts_with("  ");
        line.trim().is_empty() || is_indented && !is_definition
    };
    while end < next {
        let line = &text[end..line_end(text, end + 1)];
        if !belongs(line) {
            break;
        }
        end += line.len();
    }
    block.end = end.min(next);
}

pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// `at` if a line begins there, else the beginning of the next line.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    if at == 0 || text.as_bytes()[at - 1] == b'\n' {
        return at;
    }
    text.as_bytes()[at..].iter().position(|&b| b == b'\n').map_or(text.len(), |newline| at + newline + 1)
}

/// How many bytes of `text` determine for good where blocks begin: its whole lines, and the unfinished last line once
/// no continuation can make it another kind of block.
pub(super) fn settled_len(text: &str) -> usize {
    let whole = line_start(text, text.len());
    if is_settled(&text[whole..]) { text.len() } else { whole }
}

/// Whether the beginning of a line determines its kind. False in doubt.
fn is_settled(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '\t']);
    let Some(first) = line.chars().next() else { return false };
    // The line may become the row under a table's head.
    if line.bytes().all(|b| matches!(b, b'|' | b':' | b'-' | b' ' | b'\t')) {
        return false;
    }
    let run = line.chars().take_while(|&c| c == first).count();
    match first {
        // A list item, a rule or text.
        '*' | '_' | '-' | '+' => !line.chars().all(|c| c == first || c == ' ' || c == '\t'),
        '=' => run < line.len(),
        '#' => run < line.len(),
        // Whether a line is a fence depends on the whole line.
        '`' | '~' => run < 3 && run < line.len(),
        '0'..='9' => {
            let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
            !rest.strip_prefix(['.', ')']).unwrap_or(rest).trim_start_matches([' ', '\t']).is_empty()
        }
        // The line may become a definition: `[label]:`.
        '[' => match line.find(']') {
            Some(end) => {
                line[end + 1..].chars().next().is_some_and(|c| c != ':')
                    && !line[1..end].contains(['[', '\\'])
            }
            None => false,
        },
        '<' => false,
        _ => true,
    }
}
