//! [`render`]: TeX to MathML that is safe to show, converted by math-core and then checked element by element.
//!
//! math-core reads no definitions, so nothing expands. It recurses, so nesting is counted first, and a formula of
//! many commands gets a thread with a larger stack. Its `style` attributes, which the page's content security policy
//! forbids, become one-letter classes (`prose.css`). Labels, links and everything else that is not listed here are
//! refused.

mod checked;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};

use super::sanitize;
use checked::{checked, unhidden};

/// Groups nested deeper, in TeX or in MathML, are not converted.
const DEPTH: usize = 60;
/// Formulas of more elements are shown as TeX.
const ELEMENTS: usize = 4_000;
/// Formulas with more commands and groups than this are converted on a thread with a large stack, because math-core
/// takes up to 10 kB of stack for each.
const SMALL: usize = 40;
const STACK: usize = 64 << 20;

/// math-core has no boxes, so a colour that nobody uses stands for one.
const BOX: &str = "RawSienna";
const BOX_STYLE: &str = "color:#9e3c0e";

/// Commands that math-core lacks, in terms of commands that it has.
const MACROS: &[(&str, &str)] = &[
    ("substack", r"\begin{matrix}#1\end{matrix}"),
    ("smash", "#1"),
    ("R", r"\mathbb{R}"),
    ("N", r"\mathbb{N}"),
    ("Z", r"\mathbb{Z}"),
    ("Q", r"\mathbb{Q}"),
    ("dd", r"\mathrm{d}"),
    ("qed", r"\blacksquare"),
    ("dotsc", r"\ldots"),
    ("mathbbm", r"\mathbb{#1}"),
    ("abs", r"\left|#1\right|"),
    ("norm", r"\left\lVert #1\right\rVert"),
];

/// The formula as MathML that carries its TeX, or the TeX as written if it cannot be converted; and the number of
/// elements.
pub(super) fn render(tex: &str, written: &str, display: bool) -> (String, usize) {
    let math = convert(tex, display).and_then(|math| checked(&math));
    let (math, elements) = math.unwrap_or_else(|| (source(written), 1));
    // A block may scroll sideways, so keys must reach it. Its name is what it says.
    let math = match math.strip_prefix("<math display=\"block\"") {
        Some(rest) => format!("<math display=\"block\" tabindex=\"0\"{rest}"),
        None => math,
    };
    (math, elements)
}

/// A formula as it was written, as text.
pub(super) fn source(written: &str) -> String {
    format!("<code class=\"tex\">{}</code>", sanitize::text(written))
}

fn convert(tex: &str, display: bool) -> Option<String> {
    if is_deep(tex) {
        return None;
    }
    let simple = simplified(tex);
    if simple.bytes().filter(|b| matches!(b, b'\\' | b'{' | b'^' | b'_')).count() <= SMALL {
        return run(&simple, tex, display);
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        thread.spawn_scoped(scope, || run(&simple, tex, display)).ok()?.join().ok()?
    })
}

fn run(simple: &str, tex: &str, display: bool) -> Option<String> {
    static CONVERTER: OnceLock<Option<LatexToMathML>> = OnceLock::new();
    let converter = CONVERTER.get_or_init(|| {
        let macros = MACROS.iter().map(|(name, tex)| (name.to_string(), tex.to_string())).collect();
        LatexToMathML::new(MathCoreConfig { macros, ..MathCoreConfig::default() }).ok()
    });
    let converter = converter.as_ref()?;
    let kind = if display { MathDisplay::Block } else { MathDisplay::Inline };
    let math = catch_unwind(AssertUnwindSafe(|| converter.convert_with_local_state(simple, kind).ok()))
        .ok()??
        .mathml;
    // As math-core would write it, but with the TeX that was written.
    let inner = math.find('>').map(|at| at + 1)?..math.len() - "</math>".len();
    let row = |math: &str| {
        if math.starts_with("<mrow>") { math.to_owned() } else { format!("<mrow>{math}</mrow>") }
    };
    Some(format!(
        "<math{}><semantics>{}<annotation encoding=\"application/x-tex\">{}</annotation></semantics></math>",
        if display { " display=\"block\"" } else { "" },
        row(math.get(inner)?),
        sanitize::text(&unhidden(tex)),
    ))
}

