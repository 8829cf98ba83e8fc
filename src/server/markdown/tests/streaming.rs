//! However a text is cut, its blocks are the same, and the work is linear in its length.

use proptest::prelude::*;
use pulldown_cmark::Parser;

use super::super::highlight::LINES;
use super::listener::Listener;
use super::safety::assert_safe;
use super::*;

/// Pseudo-random numbers, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % end.max(1)
    }
}

fn strings(blocks: Vec<SafeHtml>) -> Vec<String> {
    blocks.into_iter().map(SafeHtml::into_string).collect()
}

/// Streams `text` in pieces of up to `piece` bytes and compares the blocks with `whole`.
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

/// Cuts every text in two at every place.
#[test]
fn every_place_to_split_gives_the_same_blocks() {
    for text in texts().iter().filter(|text| text.len() < 400) {
        let whole = render(text);
        for at in (1..text.len()).filter(|&at| text.is_char_boundary(at)) {
            let (mut stream, mut listener) = (Stream::new(), Listener::default());
            for piece in [&text[..at], &text[at..]] {
                stream.push(piece);
                listener.hear(stream.flush());
            }
            listener.hear(stream.finish());
            assert_eq!(listener.blocks.concat(), whole.as_str(), "{text:?} at {at}");
        }
    }
}

