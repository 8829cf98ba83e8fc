//! Nothing dangerous comes out, and nothing costs too much.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use super::*;

/// Writes down what stands in HTML that must not.
#[derive(Default)]
struct Judge {
    found: RefCell<Vec<String>>,
}

impl TokenSink for Judge {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else {
            if matches!(token, Token::CommentToken(_) | Token::DoctypeToken(_)) {
                self.found.borrow_mut().push("a comment".into());
            }
            return TokenSinkResult::Continue;
        };
        let elements = "a blockquote br button code del div em figure h2 h3 h4 h5 h6 header hr img input label li ol p \
            pre span strong sup table tbody td th thead tr ul annotation math menclose merror mfrac mi \
            mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow mspace msqrt mstyle msub msubsup msup \
            mtable mtd mtext mtr munder munderover semantics";
        if !elements.split_whitespace().any(|name| *name == *tag.name) {
            self.found.borrow_mut().push(format!("<{}>", &*tag.name));
        }
        for attribute in &tag.attrs {
            let value = attribute.value.to_lowercase();
            let known = match (&*tag.name, &*attribute.name.local) {
                ("a", "href") if value.starts_with("#-") => {
                    value[1..].chars().all(|c| c.is_alphanumeric() || c == '-')
                }
                ("h2" | "h3" | "h4" | "h5" | "h6", "id") => {
                    value.starts_with('-') && value.chars().all(|c| c.is_alphanumeric() || c == '-')
                }
                (_, "dir") => value == "rtl",
                ("a", "href") => {
                    ["http://", "https://", "mailto:", "tel:"].iter().any(|scheme| value.starts_with(scheme))
                }
                ("a", "rel") => value == "noopener noreferrer nofollow",
                ("a", "target") => value == "_blank",
                ("img", "src") => value.starts_with("data:image/") && !value.contains("svg"),
                ("input", "type") => value == "checkbox",
                ("a", "title") | ("img", "alt") | ("ol", "start") => true,
                (_, "class") => {
                    value.len() < 10 && value.bytes().all(|b| b.is_ascii_lowercase() || b == b' ')
                }
                (name, attribute) if name.starts_with('m') => {
                    !attribute.starts_with("on")
                        && !matches!(attribute, "href" | "id" | "style")
                        && value.len() < 60
                        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b".-%# /".contains(&b))
                }
                ("annotation", "encoding") => value == "application/x-tex",
                _ => false,
            };
            if !known {
                self.found.borrow_mut().push(format!("{}={value:?}", &*attribute.name.local));
            }
        }
        TokenSinkResult::Continue
    }
}

pub(super) fn assert_safe(html: &SafeHtml) {
    let tokenizer = Tokenizer::new(Judge::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html.as_str()));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let found = tokenizer.sink.found.borrow();
    assert!(found.is_empty(), "{found:?} in {}", html.as_str());
}

/// Without what is added after the sanitizer: formulas, names of headings, directions.
fn without_ours(html: &str) -> String {
    let mut out = html.replace(" dir=\"rtl\"", "");
    for (start, end, keep) in [
        ("<math", "</math>", ""),
        ("<code class=\"tex\"", "</code>", ""),
        (" id=\"", "\"", ""),
        ("<a href=\"#", "</a>", "text"),
    ] {
        while let Some(at) = out.find(start) {
            let to = at + out[at + start.len()..].find(end).expect("an end") + start.len() + end.len();
            let part = out[at..to].trim_end_matches("</a>");
            let kept =
                if keep.is_empty() { "" } else { &part[part.find('>').expect("a tag") + 1..] }.to_owned();
            out.replace_range(at..to, &kept);
        }
    }
    out
}

#[test]
fn nothing_dangerous_comes_out() {
    for text in texts() {
        let html = render(&text);
        assert_safe(&html);
        // What is added after the sanitizer is taken away by it.
        let bare = without_ours(html.as_str());
        assert_eq!(sanitize::clean(&bare), bare, "cleaning again changes {text:?}");
    }
}

/// CPU time of this thread, where the system tells it; else the time of day, in ms.
fn spent() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(
        || std::time::UNIX_EPOCH.elapsed().map_or(0.0, |passed| passed.as_secs_f64() * 1e3),
        |nanoseconds| nanoseconds / 1e6,
    )
}

#[test]
fn pathological_texts_cost_little() {
    // Unoptimized, our own part is some ten times slower.
    let most = if cfg!(debug_assertions) { 3_000.0 } else { 200.0 };
    for (name, text) in pathological() {
        let before = spent();
        let html = render(&text);
        let cost = spent() - before;
        println!("{cost:>6.0} ms {:>8} -> {:>8} {name}", text.len(), html.as_str().len());
        assert_safe(&html);
        assert!(html.as_str().len() < 8 * text.len() + 100_000, "{name}");
        assert!(cost < most, "{name} costs {cost} ms");
    }
}
