//! What is a formula, and what is not.

use super::*;

fn found(text: &str) -> Vec<String> {
    let masked = mask(text, true);
    assert_eq!(masked.text.len(), text.len());
    let piece = masked.piece(0..text.len());
    masked.formulas.iter().map(|f| format!("{}{}", if f.display { "D " } else { "" }, piece.tex(f))).collect()
}

#[test]
fn finds_formulas() {
    for (text, formulas) in [
        ("a $x$, $y_1 + z$; the $n$th \\(a*b*c\\) and \\[ x \\]", &["x", "y_1 + z", "n", "a*b*c", "D x"][..]),
        ("$$\na\n+ b\n$$ and\n\\[\nx\n\\]", &["D a\n+ b", "D x"]),
        ("> $$\n> a\n> > 0\n> $$ $b$\n$c$", &["D a\n> 0", "b", "c"]),
        ("- $$a$$\n  1. \\[\n     b \\\\ c\n     \\]\n", &["D a", "D b \\\\ c"]),
        ("| $|x|$ | `$y$` |", &["|x|"]),
        ("$$a$$$b$", &["D a", "b"]),
        ("税は$x$円", &["x"]),
    ] {
        assert_eq!(found(text), formulas, "{text:?}");
    }
}

#[test]
fn leaves_text_alone() {
    for text in [
        "$5 and $10",
        "$5-$10, US$5/A$6, $20k–$30k",
        "$100 per user and 20$",
        "echo $HOME/$USER and $a->$b $a, $b",
        "`$x$` ``a ` $x$`` \\$x$ [a](http://b/$c$d) <a b=$c$> https://x.example/?a=$b$",
        "\\\\(a\\\\) \\[foo bar\\] \\[\\] \\(citation\\)",
        "$$ a\n\nb $$",
        "- a $$\n- b $$",
        "$$ a\n```\n$$\n```",
        "[a]: /$x$",
        "$ x$ $x $ $$ $",
    ] {
        assert_eq!(found(text), [""; 0], "{text:?}");
    }
}

#[test]
fn says_when_more_must_come() {
    for (text, open) in [
        ("a\n$$\nb\n", Some(2)),
        ("a \\[", Some(2)),
        ("a $x$", Some(2)),
        ("a $x$ b", None),
        ("$$\na\n\n", None),
        ("$5", None),
        ("\\(a\n", None),
    ] {
        assert_eq!(mask(text, false).open, open, "{text:?}");
    }
    assert_eq!(mask(&format!("$$\n{}", "a + b\n".repeat(1_000)), false).open, None);
}