/// Pieces of the texts above and of markdown's syntax, in any order.
fn anything() -> impl Strategy<Value = String> {
    let texts = texts();
    let known = (0..texts.len()).prop_map(move |at| texts[at].clone());
    let marks = prop::sample::select(
        "a|b| |  |    |\t|\n|\n\n|\r|\r\n|\0|\u{1}|# |> |- |1. |* |+ |=|---|```|````|~~~|`|``|*|**|_|~~|[a]|[a]: b|\
        [^a]|[^a]: |](|)|![|<b>|<sub>|</sub>|<details>|</details>\n|<summary>a</summary>|\n<details>\n\n|\\begin{align}|\\end{align}|```md\n|```py\n|测|。|<!--|-->|$|$$|\\(|\\)|\\[|\\]|\\|\\frac{|}|^|x|5|&amp;|&#1;|<br>|http://a.b|@a.b|日|ש|🙂|. |: "
            .split('|')
            .chain(["|", "|-|-|", "|a|b|\n|-|-|\n"])
            .collect::<Vec<_>>(),
    );
    let made = prop::collection::vec(marks, 1..40).prop_map(|marks| marks.concat());
    prop::collection::vec(prop_oneof![2 => known, 5 => made], 1..4).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split_of_anything_gives_the_same_blocks(text in anything(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        let whole = render(&text);
        assert_safe(&whole);
        let mut cuts: Vec<usize> = cuts.iter().map(|at| text.floor_char_boundary(at.index(text.len() + 1))).collect();
        cuts.sort_unstable();
        let (mut stream, mut listener, mut from) = (Stream::new(), Listener::default(), 0);
        for at in cuts.into_iter().chain([text.len()]) {
            stream.push(&text[from..at]);
            listener.hear(stream.flush());
            // The blocks of an unfinished text are safe too.
            assert_safe(&SafeHtml(listener.blocks.concat()));
            from = at;
        }
        listener.hear(stream.finish());
        prop_assert_eq!(listener.blocks.concat(), whole.as_str());
        // Rendering the text a second time gives the same.
        prop_assert_eq!(&render(&text), &whole);
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

/// Blocks parsed alone equal those of the whole text, except for references, which may point backwards there.
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
    // Each line is coloured once as the last line and once for good.
    assert!(LINES.get() - before <= 1_100, "{}", LINES.get() - before);
}

/// Answers often name their sources in the text and define them at the end.
#[test]
fn what_is_defined_later_is_told_again_at_the_end() {
    let text = "# By [1]\n\nSo says [1], and $x$ [the other][b].\n\n[c] is nothing.\n\n# By [1]\n\n\
        [1]: https://one.example\n[B]: https://two.example \"Two\"\n[1]: https://three.example\n";
    let (mut stream, mut listener) = (Stream::new(), Listener::default());
    for line in text.split_inclusive('\n') {
        stream.push(line);
        listener.hear(stream.flush());
    }
    assert_eq!(listener.again, 0);
    assert!(listener.blocks[1].contains("[the other][b]"));
    listener.hear(stream.finish());
    assert_eq!((listener.again, listener.blocks.len()), (3, 4));
    let html = listener.blocks.concat();
    assert_eq!(html, render(text).as_str());
    assert_eq!(html.matches("href=\"https://one.example\"").count(), 3);
    assert!(
        html.contains(" title=\"Two\" data-host=\"two.example\"")
            && html.contains("<math>")
            && html.contains("<p>[c] is nothing.</p>")
    );
    assert!(html.contains("id=\"-by-1\"") && html.contains("id=\"-by-1-2\""), "{html}");
}

/// What a reader sees of HTML: no tags, no code, no formulas.
fn seen(html: &str) -> String {
    let mut text = String::new();
    for (at, part) in html.split('<').enumerate() {
        let (tag, after) = if at == 0 { ("", part) } else { part.split_once('>').unwrap_or((part, "")) };
        let hides = ["code", "annotation"].iter().any(|name| tag.split(' ').next() == Some(*name));
        text.push_str(if hides { "" } else { after });
    }
    text
}

/// Every beginning of a text is shown without a sign that is not typed to its end.
#[test]
fn half_typed_markdown_does_not_flash() {
    for text in [
        "Here is **bold *and both* text**, *one*, __two__, ~~gone~~ and ***all***.",
        "Then `code` and ``a ` b`` and **`bold code`**, done.",
        "See [a link](https://example.com/a_b_(c)?d=*e*) and [**bold** one](https://example.com \"Title\"), yes.",
        "A picture ![of *it*](https://example.com/p.png) and [![one](https://example.com/q.png)](https://example.com).",
        "So $x^2 + y_1$, \\(a^2\\) and $$b^2$$ hold, **and $z$ too**.",
        "\\[\na\n\\]\n\nand\n\n$$\nb\n$$\n",
        "| a | **b** |\n|---|:-:|\n| `c` | [d](https://example.com) |\n| *e* | ~~f~~ |\n",
        "So it is:\n| a | b |\n|---|---|\n| c | d |\n",
        "- **one**: `a`\n- *two*\n  - ~~three~~ [four](https://example.com)\n\n  | a | b |\n  |---|---|\n  | c | d |\n",
        "- [ ] **one**\n- [x] two\n\n> [!NOTE]\n> It *is* `so`.\n",
        "> **quoted\n> further** and *on*\n",
        "# **Title** with `code`\n\nH<sub>2</sub>O, <kbd>Ctrl</kbd> and <https://example.com/a>.<br>Next.",
        "**测试。**后文和*斜体*，见**“甲”**和[链接](https://example.com)。",
        "1. **one**\n   ```rust\n   let x = 1;\n   ```\n2. *two*\n",
        "<details>\n<summary>More</summary>\n\n**inside**\n\n</details>\n",
    ] {
        let (mut stream, mut listener) = (Stream::new(), Listener::default());
        for c in text.chars() {
            stream.push(&c.to_string());
            listener.hear(stream.flush());
            let html = SafeHtml(listener.blocks.concat());
            assert_safe(&html);
            let seen = seen(html.as_str());
            assert!(!seen.contains(['*', '`', '[', ']', '|', '$', '~', '\\']), "{seen:?} in {text:?}");
            assert!(!seen.contains("&lt;") && !seen.contains("__"), "{seen:?} in {text:?}");
        }
        listener.hear(stream.finish());
        assert_eq!(listener.blocks.concat(), render(text).as_str());
    }
}

#[test]
fn a_growing_list_is_rendered_seldom() {
    let (mut stream, mut listener, mut sent) = (Stream::new(), Listener::default(), 0);
    for line in 0..4_000 {
        stream.push(&format!("- item {line} with some text in it\n"));
        let changes = stream.flush();
        sent += changes
            .iter()
            .map(|change| if let BlockChange::Block { html, .. } = change { html.as_str().len() } else { 0 })
            .sum::<usize>();
        listener.hear(changes);
    }
    listener.hear(stream.finish());
    let size = listener.blocks.concat().len();
    assert!(sent < 60 * size, "{sent} bytes for {size}");
}

#[test]
fn what_is_over_the_limit_is_plain() {
    let mut text = "word *em* ".repeat(blocks::LIMIT / 10 - 3);
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
    let text = "# a\n".repeat(blocks::BLOCKS + 50);
    let whole = render(&text);
    assert_eq!(whole.as_str().matches("<h2 ").count(), blocks::BLOCKS);
    assert!(whole.as_str().ends_with("# a\n</pre>"));
    stream(&text, whole.as_str(), 9_000, &mut Dice(3));
}
