//! Markdown of what the page shows of an answer: of a part that is selected, since of whole answers the server has it.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, Node};

use super::extra::fence;

/// The markdown of what is selected.
pub(super) fn of_range(range: &web_sys::Range) -> String {
    let holder = document().create_element("div");
    let (Ok(holder), Ok(fragment)) = (holder, range.clone_contents()) else { return String::new() };
    let _ = holder.append_child(&fragment);
    of(&holder)
}

/// The markdown of what is inside an element.
pub(super) fn of(element: &Element) -> String {
    let mut out = Writer::default();
    out.children(element);
    out.text.trim_matches('\n').to_owned()
}

/// Code within a line.
fn code_span(code: &str) -> String {
    let fence = fence(code, 1);
    // A backtick at an edge would be one of those around.
    let blank = if code.starts_with('`') || code.ends_with('`') { " " } else { "" };
    format!("{fence}{blank}{code}{blank}{fence}")
}

/// Text whose signs are signs: those that markdown takes for emphasis, code or another escape have a backslash before them.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(sign) = rest.next() {
        let after = rest.peek().copied().unwrap_or(' ');
        let means = match sign {
            '`' => true,
            // Alone between blanks it is a star, within a word an underline.
            '*' => !before.is_whitespace() || !after.is_whitespace(),
            '_' => !before.is_alphanumeric() || !after.is_alphanumeric(),
            '\\' => after.is_ascii_punctuation(),
            _ => false,
        };
        if means {
            escaped.push('\\');
        }
        escaped.push(sign);
        before = sign;
    }
    escaped
}

#[derive(Default)]
struct Writer {
    text: String,
}

impl Writer {
    fn children(&mut self, of: &Node) {
        let children = of.child_nodes();
        for at in 0..children.length() {
            if let Some(child) = children.item(at) {
                self.node(&child);
            }
        }
    }

