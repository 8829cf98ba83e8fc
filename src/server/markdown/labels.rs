//! [`labelled`]: puts the words of the site that rendered HTML contains into a reader's language.

use std::borrow::Cow;

use super::highlight::escape;

/// Each label: the markup before it, the English word, the markup after it, and its key in `locales/`. Text that
/// somebody wrote cannot look like one, because text holds no tags.
const LABELS: [(&str, &str, &str, &str); 13] = [
    ("<i class=\"icon fold\"></i>", "Fold", "</label>", "code-fold"),
    ("<i class=\"icon wrap\"></i>", "Wrap", "</label>", "code-wrap"),
    ("<i class=\"icon download\"></i>", "Download", "</button>", "code-download"),
    ("<i class=\"icon copy\"></i>", "Copy", "</button>", "code-copy"),
    ("<pre tabindex=\"0\" role=\"group\" aria-label=\"", "Code", "\">", "code-block"),
    ("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"", "Table", "\">", "table-block"),
    ("<i class=\"icon copy\"></i>", "Copy table", "</button>", "table-copy"),
    ("<i class=\"icon download\"></i>", "Download CSV", "</button>", "table-csv"),
    ("<p class=\"label\">", "Note", "</p>", "label-note"),
    ("<p class=\"label\">", "Tip", "</p>", "label-tip"),
    ("<p class=\"label\">", "Important", "</p>", "label-important"),
    ("<p class=\"label\">", "Warning", "</p>", "label-warning"),
    ("<p class=\"label\">", "Caution", "</p>", "label-caution"),
];

/// The HTML with the words that `say` gives for the keys. HTML is rendered and cached once for the readers of all
/// languages.
pub(crate) fn labelled<'a>(html: &'a str, say: impl Fn(&'static str) -> String) -> Cow<'a, str> {
    let mut html = Cow::Borrowed(html);
    for (before, word, after, key) in LABELS {
        let written = format!("{before}{word}{after}");
        if html.contains(&written) {
            let mut said = String::new();
            escape(&say(key), &mut said);
            // Some stand in an attribute.
            let said = said.replace('"', "&quot;");
            html = html.replace(&written, &format!("{before}{said}{after}")).into();
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::markdown::render;

    #[test]
    fn every_word_of_ours_is_replaced_and_nobodys_else() {
        let code = "x\n".repeat(40);
        let kinds = ["NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"];
        let notes: String = kinds.iter().map(|kind| format!("> [!{kind}]\n> Copy\n\n")).collect();
        let html = render(&format!(
            "Copy, Fold, Wrap, Note\n\n```\n<i class=\"icon copy\"></i>Copy</button>\n{code}```\n\n|Code|\n|-|\n|Table|\n\n{notes}"
        ));
        let said = labelled(html.as_str(), |key| format!("[{key} & \" <]"));
        for (before, word, after, key) in LABELS {
            let word_said = format!("{before}[{key} &amp; &quot; &lt;]{after}");
            assert_eq!(said.matches(&word_said).count(), 1, "{key}: {said}");
            assert!(!said.contains(&format!("{before}{word}{after}")), "{word}: {said}");
        }
        assert!(said.contains("<p>Copy, Fold, Wrap, Note</p>"), "{said}");
        assert!(
            said.contains("&lt;/i&gt;Copy&lt;/button&gt;") && said.matches("<p>Copy</p>").count() == 5,
            "{said}"
        );
    }

    #[test]
    fn the_words_of_english_are_those_that_are_written() {
        let english = include_str!("../../../locales/en.ftl");
        for (_, word, _, key) in LABELS {
            assert!(english.contains(&format!("\n{key} = {word}\n")), "{key}");
        }
    }
}
