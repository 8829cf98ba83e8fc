//! Emphasis and addresses beside scripts that put no spaces between words.

use proptest::prelude::*;
use pulldown_cmark::Parser;

use super::*;

fn inner(text: &str) -> String {
    let html = render(text).into_string().replace(" lang=\"ko\"", "").replace(" lang=\"ja\"", "");
    html.strip_prefix("<p>").and_then(|html| html.strip_suffix("</p>")).unwrap_or(&html).to_owned()
}

#[test]
fn emphasis_beside_chinese_japanese_and_korean() {
    for (text, html) in [
        ("**测试。**后文", "<strong>测试。</strong>后文"),
        ("*测试。*后文", "<em>测试。</em>后文"),
        ("~~测试。~~后文", "<del>测试。</del>后文"),
        ("***测试。***后文", "<em><strong>测试。</strong></em>后文"),
        ("**测试：**后文，**再试！**完", "<strong>测试：</strong>后文，<strong>再试！</strong>完"),
        ("前文**（测试）**后文", "前文<strong>（测试）</strong>后文"),
        ("前文**「测试」**后文", "前文<strong>「测试」</strong>后文"),
        ("前文**『测试』**后文", "前文<strong>『测试』</strong>后文"),
        ("前文**《测试》**后文", "前文<strong>《测试》</strong>后文"),
        ("前文**【测试】**后文", "前文<strong>【测试】</strong>后文"),
        ("前文**“测试”**后文", "前文<strong>“测试”</strong>后文"),
        ("前文**\"测试\"**后文", "前文<strong>\"测试\"</strong>后文"),
        ("前文**(测试)**后文", "前文<strong>(测试)</strong>后文"),
        ("**测试……**后文**——测试**后文", "<strong>测试……</strong>后文<strong>——测试</strong>后文"),
        ("增长**50%**的", "增长<strong>50%</strong>的"),
        ("用**`code`**的", "用<strong><code>code</code></strong>的"),
        ("前文*`code`*后文~~`code`~~完", "前文<em><code>code</code></em>后文<del><code>code</code></del>完"),
        (
            "看**[链接](https://a.example)**吧",
            "看<strong><a href=\"https://a.example\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">链接</a>\
             </strong>吧",
        ),
        ("**단어(word)**는", "<strong>단어(word)</strong>는"),
        ("**\"단어\"**를 **단어.**다음", "<strong>\"단어\"</strong>를 <strong>단어.</strong>다음"),
        ("**テスト。**次の**「文」**です", "<strong>テスト。</strong>次の<strong>「文」</strong>です"),
        ("カタカナ**（かな）**ー", "カタカナ<strong>（かな）</strong>ー"),
        ("**测试。**API和**“测试”**API", "<strong>测试。</strong>API和<strong>“测试”</strong>API"),
        ("API**（测试）**API", "API<strong>（测试）</strong>API"),
        (
            "**重要⚠️**后文，⚠️**注意**后文👍**好**的",
            "<strong>重要⚠️</strong>后文，⚠️<strong>注意</strong>后文👍<strong>好</strong>的",
        ),
        ("**好👍**的", "<strong>好👍</strong>的"),
        ("**𠮷。**𠮷**(𠮷)**𠮷", "<strong>𠮷。</strong>𠮷<strong>(𠮷)</strong>𠮷"),
        ("**甲**、**乙**和**“丙”**", "<strong>甲</strong>、<strong>乙</strong>和<strong>“丙”</strong>"),
        ("**“甲”**和**“乙”**及**丙**", "<strong>“甲”</strong>和<strong>“乙”</strong>及<strong>丙</strong>"),
        ("**甲（*乙。*丙）**丁", "<strong>甲（<em>乙。</em>丙）</strong>丁"),
        ("**\\*甲\\***乙", "<strong>*甲*</strong>乙"),
        ("**$x^2$。**后", &format!("<strong>{}。</strong>后", inner("$x^2$"))),
        ("> **测试。**后", "<blockquote><p><strong>测试。</strong>后</p></blockquote>"),
        ("- **测试：**后", "<ul><li><strong>测试：</strong>后</li></ul>"),
    ] {
        assert_eq!(inner(text).replace(" data-host=\"a.example\"", ""), html, "{text:?}");
    }
}

