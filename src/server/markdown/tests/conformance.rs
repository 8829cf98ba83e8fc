//! The examples of CommonMark and of GitHub's extensions, each through the parser alone and through the whole
//! pipeline. Where the result differs from the example, a rule below says why.

use std::cell::RefCell;
use std::collections::BTreeMap;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer};
use pulldown_cmark::{Event, Options, Parser};

use super::*;

fn parsed(text: &str, options: Options) -> String {
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, Parser::new_ext(text, options));
    out
}

/// HTML with one kind of quote and without white space between blocks.
fn normal(html: &str) -> String {
    html.replace("&quot;", "\"").replace(">\n", ">").replace("\n<", "<")
}

#[test]
fn the_parser_is_commonmark() {
    for (number, text, expected) in commonmark() {
        assert_eq!(normal(&parsed(&text, Options::empty())), normal(&expected), "{number}: {text:?}");
    }
}

/// An address without percent-encoding, which only some writers use.
fn decoded(address: &str) -> String {
    let mut parts = address.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.extend(byte);
        bytes.extend_from_slice(if byte.is_some() { &part.as_bytes()[2..] } else { part.as_bytes() });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reduces HTML to what it means for a reader, in one form for the examples and for our output: blocks, emphasis,
/// addresses that may be followed, text. Examples are sanitized by our rules on the way.
struct Canon {
    ours: bool,
    out: RefCell<String>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    pre: bool,
    skip: bool,
    after_block: bool,
    links: Vec<bool>,
}

impl Canon {
    fn of(html: &str, ours: bool) -> String {
        let canon = Canon { ours, out: RefCell::default(), state: RefCell::default() };
        let tokenizer = Tokenizer::new(canon, Default::default());
        let input = BufferQueue::default();
        input.push_back(StrTendril::from_slice(html));
        let _ = tokenizer.feed(&input);
        tokenizer.end();
        tokenizer.sink.out.take().trim().to_owned()
    }

    fn text(&self, text: &str) {
        let (mut out, mut state) = (self.out.borrow_mut(), self.state.borrow_mut());
        for c in text.chars() {
            if state.skip {
                return;
            } else if state.pre {
                out.push(c);
            } else if !c.is_ascii_whitespace() {
                out.push(c);
                state.after_block = false;
            } else if !out.ends_with(' ') && !state.after_block {
                out.push(' ');
            }
        }
    }

    fn block(&self, tag: &str) {
        let (mut out, mut state) = (self.out.borrow_mut(), self.state.borrow_mut());
        let end = if state.pre { out.len() } else { out.trim_end_matches(' ').len() };
        out.truncate(end);
        out.push_str(tag);
        state.after_block = true;
    }

    fn tag(&self, tag: &Tag) {
        let start = tag.kind == TagKind::StartTag;
        let value = |name: &str| {
            let found = tag.attrs.iter().find(|attribute| &*attribute.name.local == name);
            found.map(|attribute| attribute.value.to_string()).unwrap_or_default()
        };
        let slash = if start { "" } else { "/" };
        match &*tag.name {
            "header" => self.state.borrow_mut().skip = start,
            // The buttons of a table are the last in its box.
            "button" if start => self.state.borrow_mut().skip = true,
            "div" if !start => self.state.borrow_mut().skip = false,
            "br" => self.text(" "),
            "pre" => {
                self.block(&format!("<{slash}pre>"));
                self.state.borrow_mut().pre = start;
            }
            "h1" | "h2" | "h3" | "h4" | "h5" if !self.ours => {
                let level = tag.name.as_bytes()[1] - b'0' + 1;
                self.block(&format!("<{slash}h{level}>"));
            }
            name @ ("p" | "ul" | "ol" | "li" | "blockquote" | "table" | "tr" | "th" | "td" | "hr" | "h2"
            | "h3" | "h4" | "h5" | "h6") => self.block(&format!("<{slash}{name}>")),
            name @ ("em" | "strong" | "del" | "code") if !self.state.borrow().pre => {
                self.text(&format!("<{slash}{name}>"));
            }
            "input" if !self.ours => {
                let done = tag.attrs.iter().any(|attribute| &*attribute.name.local == "checked");
                self.text(if done { "☑" } else { "☐" });
            }
            // The name of a heading, which only our output has.
            "a" if start => {
                let shown = !value("href").starts_with('#') && links::address(&value("href")).is_some();
                let shown = shown && !self.state.borrow().links.contains(&true);
                self.state.borrow_mut().links.push(shown);
                if shown {
                    let address =
                        links::address(&value("href")).map(|url| decoded(url.as_str())).unwrap_or_default();
                    self.text(&format!("<a {address} {}>", value("title")));
                }
            }
            "a" => {
                let shown = self.state.borrow_mut().links.pop() == Some(true);
                self.text(if shown { "</a>" } else { "" });
            }
            "img" if !self.ours => match links::address(&value("src")).filter(|url| url.has_host()) {
                Some(url) => {
                    self.text(&format!("<a {} >{}</a>", decoded(url.as_str()), value("alt")));
                }
                None => self.text(&value("alt")),
            },
            _ => {}
        }
    }
}

impl TokenSink for Canon {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        match token {
            Token::CharacterTokens(text) => self.text(&text),
            Token::NullCharacterToken => self.text("\u{fffd}"),
            Token::TagToken(tag) => self.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

fn has_html(text: &str) -> bool {
    let html = |event: Event<'_>| matches!(event, Event::Html(_) | Event::InlineHtml(_));
    Parser::new_ext(text, bounds::OPTIONS).any(html)
}

const RAW: &str = "raw HTML is text";
const FOOTNOTE: &str = "a footnote stands where it is defined, under its own label";
const UNDEFINED: &str = "a reference is set as one whether or not its note is defined";
const BARE: &str = "bare addresses are links everywhere, also where an example is of CommonMark without them";
const SLASH: &str = "a backslash in an address stays, and a browser reads it as a slash";

/// The reason why the result differs from an example: a rule of the module's documentation.
fn reason(name: &str, number: u64, text: &str) -> &'static str {
    let listed = LISTED.iter().find(|(file, numbers, _)| *file == name && numbers.contains(&number));
    match listed {
        Some((.., reason)) => reason,
        None if has_html(text) => RAW,
        None if text.contains("[^") => FOOTNOTE,
        None => "?",
    }
}

/// Examples whose text does not show why the result differs.
const LISTED: &[(&str, &[u64], &str)] = &[
    ("commonmark", &[602, 606, 608, 611, 612], BARE),
    ("commonmark", &[603], SLASH),
    ("github", &[30], UNDEFINED),
];

/// Examples of GitHub that pulldown-cmark reads or writes differently: bare addresses (which we find ourselves), the
/// alignment of cells, check boxes, the tag filter (all tags are text here), the place of footnotes.
const PARSER: &[u64] = &[2, 3, 17, 18, 20, 21, 22, 23, 24, 25, 27, 28, 29];

/// The number of examples that differ, by reason.
const DIFFERENT: &[(&str, &[(&str, usize)])] =
    &[("commonmark", &[(SLASH, 1), (BARE, 5), (RAW, 71)]), ("github", &[(FOOTNOTE, 1), (UNDEFINED, 1)])];

#[test]
fn the_pipeline_differs_where_it_says() {
    for (name, known) in DIFFERENT {
        let examples = if *name == "commonmark" { commonmark() } else { github() };
        let mut reasons: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        let mut unknown = String::new();
        for (number, text, html) in &examples {
            let (ours, theirs) = (Canon::of(render(text).as_str(), true), Canon::of(html, false));
            if ours != theirs {
                let reason = reason(name, *number, text);
                if reason == "?" {
                    unknown += &format!("{name} {number}: {text:?}\n  ours   {ours}\n  theirs {theirs}\n");
                }
                reasons.entry(reason).or_default().push(*number);
            }
        }
        assert!(unknown.is_empty(), "{unknown}");
        let counts: Vec<(&str, usize)> =
            reasons.iter().map(|(reason, numbers)| (*reason, numbers.len())).collect();
        assert_eq!(counts, *known, "{name}: {reasons:?}");
    }
}

/// Examples that the parser itself reads differently from GitHub, before anything of ours.
#[test]
fn the_parser_differs_from_github_where_it_says() {
    let options = bounds::OPTIONS - Options::ENABLE_GFM;
    let differs = |(_, text, html): &Example| normal(&parsed(text, options)) != normal(html);
    let different: Vec<u64> = github().into_iter().filter(differs).map(|(number, ..)| number).collect();
    assert_eq!(different, PARSER);
}

/// Differences from CommonMark that no example shows, each with its reason.
#[test]
fn we_differ_from_commonmark_where_models_mean_something_else() {
    for (reason, text, ours) in [
        (
            "words of Chinese need no space beside emphasis",
            "**测试。**后文",
            "<p><strong>测试。</strong>后文",
        ),
        ("nor do those of Korean", "**단어(word)**는", "<p><strong>단어(word)</strong>는"),
        (
            "a fence that names a language opens one inside markdown",
            "```md\n```py\n```\n```\na",
            "<pre>```py\n```\n</pre><p>a",
        ),
        ("marks of a phrase are elements", "H<sub>2</sub>O", "<p>H2O"),
        ("details unfold", "<details>\n<summary>a</summary>\n*b*\n</details>", "a<p><em>b</em></p>"),
        (
            "an environment is a formula",
            "\\begin{gathered}a\\end{gathered}",
            "<p>a\\begin{gathered}a\\end{gathered}",
        ),
        ("so are dollars with spaces inside, when it is TeX", "$ x^2 $", "<p>x2x^2"),
    ] {
        let canon = Canon::of(render(text).as_str(), true);
        let canon = canon.strip_suffix("</p>").filter(|_| !ours.ends_with('>')).unwrap_or(&canon);
        assert_eq!(canon, ours, "{reason}");
        assert_ne!(canon, Canon::of(&parsed(text, bounds::OPTIONS), false), "{reason}");
    }
}
