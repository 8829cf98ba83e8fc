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
        (
            "$ x^2 $, $ \\alpha $ and $ a_1 + b $; let $ x $ be $ a + b = c $",
            &["x^2", "\\alpha", "a_1 + b", "x", "a + b = c"],
        ),
        ("costs $5. It is $x$; $5 and $ y_1 $", &["x", "y_1"]),
        (
            "$ E = mc^2 $, $ F = ma $, $ PV = nRT $ and $ y = mx + b $",
            &["E = mc^2", "F = ma", "PV = nRT", "y = mx + b"],
        ),
        ("| $ x^2 $ | $ 5 |\n> - $ \\frac{1}{2} $", &["x^2", "\\frac{1}{2}"]),
        (
            "\\begin{align}\na &= b \\\\\n&= c\n\\end{align}",
            &["D \\begin{align}\na &= b \\\\\n&= c\n\\end{align}"],
        ),
        ("so \\begin{cases} 1 \\\\ 2 \\end{cases} it is", &["D \\begin{cases} 1 \\\\ 2 \\end{cases}"]),
        (
            "> - \\begin{gather*}\n>   a\n>   \\end{gather*}\n$b$",
            &["D \\begin{gather*}\na\n\\end{gather*}", "b"],
        ),
        (
            "\\begin{matrix}\\begin{matrix}a\\end{matrix}\\end{matrix} $b$",
            &["D \\begin{matrix}\\begin{matrix}a\\end{matrix}\\end{matrix}", "b"],
        ),
        ("$$\\begin{pmatrix}a\\end{pmatrix}$$", &["D \\begin{pmatrix}a\\end{pmatrix}"]),
        (
            "| \\begin{matrix} a & b \\\\ c & d \\end{matrix} |",
            &["D \\begin{matrix} a & b \\\\ c & d \\end{matrix}"],
        ),
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
        "from $ 5 to $ 10 a day",
        "US$ 5, A$ 7, $ 5 - $ 10, $ 5 / $ 6 and $ 5",
        "$ 1,000 (or $ 900) per month, $ 5k vs $ 6k",
        "$ 5 = 3 EUR, $ 6 = 4 EUR",
        "price is $ 20 per user_id and $ 10 per item_id",
        "run $ cd my_dir and $ ls my_dir now",
        "$5到10$ 元, 价格$5到$10元",
        "\\begin{itemize}\n\\item a\n\\end{itemize}",
        "`\\begin{align} a \\end{align}` \\\\begin{align} b \\end{align}",
        "\\begin{align}\n\na\n\\end{align}",
        "\\begin{align}\n```\n\\end{align}\n```",
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
        ("a \\begin{align}\nb", Some(2)),
        ("\\begin{align}\n\nb", None),
        ("\\begin{foo}\nb", None),
        ("\\(a\n", None),
    ] {
        assert_eq!(mask(text, false).open, open, "{text:?}");
    }
    assert_eq!(mask(&format!("$$\n{}", "a + b\n".repeat(1_000)), false).open, None);
}