#[test]
fn what_is_no_emphasis_stays_as_it_is() {
    for text in [
        "测_试。_后",
        "面积=长*宽",
        "2 * 3 * （4）",
        "a_（b）_c",
        "**测试。后文",
        "测试。**后文",
        "** 测试。**后文",
    ] {
        assert_eq!(inner(text), text, "{text:?}");
    }
    for (text, html) in [
        ("`**测试。**后文`", "<code>**测试。**后文</code>"),
        ("\\*\\*测试。\\*\\*后文", "**测试。**后文"),
        ("\\**测试。\\**后文", "*<em>测试。*</em>后文"),
        ("[测（a)**后]", "[测（a)**后]"),
        ("前文**后", "前文**后"),
        ("**测试**后文", "<strong>测试</strong>后文"),
        ("<a b=\"**（c\">**（d）**e", "&lt;a b=\"**（c\"&gt;<strong>（d）</strong>e"),
    ] {
        assert_eq!(inner(text).replace(" data-host=\"a.example\"", ""), html, "{text:?}");
    }
    assert!(render("```\n**测试。**后文\n```").as_str().contains("**测试。**后文\n"));
    assert!(render("    **测试。**后文\n").as_str().contains("**测试。**后文\n"));
    // The text of a reference is its label.
    let linked = render("[甲)**乙]和**（甲）**乙\n\n[甲)**乙]: https://a.example");
    assert!(linked.as_str().contains(">甲)**乙</a>和<strong>（甲）</strong>乙"), "{}", linked.as_str());
}

/// Asserts which characters the parser takes for punctuation: a run of stars after one opens nothing.
#[test]
fn marks_are_punctuation_to_the_parser() {
    let is_punctuation = |c: char| {
        let mut out = String::new();
        pulldown_cmark::html::push_html(&mut out, Parser::new(&format!("a**{c}b**")));
        !out.contains("<strong>")
    };
    let wrong: String = (0..0x30000)
        .filter_map(char::from_u32)
        .filter(|&c| scripts::is_mark(c) && c != '*' && !is_punctuation(c))
        .collect();
    assert_eq!(wrong, "");
}

fn marks() -> impl Strategy<Value = String> {
    let marks = "**|*|***|~~|_|`|[|](https://a.b)|]|[a]: b|\\|测|试|。|，|（|）|「|」|“|”|\"|(|)|%|!|a|b1| |\n|\n\n|> |- |은|で|👍|…|&amp;|"
        .split('|')
        .chain(["|", "|-|-|\n", "|a|b|\n"])
        .collect::<Vec<_>>();
    prop::collection::vec(prop::sample::select(marks), 1..30).prop_map(|marks| marks.concat())
}

/// The letters, code and addresses of HTML, without emphasis.
fn letters(html: &str) -> String {
    let mut out = html.to_owned();
    for tag in ["em", "strong", "del"] {
        out = out.replace(&format!("<{tag}>"), "").replace(&format!("</{tag}>"), "");
    }
    out.replace(['*', '~', '_'], "")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Only emphasis may change, and no character is lost or stays swapped.
    #[test]
    fn only_emphasis_changes(text in marks()) {
        let mut expected = String::new();
        let text = text.replace("https://a.b", "c").replace("\\[", "[").replace("\\(", "(");
        for (event, _) in Parser::new_ext(&text, bounds::OPTIONS).into_offset_iter() {
            match event {
                pulldown_cmark::Event::Text(text) | pulldown_cmark::Event::Code(text) => expected.push_str(&text),
                _ => {}
            }
        }
        let html = render(&text).into_string();
        let plain = |text: &str| text.replace(|c: char| c.is_whitespace() || "*~_&;[]!<>".contains(c), "");
        let mut shown = String::new();
        let mut inside = false;
        let html = html.split("<header>").map(|part| part.split_once("</header>").map_or(part, |(_, rest)| rest));
        let html = html.map(|part| part.replace(">Copy table<", "><").replace(">Download CSV<", "><"));
        for c in letters(&html.collect::<String>()).chars() {
            inside |= c == '<';
            shown.extend((!inside).then_some(c));
            inside &= c != '>';
        }
        let shown = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        prop_assert_eq!(plain(&shown), plain(&expected), "{:?}", text);
    }
}
