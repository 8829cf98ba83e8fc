//! The ends of texts that are half-typed, and those that only look so.

use super::*;

fn mended(text: &str) -> String {
    mend(text, &Definitions::new())
        .map_or_else(|| text.to_owned(), |Mend { length, closing }| format!("{}{closing}", &text[..length]))
}

#[test]
fn what_is_open_is_closed() {
    for (written, shown) in [
        ("a **bo", "a **bo**"),
        ("a **bo*", "a **bo**"),
        ("a **bold**", "a **bold**"),
        ("a *it", "a *it*"),
        ("a ***b", "a ***b***"),
        ("**a *b", "**a *b***"),
        ("a _b c", "a _b c_"),
        ("a __b ", "a __b__"),
        ("a `co", "a `co`"),
        ("a ``c`d", "a ``c`d``"),
        ("a `b **c", "a `b **c`"),
        ("*a `b*", "*a `b`*"),
        ("a ~~x", "a ~~x~~"),
        ("a ~~x~", "a ~~x~~"),
        ("H<sub>2", "H<sub>2</sub>"),
        ("**测试。", "**测试。**"),
        ("中文**粗", "中文**粗**"),
        ("**测。**后*（测", "**测。**后*（测*"),
        ("- a\n- **b", "- a\n- **b**"),
        ("> a\n> **b\n> c", "> a\n> **b\n> c**"),
        ("> **a\n> ", "> **a**"),
        ("# **a", "# **a**"),
        ("|a|b|\n|-|-|\n|**c", "|a|b|\n|-|-|\n|**c**"),
        ("|a|b|\n|-|-|\n|`c", "|a|b|\n|-|-|\n|`c`"),
    ] {
        assert_eq!(mended(written), shown, "{written:?}");
    }
}

#[test]
fn an_address_is_left_out_until_it_is_complete() {
    for (written, shown) in [
        ("[lin", "[lin]()"),
        ("see [link]", "see [link]()"),
        ("see [link](", "see [link]()"),
        ("see [link](https://ex_am*ple", "see [link]()"),
        ("see [link](https://e.example/a_(b)", "see [link]()"),
        ("see [link](https://e.example \"Ti", "see [link]()"),
        ("see [link](https://e.example)", "see [link](https://e.example)"),
        ("see [link][re", "see [link]()"),
        ("see [**li", "see [**li**]()"),
        ("**see [link](http", "**see [link]()**"),
        ("![pic](https://e", "![pic]()"),
        ("![pi", "![pi]()"),
        ("[![pic](https://e", "[![pic]()]()"),
        ("[![pic](https://e.example)](htt", "[![pic](https://e.example)]()"),
        ("said [1", "said "),
        ("said [1]", "said [1]"),
        ("said [^no", "said "),
        ("- [", "- "),
        ("- [x", "- "),
        ("- [x]", "- "),
        ("> [!NO", "> "),
        ("a [b] c", "a [b] c"),
        ("a [b](c d e", "a [b](c d e"),
    ] {
        assert_eq!(mended(written), shown, "{written:?}");
    }
}

#[test]
fn signs_at_the_end_and_beginnings_are_left_out() {
    for (written, shown) in [
        ("a *", "a "),
        ("a **", "a "),
        ("a `", "a "),
        ("a [", "a "),
        ("a ![", "a "),
        ("a !", "a "),
        ("Hello!", "Hello!"),
        ("a $", "a "),
        ("it is 5$", "it is 5$"),
        ("a $x^2", "a "),
        ("a **$x", "a "),
        ("a **b $x + y", "a **b**"),
        ("a $5 and", "a $5 and"),
        ("a $PATH and", "a $PATH and"),
        ("a <su", "a "),
        ("a <https://e", "a "),
        ("a < b and", "a < b and"),
        ("`a <b", "`a <b`"),
        ("a\n| b | c", "a\n"),
        ("- a\n\n  | b | c |\n  |--", "- a\n\n  "),
        ("- | b | c |\n", "- "),
    ] {
        assert_eq!(mended(written), shown, "{written:?}");
    }
}

#[test]
fn what_only_looks_half_typed_stays() {
    for text in [
        "a",
        "2*3 and 4",
        "2 * 3 and 4",
        "snake_case and more",
        "a \\*b",
        "it`s a",
        "array[i and",
        "- a\n  ```py\n  x = **y",
        "    **code",
        "a **b\n\n",
        "# a **b\n",
        "~5 of",
        "**测试。**后文",
        "|a|\n|-|\n|**b|\n",
    ] {
        assert_eq!(mend(text, &Definitions::new()), None, "{text:?}");
    }
    let long = format!("a *b {}", "word ".repeat(200));
    assert_eq!(mended(&long), long);
}
