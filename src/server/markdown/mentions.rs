//! [`mentioned`]: marks in rendered HTML whom a message mentions.

use std::borrow::Cow;

use super::highlight::escape;

/// Elements in which an `@` mentions nobody, with their ends.
const OUTSIDE: [(&str, &str); 4] =
    [("<pre", "</pre>"), ("<code", "</code>"), ("<a ", "</a>"), ("<math", "</math>")];

/// The HTML in which `@` with one of these names behind it is an element of its own; `true` beside the name of the reader. Of
/// names that begin alike the longest counts. Linear in the length of the HTML.
pub(crate) fn mentioned<'a>(html: &'a str, names: &[(&str, bool)]) -> Cow<'a, str> {
    let mut known: Vec<(String, bool)> = Vec::new();
    for (name, own) in names.iter().filter(|(name, _)| !name.is_empty()) {
        let mut written = String::new();
        escape(name, &mut written);
        known.push((written, *own));
    }
    known.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    if known.is_empty() || !html.contains('@') {
        return html.into();
    }
    let (mut marked, mut rest, mut before) = (String::with_capacity(html.len() + 64), html, None);
    while let Some(at) = rest.find(['<', '@']) {
        let (text, from) = rest.split_at(at);
        marked.push_str(text);
        before = text.chars().next_back().or(before);
        let name = known
            .iter()
            .filter(|_| from.starts_with('@') && !before.is_some_and(char::is_alphanumeric))
            .find_map(|(name, own)| Some((prefix(from.get(1..)?, name)?, *own)));
        let taken = match name {
            Some((length, own)) => {
                let taken = 1 + length;
                let class = if own { "mention own" } else { "mention" };
                marked.push_str(&format!(
                    "<span class=\"{class}\">{}</span>",
                    from.get(..taken).unwrap_or_default()
                ));
                rest = from.get(taken..).unwrap_or_default();
                before = Some(' ');
                continue;
            }
            None if from.starts_with('@') => 1,
            None => tag(from),
        };
        before = Some(if from.starts_with('@') { '@' } else { ' ' });
        marked.push_str(from.get(..taken).unwrap_or_default());
        rest = from.get(taken..).unwrap_or_default();
    }
    marked.push_str(rest);
    marked.into()
}

/// How many bytes a tag has at the beginning of this HTML, with all of the element where nobody is mentioned in it.
fn tag(html: &str) -> usize {
    let outside = OUTSIDE.iter().find(|(begin, _)| html.starts_with(begin));
    let end = match outside {
        Some((_, end)) => html.find(end).map(|at| at + end.len()),
        None => html.find('>').map(|at| at + 1),
    };
    end.unwrap_or(html.len())
}

/// How many bytes of the text are the name, in whatever case.
fn prefix(text: &str, name: &str) -> Option<usize> {
    let mut length = 0;
    let mut chars = text.chars();
    for wanted in name.chars() {
        let found = chars.next()?;
        if found != wanted && !found.to_lowercase().eq(wanted.to_lowercase()) {
            return None;
        }
        length += found.len_utf8();
    }
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::markdown::render;

    fn marked(text: &str, names: &[(&str, bool)]) -> String {
        mentioned(render(text).as_str(), names).into_owned()
    }

    #[test]
    fn names_behind_a_sign_are_marked_and_the_readers_strongly() {
        let names = [("Ann", false), ("Ann Lee", true), ("O'Neil <b>", false)];
        assert_eq!(
            marked("@ann and @Ann Lee, (@Ann)", &names),
            "<p><span class=\"mention\">@ann</span> and <span class=\"mention own\">@Ann Lee</span>, \
             (<span class=\"mention\">@Ann</span>)</p>"
        );
        assert_eq!(marked("你好@Ann", &[("Ann", false)]).matches("mention").count(), 0, "as it is found");
        assert_eq!(marked("x@Ann @Bob @", &names).matches("mention").count(), 0);
        assert_eq!(marked("**@Ann**", &names).matches("<span class=\"mention\">").count(), 1);
    }

    #[test]
    fn code_links_and_tags_are_left_alone() {
        let names = [("Ann", false), ("model", false)];
        for text in ["`@Ann`", "```\n@Ann\n```", "[@Ann](https://a.example/@Ann)", "<https://a.example/@Ann>"]
        {
            assert!(!marked(text, &names).contains("mention"), "{text}");
        }
        let many = "@".repeat(100_000);
        assert!(!marked(&many, &names).contains("mention"));
        let html = marked("<img src=x onerror=@Ann> @Ann", &[("Ann", false)]);
        assert!(html.contains("&lt;img"), "{html}");
    }
}
