//! The sanitizer changes nothing in HTML that the recognizer accepts.

use proptest::prelude::*;

use super::recognizer::is_clean;
use super::*;

const TAGS: &str = "a b blockquote br button code del details div em kbd mark sub summary figure h2 h3 h4 h5 h6 header hr i img input label li ol p pre span \
    strong sup table tbody td th thead tr ul script svg math style";
/// Tags as the writer writes them, and as an attacker might.
const WRITTEN: &[&str] = &[
    "<a href=\"https://x.example/?a&amp;b\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">",
    "<a href=\"mailto:a@b.c\" title=\"&quot;\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">",
    "<a href=\"tel:1\" target=\"_blank\" rel=\"noopener\">",
    "<a href=\"javascript:x\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">",
    "<a href=\"#x\">",
    "<img src=\"data:image/png;base64,AAAA\" alt=\"a &amp; b\">",
    "<img src=\"https://x.example/\" alt=\"a\">",
    "<input type=\"checkbox\" class=\"fold\">",
    "<input type=\"checkbox\">",
    "<input type=\"text\" class=\"fold\">",
    "<ol start=\"7\">",
    "<ol start=\"x\">",
    "<p class=\"raw\">",
    "<p class=\"modal\">",
    "<i class=\"s\">",
    "<i class=\"s\" >",
    "<i class='s'>",
    "<td class=\"right\">",
    "<div class=\"scroll\">",
    "<div class=\"table\"><div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table>",
    "<div class=\"scroll\" tabindex=\"1\" role=\"group\" aria-label=\"Table\">",
    "<button data-act=\"csv\" data-file=\"table.csv\">",
    "<button data-act=\"csv\" data-file=\"table.exe\">",
    "<a href=\"https://x.example/\" class=\"picture\" data-host=\"x.example\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">",
    "<a href=\"https://www.x.example/\" title=\"t\" data-host=\"x.example\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">",
    "<a href=\"https://x.example/\" data-host=\"y.example\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">",
    "<button data-act=\"buy\">",
    "<i class=\"icon copy\">",
    "<i class=\"copy  icon\">",
    "<input type=\"checkbox\" class=\"wrap\">",
    "<pre tabindex=\"0\" role=\"group\" aria-label=\"Code\">",
    "<pre aria-label=\"Code\">",
    "<figure class=\"code\"><header><span>a</span><button data-act=\"copy\"><i class=\"icon copy\"></i>Copy</button></header><pre><code>",
    "<ul><li>",
    "<table><thead><tr><th>",
    "<!-- a -->",
    "<p",
];
const TEXTS: &[&str] = &[
    "text", " ", "\n", "&amp;", "&lt;", "&gt;", "&quot;", "&nbsp;", "&", ">", "\"", "\u{a0}", "\0", "\r",
    "日本", "&#60;", "<",
];

/// What an element usually contains.
fn likely(around: &str) -> &'static [&'static str] {
    match around {
        "ul" | "ol" => &["li"],
        "table" => &["thead", "tbody"],
        "thead" | "tbody" => &["tr"],
        "tr" => &["td", "th"],
        "figure" => &["header", "pre"],
        "header" => &["span", "label", "button"],
        "pre" => &["code"],
        "label" => &["input"],
        "details" => &["summary", "p", "ul", "details", "sub", "figure"],
        "li" | "div" | "blockquote" => {
            &["p", "button", "details", "ul", "ol", "table", "figure", "em", "br", "blockquote", "h3"]
        }
        _ => &["em", "strong", "code", "del", "kbd", "sub", "sup", "span", "b", "i", "br"],
    }
}

/// Nested elements as the numbers say, most of them closed in order.
fn markup(numbers: &[(u8, u8)]) -> String {
    let tags: Vec<&str> = TAGS.split_whitespace().collect();
    let (mut out, mut open) = (String::new(), Vec::<&str>::new());
    for &(what, which) in numbers {
        let mut tag = tags[which as usize % tags.len()];
        if let Some(around) = open.last().filter(|_| what < 200) {
            tag = likely(around)[which as usize % likely(around).len()];
        }
        match what % 16 {
            0..=3 => {
                out += &format!("<{tag}>");
                open.push(tag);
            }
            4..=6 => {
                let written = WRITTEN[which as usize % WRITTEN.len()];
                out += written;
                let names = written.split('<').skip(1).filter_map(|part| part.split([' ', '>']).next());
                for name in names.filter(|name| tags.contains(name)) {
                    open.push(name);
                }
            }
            7..=9 => out += TEXTS[which as usize % TEXTS.len()],
            10 if which % 4 == 0 => out += &format!("</{tag}>"),
            _ => {
                let name = open.pop().unwrap_or("p");
                if !matches!(name, "br" | "hr" | "img" | "input") {
                    out += &format!("</{name}>");
                }
            }
        }
    }
    while let Some(name) = open.pop() {
        if !matches!(name, "br" | "hr" | "img" | "input") {
            out += &format!("</{name}>");
        }
    }
    out
}

fn assert_kept(html: &str) {
    assert_eq!(sanitize::clean_anyhow(html), html);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_accepted_is_clean(numbers in prop::collection::vec(any::<(u8, u8)>(), 0..14)) {
        let html = markup(&numbers);
        if is_clean(&html) {
            assert_kept(&html);
        }
    }
}

/// The writer's HTML with one piece moved or replaced.
#[test]
fn what_is_accepted_of_changed_answers_is_clean() {
    let mut accepted = 0;
    let html: Vec<String> = texts()
        .iter()
        .map(|text| safety::without_ours(render(text).as_str()))
        .filter(|html| !html.is_empty() && html.len() < 600)
        .collect();
    for (at, one) in html.iter().enumerate() {
        if is_clean(one) {
            assert_kept(one);
        }
        let pieces: Vec<&str> = one.split_inclusive('>').collect();
        let other: Vec<&str> = html[(at * 7 + 3) % html.len()].split_inclusive('>').collect();
        for place in 0..pieces.len() {
            let mut changed = [pieces.clone(), pieces.clone(), pieces.clone()];
            changed[0].remove(place);
            changed[1].insert(place, other[place % other.len()]);
            changed[2].swap(place, (place * 5 + 2) % pieces.len());
            for changed in changed {
                let changed = changed.concat();
                if is_clean(&changed) {
                    accepted += 1;
                    assert_kept(&changed);
                }
            }
        }
    }
    println!("{accepted} of the changed ones are accepted");
}

/// A recognizer that accepts too little would be useless.
#[test]
fn what_is_usual_is_accepted() {
    let mut stream = Stream::new();
    stream.push(ANSWER);
    stream.finish();
    for block in stream.blocks() {
        let html = safety::without_ours(block.as_str());
        assert!(is_clean(&html), "{html}");
    }
    for html in ["", "a", "<ul><li>a<ul><li>b</li></ul></li></ul>", "<p>a<br><code>&lt;b&gt;</code></p>"] {
        assert!(is_clean(html), "{html}");
    }
    for html in
        ["<p>", "</p>", "<p><p></p></p>", "<p>a</div>", "<ul>a</ul>", "<u>a</u>", "a & b", "<p id=\"a\"></p>"]
    {
        assert!(!is_clean(html), "{html}");
    }
}
