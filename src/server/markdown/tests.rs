//! What holds for every text: cut anyhow it gives the same blocks, and nothing dangerous comes out.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use pulldown_cmark::{Options, Parser};

use super::{Change, SafeHtml, Stream, bounds, render, sanitize};

thread_local! {
    /// Lines of code that were coloured in this thread.
    pub(super) static LINES: Cell<usize> = const { Cell::new(0) };
}

/// A file of the shared test data, or `None` (and a line that says so) where a clone has none.
fn corpus(name: &str) -> Option<serde_json::Value> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let folder = std::env::var_os("INGLENOOK_CORPORA").map_or_else(beside, PathBuf::from);
    match std::fs::read_to_string(folder.join(name)) {
        Ok(text) => Some(serde_json::from_str(&text).expect("well-formed data")),
        Err(error) => {
            println!("skipped: no {name} in {} ({error})", folder.display());
            None
        }
    }
}

fn field(name: &str, key: &str) -> Vec<String> {
    let cases = corpus(name).unwrap_or_default();
    cases.as_array().into_iter().flatten().filter_map(|case| Some(case[key].as_str()?.to_owned())).collect()
}

fn pathological() -> Vec<(String, String)> {
    let cases = corpus("markdown-abuse/pathological.json").unwrap_or_default();
    let part = |part: &serde_json::Value| {
        part[0]
            .as_str()
            .expect("well-formed data")
            .repeat(part[1].as_u64().expect("well-formed data") as usize)
    };
    let text = |case: &serde_json::Value| {
        case["parts"].as_array().expect("well-formed data").iter().map(part).collect()
    };
    cases
        .as_array()
        .into_iter()
        .flatten()
        .map(|case| (case["name"].as_str().expect("well-formed data").to_owned(), text(case)))
        .collect()
}

const ANSWER: &str = include_str!("answer.md");

/// Traps for a reader that sees only the beginning.
const TRAPS: &[&str] = &[
    "para\n|a|b|\n|-|-|\n|1|2|\n\nmore",
    "a|b\n-|-\nx\n> quote",
    "- a\n\n1. b\n\n- - -\n\n- - - x",
    "[a]: /u\n\"title\nmore\"\n\n[a] text\n\n[a]: https://b.example\n\n[a]",
    "p [a]\n\n[a]: https://x.example 'multi\nline'\nq [a]\n\n- [a]\n- [b]\n\n  [b]: https://y.example\n\n[b]",
    "```a`\nb\n\n```rust\nfn x() {}\n``\n````\nend",
    "  ~~~~ py\n\tx = 1\n ~~~\n   ~~~~~\n- ```\n  a\nb\n",
    "- a\n  ```rust\n  fn a() {}\n  fn b() {}\n  ```\n  - c\n\n    d\n\n\n      e\ntext",
    "[^1]: note\n\n    more\n\ntext[^1] and [^2]\n[^2]: x",
    "text[^1]\n\n[^1]: note\nlazy\n\n[^1]\n\n[^2]:\n\n    later\n",
    "> [!NOTE]\n> a\n>\n> b\n\n> [!TIP] x",
    "<div>\n<b>\n\n*a*\n<!-- \n\n# x\n-->\n<br>a<br/>",
    "a\r\nb\r\rc\r\n\r\n```\r\nx\r\n```\r\n\0\u{1}",
    "Title\n===\nx\n---\n# h #\n#x\n***\n**\n",
    "    code\n\n\n    more\n\tx\n",
    "1) a\n2. b\n10. c\n\n\n",
    "![a](data:image/png;base64,AAAA) ![b](https://x.example/p.png) [![c](https://y.example)](https://z.example)",
    "| a |\n|---|\n| <br> |\n| `x|y` | z |\nhttps://a.example www.b.example/x)",
    "a $x$, $5-$10 and $y_1$th\n$$\na\n+ b\n\n- c $$ d\n- $$e$$ f\n> \\[\n> g\n> h \\]\n\n\\(a\\) \\[b\n",
    "- ```\n  $$ a\n  ```\n  $$\n  b\n  $$\n\n# `a $x$\n`b $y$` | $|z|$\n\n|$|a|$|b|\n|-|-|\n|$c$|`$d|e$`|\n",
    "    $$\n    a\n    $$\n\n[a $x$][b] [c]($d$ \"e $f$\") $[g$](h) <i j=$k$> $l$\n\n[b]: /$m$ '$n$'\n[^$o$]: p\n\n[^$o$]",
    "$$\n\\begin{a}\n```\n$$\nb\n```\n\\[\nc\n- d\n# e\n\\] f\n$ $$ $$$ $g$$h$ \\$i$ \\\\(j\\) &#1;0&#2;\u{1}0\u{2}",
    "```",
    "```rust",
    "~~~\n~~~\n~~~",
];