/// Whether groups, environments and fences nest too deep to convert.
fn is_deep(tex: &str) -> bool {
    let (mut depth, mut deepest) = (0usize, 0);
    for byte in tex.bytes() {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest > DEPTH || tex.matches("\\begin").count() > DEPTH || tex.matches("\\left").count() > 4 * DEPTH
}

/// Replaces what chats and papers write and what means nothing, or something simpler, in a single formula.
fn simplified(tex: &str) -> Cow<'_, str> {
    if !tex.contains('\\') {
        return tex.into();
    }
    let mut out = tex.to_owned();
    for (from, to) in [
        ("{align*}", "{aligned}"),
        ("{align}", "{aligned}"),
        ("{gather*}", "{gathered}"),
        ("{gather}", "{gathered}"),
        ("\\begin{equation*}", ""),
        ("\\end{equation*}", ""),
        ("\\begin{equation}", ""),
        ("\\end{equation}", ""),
        ("\\nonumber", ""),
        ("\\notag", ""),
        ("{split}", "{aligned}"),
        ("{smallmatrix}", "{matrix}"),
        ("\\mbox{", "\\text{"),
        ("\\tag*{", "\\tag{"),
    ] {
        if out.contains(from) {
            out = out.replace(from, to);
        }
    }
    replace_group(&mut out, "\\label{", |_| String::new());
    replace_group(&mut out, "\\tag{", |text| format!("\\qquad\\text{{({text})}}"));
    replace_group(&mut out, "\\ce{", |formula| format!("\\mathrm{{{}}}", chemistry(formula)));
    replace_group(&mut out, "\\boxed{", |tex| format!("{{\\color{{{BOX}}}\\displaystyle {tex}}}"));
    replace_group(&mut out, "\\fbox{", |text| format!("{{\\color{{{BOX}}}\\text{{{text}}}}}"));
    while let Some(at) = out.find("\\textcolor{") {
        let Some((colour, after)) = out[at + 11..].split_once("}{") else { break };
        out = format!("{}{{\\color{{{colour}}}{after}", &out[..at]);
    }
    out.into()
}

