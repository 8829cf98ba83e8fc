//! [`forbidden`]: what an HTML tokenizer finds in an answer that must not be there. The fuzzer uses it too.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

/// Collects what is forbidden in HTML.
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
        let elements = "a b blockquote br button code del details div em figure h2 h3 h4 h5 h6 header hr i img input kbd label li mark ol p \
            pre span strong sub summary sup table tbody td th thead tr ul annotation math menclose merror mfrac mi \
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
                (_, "lang") => matches!(&*value, "zh" | "ja" | "ko"),
                (_, "tabindex") => value == "0",
                ("pre" | "div", "role") => value == "group",
                ("pre", "aria-label") => value == "code",
                ("div", "aria-label") => value == "table",
                ("button", "data-act") => {
                    matches!(&*value, "copy" | "download" | "copy-table" | "csv")
                }
                ("button", "data-file") => {
                    value.len() < 16 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
                }
                ("a", "data-host") => !value.is_empty() && value.bytes().all(|b| b.is_ascii_graphic()),
                ("a", "href") => {
                    ["http://", "https://", "mailto:", "tel:"].iter().any(|scheme| value.starts_with(scheme))
                }
                ("a", "rel") => value == "noopener noreferrer nofollow",
                ("a", "target") => value == "_blank",
                ("img", "src") => value.starts_with("data:image/") && !value.contains("svg"),
                ("input", "type") => value == "checkbox",
                ("a", "title") | ("img", "alt") | ("ol", "start") => true,
                (_, "class") => {
                    value.len() < 14 && value.bytes().all(|b| b.is_ascii_lowercase() || b == b' ')
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

/// Everything in `html` that is on no list.
pub(super) fn forbidden(html: &str) -> Vec<String> {
    let tokenizer = Tokenizer::new(Judge::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.found.take()
}