fn texts() -> Vec<String> {
    let files = ["commonmark/spec.json", "gfm/spec.json", "gfm/extensions.json", "gfm/regression.json"];
    let mut texts: Vec<String> = files.iter().flat_map(|name| field(name, "markdown")).collect();
    texts.extend(field("markdown-abuse/exfil-and-links.json", "markdown"));
    texts.extend(TRAPS.iter().map(|text| text.to_string()));
    texts
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % end.max(1)
    }
}

/// What a listener has, who does what the changes say.
#[derive(Default)]
struct Listener {
    blocks: Vec<String>,
    told: usize,
}

impl Listener {
    fn hear(&mut self, changes: Vec<Change>) {
        for change in changes {
            self.told += 1;
            match change {
                Change::Block { index, html } => {
                    let index = index as usize;
                    assert!(index + 1 >= self.blocks.len(), "a finished block was told again");
                    assert!(index <= self.blocks.len(), "a block was left out");
                    self.blocks.resize(index + 1, String::new());
                    self.blocks[index] = html.into_string();
                }
                Change::Lines { index, html } => {
                    assert_eq!(index as usize + 1, self.blocks.len());
                    let block = self.blocks.last_mut().expect("well-formed data");
                    let end = block.len() - "</code></pre></figure>".len();
                    block.insert_str(end, html.as_str());
                }
            }
        }
    }
}

fn strings(blocks: Vec<SafeHtml>) -> Vec<String> {
    blocks.into_iter().map(SafeHtml::into_string).collect()
}

/// Streams `text` in pieces of up to `piece` bytes and compares with `whole`.
fn stream(text: &str, whole: &str, piece: usize, dice: &mut Dice) {
    let (mut stream, mut listener) = (Stream::new(), Listener::default());
    let mut rest = text;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.ceil_char_boundary(1 + dice.below(piece)));
        stream.push(now);
        if piece == 1 || dice.below(3) > 0 {
            listener.hear(stream.flush());
            assert_eq!(listener.blocks, strings(stream.blocks()), "in {text:?}");
        }
        rest = later;
    }
    listener.hear(stream.finish());
    assert_eq!(listener.blocks, strings(stream.blocks()), "at the end of {text:?}");
    assert_eq!(listener.blocks.concat(), whole, "for {text:?}");
    assert!(stream.finish().is_empty());
}

#[test]
fn every_split_gives_the_same_blocks() {
    let mut dice = Dice(7);
    for text in texts() {
        let whole = render(&text);
        for piece in [1, 3, 17] {
            stream(&text, whole.as_str(), piece, &mut dice);
        }
    }
}

#[test]
fn long_texts_split_anyhow() {
    let mut dice = Dice(11);
    let texts = texts();
    for round in 0..24 {
        let parts: Vec<&str> = (0..40).map(|_| texts[dice.below(texts.len())].as_str()).collect();
        let text = parts.join(["\n\n", "\n", ""][round % 3]);
        stream(&text, render(&text).as_str(), 60, &mut dice);
    }
    let whole = render(ANSWER);
    for piece in [1, 4, 40, 400] {
        stream(ANSWER, whole.as_str(), piece, &mut dice);
    }
}

#[test]
fn a_prefix_never_panics_and_is_safe() {
    let mut dice = Dice(5);
    for text in texts() {
        let end = text.floor_char_boundary(dice.below(text.len()));
        assert_safe(&render(&text[..end]));
        let noise: String = text
            .chars()
            .map(|c| {
                if dice.below(9) == 0 {
                    "\0\u{7}`*[<|\n\u{202e}".chars().nth(dice.below(9)).unwrap_or(c)
                } else {
                    c
                }
            })
            .collect();
        stream(&noise, render(&noise).as_str(), 9, &mut dice);
    }
}