/// Replaces each `command{…}` by the result of `with` for the group.
fn replace_group(tex: &mut String, command: &str, with: impl Fn(&str) -> String) {
    let mut from = 0;
    while let Some(at) = tex[from..].find(command).map(|at| at + from) {
        let group = at + command.len();
        let mut depth = 1;
        let close = tex.bytes().skip(group).position(|byte| {
            match byte {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let Some(close) = close.map(|close| group + close) else { return };
        let new = with(&tex[group..close]);
        tex.replace_range(at..=close, &new);
        from = at + new.len();
    }
}

/// The common part of mhchem: numbers of atoms below, charges above, arrows.
fn chemistry(formula: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    let spelled = formula.replace("<=>", "\\rightleftharpoons ").replace("->", "\\rightarrow ");
    let mut chars = spelled.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '0'..='9' if before.is_alphabetic() || matches!(before, ')' | ']') => {
                let mut number = String::from(c);
                while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                    number.push(digit);
                }
                let _ = write!(out, "_{{{number}}}");
            }
            '+' | '-' if before.is_alphanumeric() && chars.peek().is_none_or(|c| c.is_whitespace()) => {
                let _ = write!(out, "^{{{c}}}");
            }
            '^' if chars.peek().is_some_and(|&c| c != '{') => {
                let mut charge = String::new();
                while let Some(c) = chars.next_if(|&c| c.is_ascii_digit() || matches!(c, '+' | '-')) {
                    charge.push(c);
                }
                let _ = write!(out, "^{{{charge}}}");
            }
            ' ' => out.push_str("\\;"),
            _ => out.push(c),
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn math(tex: &str) -> String {
        let (html, _) = render(tex, tex, true);
        assert!(html.starts_with("<math display=\"block\" tabindex=\"0\"><semantics>"), "{tex}: {html}");
        assert!(!html.contains(" style="), "{html}");
        html
    }

    #[test]
    fn converts_what_is_usual() {
        assert_eq!(
            render("x^2", "$x^2$", false).0,
            "<math><semantics><mrow><msup><mi>x</mi><mn>2</mn></msup></mrow><annotation \
             encoding=\"application/x-tex\">x^2</annotation></semantics></math>"
        );
        for tex in [
            r"\varphi = \frac{1 + \sqrt{5}}{2}",
            r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
            r"\begin{align} a &= b \tag{1}\label{x} \\ &+ c \nonumber \end{align}",
            r"\begin{equation} x \end{equation}",
            r"\begin{array}{l|c|r} a & b & c\\ \hline d&e&f\end{array}",
            r"\begin{cases} 1 & x>0 \\ 0 & \text{else} \end{cases}",
            r"\boxed{x = 5}",
            r"\boxed{\frac{1}{2}}",
            r"\textcolor{red}{x} + \color{blue} y",
            r"\sum_{\substack{i < n \\ i \text{ odd}}} i^2",
            r"\underbrace{a+b}_{n} \overset{a}{b} \xrightarrow[a]{b} \iff \implies",
            r"\cancel{x} \operatorname{foo}(x) \mathbb{R} \mathcal{L} \mathbf{x} \boldsymbol{\alpha}",
            r"\ce{2H2 + O2 -> 2H2O}",
            r"\ce{SO4^2-}",
            r"\lim_{x\to0} \max \bmod \pmod{n} \bra{a}\ket{b} \left\lfloor \frac{a}{b} \right\rfloor",
            r"\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt{\pi}}{2}",
            r"\dfrac12 \tfrac12 \binom{n}{k} \sqrt[3]{x} \hat{x} \vec{v} \overline{abc}",
            r"\nabla \cdot \mathbf{E} = \frac{\rho}{\varepsilon_0}, \quad \partial_t u",
            r"f\colon A \to B, \ \forall \epsilon > 0 \ \exists \delta",
            r"\left| x \right| \ge 0 \land \lnot p \subseteq \emptyset",
            r"\text{für } x < 0 \text{ und } 50\%",
        ] {
            math(tex);
        }
        assert!(math(r"\begin{aligned} a &= b \end{aligned}").contains("<mtd class=\"r x\">"));
        assert!(math(r"\boxed{x}").contains("class=\"box\""));
        assert!(math(r"\textcolor{red}{x}").contains("mathcolor=\"#"));
    }

    #[test]
    fn shows_the_source_of_what_is_no_tex() {
        for tex in
            [r"\frac{a", r"\foo", "a & b", r"\href{javascript:alert(1)}{x}", "{", "}", r"\def\a{\a\a}\a"]
        {
            let (html, _) = render(tex, tex, false);
            assert_eq!(html, format!("<code class=\"tex\">{}</code>", sanitize::text(tex)));
        }
    }

    #[test]
    fn nothing_gets_out_of_it() {
        let html = math(r"\text{</math><img src=x onerror=alert(1)>} < \kern-50em \hspace{9999em}");
        assert!(
            !html.contains("<img") && !html.contains("\"-50em") && html.contains("width=\"20em\""),
            "{html}"
        );
        assert_eq!(checked("<math><a href=\"x\">y</a></math>"), None);
        assert_eq!(checked("<math><mi>y</math>"), None);
        let kept =
            checked("<mi id=\"a\" onclick=\"b\" class=\"c\" href=\"d\" style=\"background:url(x)\">e</mi>");
        assert_eq!(kept, Some(("<mi>e</mi>".into(), 1)));
        assert!(!math("a\u{202e}b").contains('\u{202e}'));
    }

    #[test]
    fn deep_and_long_formulas_end() {
        let deep = |open: &str, close: &str, times: usize| open.repeat(times) + "x" + &close.repeat(times);
        for tex in [
            deep("{", "}", 2_000),
            deep("\\sqrt ", "", 680),
            deep("\\bm ", "", 800),
            deep("\\frac a ", "", 400),
            deep("\\left(", "\\right)", 300),
            deep("\\begin{matrix}", "\\end{matrix}", 140),
            deep("x^{", "}", 900),
            deep("\\text{$", "$}", 400),
            "{".repeat(4_096),
            "'".repeat(4_096),
            format!("\\begin{{matrix}}{}\\end{{matrix}}", "&".repeat(4_000)),
            format!("\\begin{{matrix}}{}\\end{{matrix}}", "\\\\".repeat(2_000)),
            "\\not".repeat(1_000),
            "a\\over".repeat(600),
            "^".repeat(4_000),
            "\\textcolor{".repeat(300),
            "\\boxed{".repeat(50) + &"}".repeat(50),
        ] {
            let (html, elements) = render(&tex, &tex, true);
            assert!(
                html.len() < 40 * tex.len() + 1_000 && elements <= ELEMENTS,
                "{} for {tex:.40}",
                html.len()
            );
        }
    }
}