    fn node(&mut self, node: &Node) {
        let Some(element) = node.dyn_ref::<Element>() else {
            if node.node_type() == Node::TEXT_NODE {
                self.text.push_str(&escaped(&node.text_content().unwrap_or_default()));
            }
            return;
        };
        let tag = element.tag_name().to_ascii_lowercase();
        match &*tag {
            "button" | "summary" | "template" | "i" => {}
            "br" => self.line(),
            "p" | "div" | "section" | "details" | "article" => self.block(|out| out.children(element)),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                // The server shows levels one lower than they were written.
                let level = tag[1..].parse::<usize>().unwrap_or(2).saturating_sub(1).max(1);
                self.block(|out| {
                    out.text.push_str(&"#".repeat(level));
                    out.text.push(' ');
                    out.children(element);
                });
            }
            "strong" => self.wrapped("**", element),
            "em" => self.wrapped("*", element),
            "del" | "s" => self.wrapped("~~", element),
            "code" => self.text.push_str(&code_span(&element.text_content().unwrap_or_default())),
            "a" if element.get_attribute("href").is_some_and(|href| !href.starts_with('#')) => {
                self.text.push('[');
                self.children(element);
                self.text.push_str(&format!("]({})", element.get_attribute("href").unwrap_or_default()));
            }
            "figure" | "pre" => self.code(element),
            "blockquote" => self.indented("> ", "> ", |out| out.children(element)),
            "ul" => self.list(element, None),
            "ol" => {
                let start = element.get_attribute("start").and_then(|start| start.parse().ok());
                self.list(element, Some(start.unwrap_or(1)));
            }
            "table" => self.table(element),
            "math" => self.formula(element),
            "hr" => self.block(|out| out.text.push_str("---")),
            _ => self.children(element),
        }
    }

    fn line(&mut self) {
        self.text.push('\n');
    }

    fn block(&mut self, write: impl FnOnce(&mut Self)) {
        self.text.truncate(self.text.trim_end().len());
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
        write(self);
        self.line();
        self.line();
    }

    fn wrapped(&mut self, sign: &str, element: &Element) {
        self.text.push_str(sign);
        self.children(element);
        self.text.push_str(sign);
    }

    /// The TeX of a formula, which is a part of it that is not shown.
    fn formula(&mut self, math: &Element) {
        let tex = math.query_selector("annotation").ok().flatten();
        let sign = match (&tex, math.has_attribute("display")) {
            (None, _) => "",
            (_, false) => "$",
            (_, true) => "$$",
        };
        self.text.push_str(sign);
        self.text.push_str(&tex.as_ref().unwrap_or(math).text_content().unwrap_or_default());
        self.text.push_str(sign);
    }

    fn code(&mut self, element: &Element) {
        let code = element.query_selector("code").ok().flatten();
        let text = code.as_ref().unwrap_or(element).text_content().unwrap_or_default();
        let language =
            element.query_selector("header span").ok().flatten().and_then(|span| span.text_content());
        let language = language.unwrap_or_default();
        let fence = fence(&text, 3);
        self.block(|out| {
            out.text.push_str(&fence);
            out.text.push_str(&language);
            for line in text.trim_end_matches('\n').split('\n') {
                out.line();
                out.text.push_str(line);
            }
            out.line();
            out.text.push_str(&fence);
        });
    }

    /// Writes with `first` before the first line and `next` before each other one.
    fn indented(&mut self, first: &str, next: &str, write: impl FnOnce(&mut Self)) {
        self.text.push_str(first);
        let mut inner = Self::default();
        write(&mut inner);
        let mut lines = inner.text.trim_matches('\n').split('\n');
        self.text.push_str(lines.next().unwrap_or_default());
        for line in lines {
            self.line();
            self.text.push_str(if line.is_empty() { next.trim_end() } else { next });
            self.text.push_str(line);
        }
        self.line();
    }

    fn list(&mut self, list: &Element, start: Option<usize>) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.line();
        }
        let items = list.children();
        for at in 0..items.length() {
            let Some(item) = items.item(at) else { continue };
            let sign = start.map_or("- ".to_owned(), |start| format!("{}. ", start + at as usize));
            let blank = " ".repeat(sign.len());
            self.indented(&sign, &blank, |out| out.children(&item));
        }
        self.line();
    }

    fn table(&mut self, table: &Element) {
        let Ok(rows) = table.query_selector_all("tr") else { return };
        self.block(|out| {
            for at in 0..rows.length() {
                let Some(row) = rows.item(at).and_then(|row| row.dyn_into::<Element>().ok()) else {
                    continue;
                };
                let cells = row.children();
                let texts: Vec<String> = (0..cells.length())
                    .filter_map(|at| Some(of(&cells.item(at)?).replace('\n', " ").replace('|', "\\|")))
                    .collect();
                out.text.push_str(&format!("| {} |", texts.join(" | ")));
                out.line();
                if at == 0 {
                    out.text.push_str(&format!("|{}", " --- |".repeat(texts.len())));
                    out.line();
                }
            }
            out.text.truncate(out.text.trim_end().len());
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_a_text_stay_signs() {
        for (text, written) in [
            ("snake_case and 2 * 3", "snake_case and 2 * 3"),
            ("*args, _hidden_", r"\*args, \_hidden\_"),
            ("a `tick` and C:\\dir", r"a \`tick\` and C:\dir"),
            (r"\*", r"\\\*"),
            ("", ""),
        ] {
            assert_eq!(escaped(text), written, "{text}");
        }
    }

    #[test]
    fn code_with_backticks_has_more_around_it() {
        for (code, written) in
            [("x", "`x`"), ("a ` b", "``a ` b``"), ("`x`", "`` `x` ``"), ("``", "``` `` ```")]
        {
            assert_eq!(code_span(code), written);
        }
        assert_eq!(fence("x", 3), "```");
    }
}