/// Blocks parsed alone are what the whole is made of (but for references, which may go backwards there).
#[test]
fn boundaries_are_those_of_the_whole() {
    let plain = |text: &str| {
        let mut out = String::new();
        pulldown_cmark::html::push_html(&mut out, Parser::new_ext(text, bounds::OPTIONS));
        out
    };
    let mut different = 0;
    for text in texts() {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut at = 0;
        let mut blocks = String::new();
        for top in bounds::top_level(&text) {
            blocks += &plain(&text[at..top.end]);
            at = top.end;
        }
        if blocks != plain(&text) {
            assert!(text.contains("]:"), "{text:?}\n{blocks}\n{}", plain(&text));
            different += 1;
        }
    }
    println!("{different} texts use references across blocks");
}

#[test]
fn the_parser_is_commonmark() {
    let (texts, expected) =
        (field("commonmark/spec.json", "markdown"), field("commonmark/spec.json", "html"));
    let normal = |html: &str| html.replace("&quot;", "\"").replace(">\n", ">").replace("\n<", "<");
    for (text, expected) in texts.iter().zip(&expected) {
        let mut out = String::new();
        pulldown_cmark::html::push_html(&mut out, Parser::new_ext(text, Options::empty()));
        assert_eq!(normal(&out), normal(expected), "{text:?}");
    }
    assert!(texts.is_empty() || texts.len() == 655);
}

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

fn assert_safe(html: &SafeHtml) {
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

#[test]
fn each_block_is_one_element() {
    for text in texts() {
        let mut stream = Stream::new();
        stream.push(&text);
        stream.finish();
        for block in stream.blocks() {
            let block = block.as_str();
            let name: String = block[1..].chars().take_while(char::is_ascii_alphanumeric).collect();
            let opened =
                block.matches(&format!("<{name}>")).count() + block.matches(&format!("<{name} ")).count();
            let end = format!("</{name}>");
            assert!(
                name == "hr" || block.ends_with(&end) && opened == block.matches(&end).count(),
                "{text:?}: {block}"
            );
        }
    }
}

#[test]
fn pathological_texts_stay_small() {
    for (name, text) in pathological() {
        let began = std::time::Instant::now();
        let html = render(&text);
        println!(
            "{:>6} ms {:>8} -> {:>8} {name}",
            began.elapsed().as_millis(),
            text.len(),
            html.as_str().len()
        );
        assert_safe(&html);
        assert!(html.as_str().len() < 8 * text.len() + 100_000, "{name}");
    }
}

#[test]
fn a_long_code_block_is_coloured_once() {
    let (mut stream, mut listener) = (Stream::new(), Listener::default());
    let before = LINES.get();
    let mut text = String::from("# Long\n\n```rust\n");
    stream.push(&text);
    for line in 0..5_000 {
        let line = format!("    let a{line} = \"b\"; // c\n");
        text += &line;
        for piece in line.as_bytes().chunks(7) {
            stream.push(std::str::from_utf8(piece).expect("well-formed data"));
        }
        listener.hear(stream.flush());
    }
    stream.push("```\n\nend");
    text += "```\n\nend";
    listener.hear(stream.finish());
    assert_eq!(LINES.get() - before, 5_000);
    assert!(listener.told <= 5_010, "{}", listener.told);
    assert_eq!(listener.blocks.concat(), render(&text).as_str());
}

#[test]
fn code_in_a_growing_list_is_coloured_once() {
    let mut stream = Stream::new();
    let before = LINES.get();
    stream.push("- a\n  ```rust\n");
    for line in 0..500 {
        stream.push(&format!("  let a{line} = 1;\n"));
        stream.flush();
    }
    stream.finish();
    // Each line once as the last, and once for good.
    assert!(LINES.get() - before <= 1_100, "{}", LINES.get() - before);
}

#[test]
fn a_growing_list_is_rendered_seldom() {
    let (mut stream, mut listener, mut sent) = (Stream::new(), Listener::default(), 0);
    for line in 0..4_000 {
        stream.push(&format!("- item {line} with some text in it\n"));
        let changes = stream.flush();
        sent += changes
            .iter()
            .map(|change| if let Change::Block { html, .. } = change { html.as_str().len() } else { 0 })
            .sum::<usize>();
        listener.hear(changes);
    }
    listener.hear(stream.finish());
    let size = listener.blocks.concat().len();
    assert!(sent < 60 * size, "{sent} bytes for {size}");
}

#[test]
fn what_is_over_the_limit_is_plain() {
    let mut text = "word *em* ".repeat(super::blocks::LIMIT / 10 - 3);
    text += "\n\nend ä";
    text += &"*ü*\n".repeat(20_000);
    let whole = render(&text);
    assert!(whole.as_str().contains("<pre class=\"plain\">"));
    let (mut stream, mut listener) = (Stream::new(), Listener::default());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.floor_char_boundary(100_001));
        stream.push(now);
        listener.hear(stream.flush());
        rest = later;
    }
    listener.hear(stream.finish());
    assert_eq!(listener.blocks.concat(), whole.as_str());
}

