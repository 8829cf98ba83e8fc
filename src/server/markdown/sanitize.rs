//! The last step: keeps exactly the elements, attributes and classes that the writer makes.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::allowed::{ACTS, CLASSES, TAGS, is_start};
use super::{files, links, strict};

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(TAGS.iter().copied().collect())
        .generic_attributes(HashSet::new())
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href", "title", "data-host"])),
            ("button", HashSet::from(["data-file"])),
            ("img", HashSet::from(["src", "alt"])),
            ("ol", HashSet::from(["start"])),
        ]))
        .tag_attribute_values(HashMap::from([
            ("input", HashMap::from([("type", HashSet::from(["checkbox"]))])),
            ("button", HashMap::from([("data-act", ACTS.iter().copied().collect())])),
            ("pre", scrolls("Code")),
            ("div", scrolls("Table")),
        ]))
        .allowed_classes(
            CLASSES.iter().map(|(tag, classes)| (*tag, classes.iter().copied().collect())).collect(),
        )
        .clean_content_tags(HashSet::from(["script", "style"]))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "data"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank")
        .attribute_filter(check);
    builder
});

/// The attributes of a box that scrolls sideways.
fn scrolls(name: &'static str) -> HashMap<&'static str, HashSet<&'static str>> {
    let attributes = [("tabindex", "0"), ("role", "group"), ("aria-label", name)];
    attributes.into_iter().map(|(attribute, value)| (attribute, HashSet::from([value]))).collect()
}

/// Allows `data:` for images only, and nothing but `data:` for images.
fn check<'a>(element: &str, attribute: &str, value: &'a str) -> Option<Cow<'a, str>> {
    let kept = match (element, attribute) {
        ("a", "href") => links::address(value).is_some(),
        (_, "src") => links::is_raster(value),
        (_, "data-host") => links::is_host(value),
        (_, "data-file") => files::is_name(value),
        ("ol", "start") => is_start(value),
        _ => true,
    };
    kept.then_some(Cow::Borrowed(value))
}

/// Text as HTML. It needs no cleaning, because nothing in it is read as markup.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    super::highlight::escape(text, &mut out);
    out
}

/// Cleans whole elements and text.
pub(super) fn clean(html: String) -> String {
    if strict::is_clean(&html) { html } else { clean_anyhow(&html) }
}

/// Parses and cleans the HTML even if the writer made it.
pub(super) fn clean_anyhow(html: &str) -> String {
    CLEANER.clean(html).to_string()
}

#[cfg(test)]
mod tests {
    use super::clean_anyhow as clean;

    #[test]
    fn keeps_what_we_make_and_nothing_else() {
        let ours = "<figure class=\"code\"><header><span>a</span><button data-act=\"copy\">Copy</button>\
            </header><pre tabindex=\"0\" role=\"group\" aria-label=\"Code\"><code><b>fn</b></code></pre></figure>";
        assert_eq!(clean(ours), ours);
        assert_eq!(clean("<p class=\"raw modal\" id=x onclick=y style=z>t</p>"), "<p class=\"raw\">t</p>");
        assert_eq!(clean("<img src=\"https://x.example/p\" alt=\"a\">"), "<img alt=\"a\">");
        assert_eq!(
            clean("<button data-act=\"buy\" data-file=\"x.exe\" onclick=\"x\">t</button>"),
            "<button>t</button>"
        );
        assert!(!clean("<a href=\"https://x.example\" data-host=\"x y\">t</a>").contains("data-host"));
        assert_eq!(clean("<pre tabindex=\"1\" role=\"alert\">t</pre>"), "<pre>t</pre>");
        assert!(!clean("<script>x</script><svg><a href=y>t</a></svg>").contains("href"));
        assert!(
            clean("<a href=\"https://x.example\">t</a>").contains("rel=\"noopener noreferrer nofollow\"")
        );
    }
}
