//! Texts for the renderer's tests: examples of CommonMark and GitHub, hostile and costly texts, an answer, and traps
//! for a reader that sees only the beginning of a text.

use std::path::Path;

use super::{
    BlockChange, SafeHtml, Stream, blocks, bounds, links, render, sanitize, scripts, strict as recognizer,
};

mod cjk;
mod conformance;
mod judge;
mod listener;
mod look;
mod safety;
mod streaming;
mod strict;
mod tags;

/// The contents of a file of `tests/data`.
macro_rules! data {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/", $name))
    };
}

fn json(text: &str) -> Vec<serde_json::Value> {
    serde_json::from_str(text).expect("well-formed data")
}

/// An example: its number, markdown and HTML.
type Example = (u64, String, String);

/// The examples of GitHub's extensions of CommonMark.
fn github() -> Vec<Example> {
    let text = |case: &serde_json::Value, key: &str| case[key].as_str().expect("well-formed data").to_owned();
    let cases = json(data!("github.json"));
    (1..).zip(&cases).map(|(number, case)| (number, text(case, "markdown"), text(case, "html"))).collect()
}

/// CommonMark's own examples, from the npm package `commonmark-spec`, because their licence keeps them out of the
/// project.
fn commonmark() -> Vec<Example> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("end2end/node_modules/commonmark-spec/spec.txt");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!("CommonMark's examples are missing ({}: {error}): run `npm ci` in end2end", file.display())
    });
    let fence = "`".repeat(32);
    let opening = format!("{fence} example\n");
    let example = |(number, part): (u64, &str)| {
        let example = part.split(&fence).next().unwrap_or_default().replace('→', "\t");
        let (markdown, html) = example.split_once("\n.\n").unwrap_or((&example, ""));
        (number, format!("{}\n", markdown.trim_start_matches(".\n")), html.to_owned())
    };
    let examples: Vec<Example> = (1..).zip(text.split(&opening).skip(1)).map(example).collect();
    assert_eq!(examples.len(), 652, "another version of the examples has other numbers");
    examples
}

/// Texts that are made to cost much, with their names.
fn pathological() -> Vec<(String, String)> {
    let part = |part: &serde_json::Value| Some(part[0].as_str()?.repeat(part[1].as_u64()? as usize));
    let text =
        |case: &serde_json::Value| case["parts"].as_array()?.iter().map(part).collect::<Option<String>>();
    let case = |case: &serde_json::Value| Some((case["name"].as_str()?.to_owned(), text(case)?));
    json(data!("costly.json")).iter().map(|each| case(each).expect("well-formed data")).collect()
}

const ANSWER: &str = include_str!("answer.md");

/// Texts whose beginning looks like something else than the whole.
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
    "- a\n  ~~~\n[a]: b\r    |a|b|\n|-|-|\n",
    "- [a][b]\n\n[b]: https://x.example \"title\"\n| a | b |\n| --- | --- |\n",
    "> &amp;\n\n   [a]: \n      /url  \n           'the title'  \n\n[a]\n",
    "a\n```$$\r[a]$$\0```$$",
    "```",
    "```rust",
    "~~~\n~~~\n~~~",
    "```md\n# a\n```py\nb\n```\n\n```js\nc\n```\nd\n```\n\n**e**\n```markdown\n```md\n```py\n```\n```\n```\nf\n```md\n```x",
    "**测试。**后*（测）*文~~「删。」~~完 `**测。**后` [a**）**b](c) **단어(word)**는 *a **b)**后*的\n\n> **“甲”**和**乙。**丙\n| **测。**后 |\n|-|\n",
    "$ x^2 $ and $ 5 to $ 10\n\\begin{align}\na &= b \\\\\n&= c\n\\end{align} d \\begin{cases}1\\\\2\\end{cases}\n- \\begin{gather*}\n  a\n\n  \\end{gather*}\n",
    "H<sub>2</sub>O <sup>a <kbd>b</kbd> *c<mark>d*</mark> e</sub>\n\n| <sub>a | b</sub> |\n|-|-|\n| <kbd>c</kbd> | <sub>*d</sub>* |\n",
    "<details>\n<summary>a <b>b</b></summary>\n\n- c\n```rust\nd\n```\n> e\n\n<details open><summary>f</summary>\n\ng</details>\nh\n\n</details>\n\ni\n</details>\n",
    "- <details>\n  <summary>a\n  </summary>\n\n  b\n  </details>\n- c\n\n<details>\n\n[^1]: d\n\n[e]: /f\n\n    g\n[e] <sub>\n<summary>h</summary>\n|i|\n|-|\n",
    "- ```md\n  ```py\n  ```\n  a\n  ```\n- b\n\n> ```md\n> ```x\n> ```\nlazy\n\n- ```js\n  c\nd\n\n```md\n```py\n```\n```\ne\n",
    "https://a.example查看 www.b.example/路径。ada@c.example的 <https://d.example/路> https://例.e/中",
];

fn texts() -> Vec<String> {
    let mut texts: Vec<String> = commonmark().into_iter().chain(github()).map(|(_, text, _)| text).collect();
    let hostile = json(data!("abuse.json"));
    texts.extend(hostile.iter().map(|case| case["markdown"].as_str().expect("well-formed data").to_owned()));
    texts.extend(TRAPS.iter().map(|text| text.to_string()));
    texts
}
