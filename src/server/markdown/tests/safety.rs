//! The output holds nothing dangerous, and no text costs too much.

use super::judge::forbidden;
use super::*;

pub(super) fn assert_safe(html: &SafeHtml) {
    let found = forbidden(html.as_str());
    assert!(found.is_empty(), "{found:?} in {}", html.as_str());
}

/// HTML without the parts that are added after the sanitizer: formulas, names of headings, directions.
pub(super) fn without_ours(html: &str) -> String {
    let mut out = html.replace(" dir=\"rtl\"", "");
    for language in ["zh", "ja", "ko"] {
        out = out.replace(&format!(" lang=\"{language}\""), "");
    }
    // Of wide blocks; boxes that scroll have theirs before the sanitizer.
    for name in ["p", "ul", "ol", "blockquote", "h2", "h3", "h4", "h5", "h6", "details", "div"] {
        out = out.replace(&format!("<{name} tabindex=\"0\""), &format!("<{name}"));
    }
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
        // The sanitizer would remove the parts that are added after it.
        let bare = without_ours(html.as_str());
        assert_eq!(sanitize::clean_anyhow(&bare), bare, "cleaning again changes {text:?}");
    }
}

/// This thread's CPU time in ms where the system tells it, else wall time.
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
    // Our own part is some ten times slower without optimization.
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

#[test]
fn pathological_texts_cost_little_while_they_are_typed() {
    let most = if cfg!(debug_assertions) { 3_000.0 } else { 200.0 };
    // Signs that open nothing, just before the end of what has come.
    let ends = [
        ("pairs of backslashes", "\\\\".repeat(100_000) + " done"),
        ("tags that open and others that close", "<b>".repeat(100_000) + &"</i>".repeat(100_000) + " done"),
        ("one run of stars", "a ".to_owned() + &"*".repeat(100_000) + "b c"),
        ("brackets on one line", "word ".repeat(20_000) + &"[]".repeat(100_000) + " done"),
    ];
    let ends = ends.map(|(name, text)| (name.to_owned(), text));
    for (name, text) in pathological().into_iter().chain(ends) {
        let mut stream = Stream::new();
        stream.push(&text);
        let before = spent();
        stream.flush();
        let cost = spent() - before;
        println!("{cost:>6.0} ms {:>8} {name}", text.len());
        assert!(cost < most, "{name} costs {cost} ms");
    }
}

#[test]
fn so_many_formulas_are_converted() {
    let html = render(&"$a$ $b$\n\n".repeat(6_000)).into_string();
    assert_eq!(html.matches("<math>").count(), super::super::carried::FORMULAS);
    assert_eq!(html.matches("<code class=\"tex\">").count(), 2_000);
}