#[test]
fn what_is_over_so_many_blocks_is_plain() {
    let text = "# a\n".repeat(super::blocks::BLOCKS + 50);
    let whole = render(&text);
    assert_eq!(whole.as_str().matches("<h2 ").count(), super::blocks::BLOCKS);
    assert!(whole.as_str().ends_with("# a\n</pre>"));
    stream(&text, whole.as_str(), 9_000, &mut Dice(3));
}

#[test]
fn the_look() {
    let cases = [
        (
            "# a\n###### b\n# a",
            "<h2 id=\"-a\"><a href=\"#-a\">a</a></h2><h6 id=\"-b\"><a href=\"#-b\">b</a></h6>\
            <h2 id=\"-a-2\"><a href=\"#-a-2\">a</a></h2>",
        ),
        ("a\nb<br>c <i>", "<p>a<br>b<br>c &lt;i&gt;</p>"),
        (
            "- [x] a\n- [ ] b",
            "<ul><li><span class=\"box\">☑</span> a</li><li><span class=\"box\">☐</span> b</li></ul>",
        ),
        (
            "|a|b|\n|-|-:|\n|1|2|",
            "<div class=\"scroll\"><table><thead><tr><th>a</th><th class=\"right\">b</th></tr></thead>\
            <tbody><tr><td>1</td><td class=\"right\">2</td></tr></tbody></table></div>",
        ),
        ("x[^1]\n\n[^1]: y", "<p>x<sup>1</sup></p><div class=\"foot\"><sup>1</sup> <p>y</p></div>"),
        ("> [!NOTE]\n> a", "<blockquote class=\"note\"><p class=\"label\">Note</p><p>a</p></blockquote>"),
        ("[a](javascript:x) [b](/logout)", "<p>a b</p>"),
        (
            "[b]\n\n[b]: https://x.example\n\n[b]",
            "<p>[b]</p><p><a href=\"https://x.example\" target=\"_blank\" \
            rel=\"noopener noreferrer nofollow\">b</a></p>",
        ),
        (
            "![a](https://x.example/p?q=1)",
            "<p><a href=\"https://x.example/p?q=1\" target=\"_blank\" \
            rel=\"noopener noreferrer nofollow\">a (x.example)</a></p>",
        ),
        (
            "```<b>\nx\n",
            "<figure class=\"code\"><header><span>&lt;b&gt;</span><label><input type=\"checkbox\" class=\"wrap\">Wrap\
            </label><button class=\"copy\">Copy</button></header><pre><code>x\n</code></pre></figure>",
        ),
        (
            "$5 and $10, $x$",
            "<p>$5 and $10, <math><semantics><mrow><mi>x</mi></mrow><annotation encoding=\"application/x-tex\">x\
            </annotation></semantics></math></p>",
        ),
        (
            "**a \\(b*c\\)** `\\(x\\)` ![$y$](z)\n\n> - $\\foo$\n",
            "<p><strong>a <math><semantics><mrow><mi>b</mi><mo lspace=\"0.2222em\" \
            rspace=\"0.2222em\">∗</mo><mi>c</mi></mrow><annotation \
            encoding=\"application/x-tex\">b*c</annotation></semantics></math></strong> <code>\\(x\\)</code> $y$</p>\
            <blockquote><ul><li><code class=\"tex\">$\\foo$</code></li></ul></blockquote>",
        ),
        (
            "- ```\n  $$\n  a\n  $$\n  ```\n- b\n  \\[\n  + c\n  \\]",
            "<ul><li><figure class=\"code\"><header><span></span><label><input type=\"checkbox\" class=\"wrap\">Wrap\
            </label><button class=\"copy\">Copy</button></header><pre><code>$$\na\n$$\n</code></pre></figure></li>\
            <li>b<br><math display=\"block\"><semantics><mrow><mo lspace=\"0\" rspace=\"0\">+</mo><mi>c</mi>\
            </mrow><annotation encoding=\"application/x-tex\">+ c</annotation></semantics></math></li></ul>",
        ),
        ("שלום", "<p dir=\"rtl\">שלום</p>"),
        ("", ""),
    ];
    for (text, html) in cases {
        assert_eq!(render(text).as_str(), html, "{text:?}");
    }
}
