//! No code has text for people that is not in the files of sentences.

use super::sources;

/// Code without texts that only the log and the operator read: macros of tracing and of assertions, and attributes.
fn for_people(code: &str) -> String {
    let calls = ["tracing::", ".expect(", "#[", "assert!(", "panic!("];
    let mut kept = String::new();
    let mut rest = code;
    while let Some((at, call)) = calls.iter().filter_map(|call| Some((rest.find(call)?, *call))).min() {
        kept.push_str(&rest[..at]);
        let (open, close) = if call == "#[" { ('[', ']') } else { ('(', ')') };
        let after = &rest[at..];
        let Some(begin) = after.find(open) else { break };
        let (mut depth, mut quoted, mut escaped) = (0, false, false);
        let end = after[begin..].char_indices().find(|(_, c)| {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                c if !quoted && *c == open => depth += 1,
                c if !quoted && *c == close => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        rest = end.map_or("", |(end, _)| &after[begin + end + 1..]);
        // A tracing macro that is used as a path only.
        if call == "tracing::" && !after[..begin].ends_with('!') {
            kept.push_str(call);
            rest = &after[call.len()..];
        }
    }
    kept + rest
}

/// Every string literal without its quotes, and the offset where it begins.
fn literals(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut chars = code.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => {
                // A character or a lifetime.
                let next = chars.peek().map(|(_, c)| *c);
                if next == Some('\\') {
                    chars.nth(1);
                } else if next == Some('"') {
                    chars.next();
                }
            }
            '"' => {
                let mut text = String::new();
                while let Some((_, c)) = chars.next().filter(|(_, c)| *c != '"') {
                    text.push(c);
                    if c == '\\' {
                        text.extend(chars.next().map(|(_, c)| c));
                    }
                }
                found.push((at, text));
            }
            _ => {}
        }
    }
    found
}

/// Whether a literal looks like text for a person: it begins like a sentence or a label. In views a single word may
/// be one; elsewhere single words are names of headers and the like.
fn is_text(literal: &str, in_view: bool) -> bool {
    let literal = literal.trim_start();
    literal.starts_with(|c: char| c.is_uppercase() || !c.is_ascii() && c.is_alphabetic())
        && literal.contains(|c: char| c.is_lowercase() || !c.is_ascii())
        && (in_view || literal.trim().contains(' '))
}

#[test]
fn all_that_a_person_reads_is_in_the_files() {
    // Names, and the keys of a keyboard.
    const NAMES: [&str; 19] = [
        "Inglenook",
        "Enter",
        "Escape",
        "Tab",
        "ArrowUp",
        "ArrowDown",
        "PageUp",
        "PageDown",
        "Page ↑ ↓",
        "Home",
        "End",
        "Alt",
        "Shift",
        "Ctrl",
        "Esc",
        "Files",
        "ClipboardItem",
        "Accept-Language, Cookie",
        "Bearer {}",
    ];
    // For models, other servers, programmers, or the operator.
    const OTHERS: [&str; 18] = [
        // Names of products that are the same in every language.
        "server/accounts/devices/agent.rs",
        "server/chat/prompt.rs",
        "server/chat/prompt/in_room.rs",
        "server/chat/title.rs",
        "server/cli/",
        "server/config/",
        "server/http/connection/",
        "server/lifecycle.rs",
        "server/llm/dialects.rs",
        // The tables name the servers that use each word.
        "server/llm/listing.rs",
        // Names that are the same in every language.
        "server/llm/names.rs",
        // Its labels are compared with the files by a test of their own.
        "server/markdown/",
        "server/ops/",
        // For the operator: the reason why a job failed.
        "server/cluster/jobs.rs",
        // The API document, which is English like its names.
        "server/rest/docs.rs",
        "server/rest/openapi.rs",
        "server/rest/scopes.rs",
        "server/store/",
    ];
    let parts = ["ui/", "pages/", "api/", "server/", "error.rs"];
    let mut found = Vec::new();
    for (name, code) in sources() {
        if !parts.iter().any(|part| name.starts_with(part)) || OTHERS.iter().any(|it| name.starts_with(it)) {
            continue;
        }
        let in_view = name.starts_with("ui/") || name.starts_with("pages/");
        for (_, literal) in literals(&for_people(&code)) {
            if is_text(&literal, in_view) && !NAMES.contains(&&*literal) {
                found.push(format!("{name}: {literal}"));
            }
        }
    }
    assert!(found.is_empty(), "not in locales/: {found:#?}");
}

/// The literals of views that a person reads whatever they begin with: text between tags, and labels.
fn literals_of_views(code: &str) -> Vec<String> {
    const LABELS: [&str; 4] = ["title=", "aria-label=", "placeholder=", "alt="];
    let is_read = |(at, text): &(usize, String)| {
        let before = code[..*at].trim_end();
        // The pattern of a match is no text.
        let after = code[*at..].trim_start_matches('"').strip_prefix(&**text).unwrap_or_default();
        let is_pattern = after.trim_start_matches('"').trim_start().starts_with(['|', '=']);
        let is_child = before.ends_with(['>', '}']) && !before.ends_with("=>") && !is_pattern;
        text.contains(char::is_alphabetic) && (is_child || LABELS.iter().any(|label| before.ends_with(label)))
    };
    literals(code).into_iter().filter(is_read).map(|(_, text)| text).collect()
}

#[test]
fn views_say_nothing_themselves_but_the_sites_name() {
    let mut found = Vec::new();
    for (name, code) in
        sources().iter().filter(|(name, _)| name.starts_with("ui/") || name.starts_with("pages/"))
    {
        let said = literals_of_views(code).into_iter().filter(|text| *text != "Inglenook");
        found.extend(said.map(|text| format!("{name}: {text}")));
    }
    assert!(found.is_empty(), "not in locales/: {found:#?}");
    let view = r#"<p title="close" class="small">"of " {count} " at most"</p> _ => "key", <b aria-label=t("x")>{t("y")} "‹"</b>"#;
    assert_eq!(literals_of_views(view), ["close", "of ", " at most"]);
}

#[test]
fn text_in_code_is_found_and_what_the_log_reads_is_not() {
    let code = r#"let a = '"'; f("Sign in"); tracing::warn!(x = g(")"), "Not for people"); #[error("Nor this")] h("plain")"#;
    let found = literals(&for_people(code));
    assert!(
        found.iter().any(|(_, text)| text == "Sign in")
            && !found.iter().any(|(_, text)| text.starts_with('N')),
        "{found:?}"
    );
    assert!(is_text("Sign in", false) && is_text("登录", true) && is_text("Retry", true));
    assert!(!is_text("small danger", true) && !is_text("GET", true) && !is_text("Retry-After", false));
}
