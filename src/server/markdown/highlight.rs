//! Colours code line by line, with a handful of one-letter classes: [`Lexer`] for the languages of most
//! chats, syntect's grammars for some two hundred more.
//!
//! `k` keyword, `s` string, `c` comment, `n` number or constant, `t` type, `f` function, `h` heading,
//! `i` inserted, `d` deleted. What has no class has no element.

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use syntect::parsing::{
    BasicScopeStackOp, ParseState, Scope, ScopeStack, ScopeStackOp, SyntaxReference, SyntaxSet,
};

use super::lexer::{Class, Lexer};

/// Longer lines are not coloured; regular expressions may be slow on them.
const LINE: usize = 4 << 10;
/// What comes after so much of one block is not coloured.
const BLOCK: usize = 256 << 10;

/// What a scope does to the class of its text.
#[derive(Clone, Copy)]
enum Rule {
    /// The class of the scope around it stays.
    Inherit,
    Is(Class),
}

/// Scope prefixes and their class; the first that fits counts. `-` is plain text even inside a class.
const RULES: &[(&str, &str)] = &[
    ("comment", "c"),
    ("string", "s"),
    ("constant.other.symbol", "s"),
    ("constant", "n"),
    ("support.constant", "n"),
    ("entity.name.constant", "n"),
    ("meta.interpolation", "-"),
    ("meta.embedded", "-"),
    ("meta.template.expression", "-"),
    ("source", "-"),
    ("punctuation.section.interpolation", "k"),
    ("punctuation.section.embedded", "k"),
    ("keyword.operator.word", "k"),
    ("keyword.operator.logical.python", "k"),
    ("keyword.operator.new", "k"),
    ("keyword.operator.expression", "k"),
    ("keyword.operator", "-"),
    ("keyword", "k"),
    ("storage.type.numeric", "n"),
    ("storage.type.primitive", "t"),
    ("storage.modifier.lifetime", "t"),
    ("storage", "k"),
    ("variable.language", "k"),
    ("variable.function", "f"),
    ("variable.annotation", "t"),
    ("entity.name.function", "f"),
    ("entity.name.macro", "f"),
    ("support.function", "f"),
    ("support.macro", "f"),
    ("support.type.property-name", "f"),
    ("support.type", "t"),
    ("support.class", "t"),
    ("entity.name.tag", "k"),
    ("entity.other.attribute-name", "f"),
    ("entity.other.inherited-class", "t"),
    ("entity.name", "t"),
    ("markup.heading", "h"),
    ("markup.inserted", "i"),
    ("markup.deleted", "d"),
    ("markup.raw", "s"),
    ("markup.underline.link", "s"),
    ("meta.diff.header", "c"),
    ("meta.diff.range", "t"),
];

/// Names that people write and the grammars do not know.
const ALIASES: &[(&str, &str)] =
    &[("console", "sh"), ("hcl", "tf"), ("objc", "m"), ("ps", "ps1"), ("sh-session", "sh"), ("vb", "vbs")];

struct Grammars {
    set: SyntaxSet,
    rules: Vec<(Scope, Rule)>,
}

/// Read on first use: most messages have no code.
fn grammars() -> &'static Grammars {
    static GRAMMARS: OnceLock<Grammars> = OnceLock::new();
    GRAMMARS.get_or_init(|| {
        let rule = |class: &'static str| Rule::Is(Some(class).filter(|&class| class != "-"));
        let rules =
            RULES.iter().filter_map(|(scope, class)| Some((Scope::new(scope).ok()?, rule(class)))).collect();
        Grammars { set: two_face::syntax::extra_newlines(), rules }
    })
}

fn rule_of(scope: Scope) -> Rule {
    thread_local!(static KNOWN: RefCell<HashMap<Scope, Rule>> = RefCell::default());
    KNOWN.with_borrow_mut(|known| {
        *known.entry(scope).or_insert_with(|| {
            let found = grammars().rules.iter().find(|(prefix, _)| prefix.is_prefix_of(scope));
            found.map_or(Rule::Inherit, |(_, rule)| *rule)
        })
    })
}

/// The language that an info string names, in small letters.
fn token(info: &str) -> Option<String> {
    let token = info.split([' ', '\t', ',', '{', ':', ';']).next().unwrap_or("").trim_start_matches('.');
    (!token.is_empty() && token.len() <= 40).then(|| token.to_ascii_lowercase())
}

fn find_syntax(token: &str) -> Option<&'static SyntaxReference> {
    let set = &grammars().set;
    let alias = ALIASES.iter().find(|(name, _)| *name == token).map(|(_, to)| *to);
    set.find_syntax_by_token(token).or_else(|| set.find_syntax_by_token(alias?))
}

/// Colours the lines of one code block in order.
#[derive(Clone)]
pub(super) struct Highlighter {
    by: By,
    bytes: usize,
}

#[derive(Clone)]
enum By {
    /// Plain text.
    Nothing,
    Lexer(Lexer),
    Grammar(Box<State>),
}

#[derive(Clone)]
struct State {
    parse: ParseState,
    scopes: ScopeStack,
    /// The class at each depth of `scopes`.
    classes: Vec<Class>,
}

impl Highlighter {
    /// For the language that the info string of a code block names.
    pub(super) fn new(info: &str) -> Highlighter {
        let start =
            |syntax| State { parse: ParseState::new(syntax), scopes: ScopeStack::new(), classes: Vec::new() };
        let grammar = |token: &str| find_syntax(token).map(|syntax| By::Grammar(Box::new(start(syntax))));
        let by = token(info).and_then(|token| Lexer::new(&token).map(By::Lexer).or_else(|| grammar(&token)));
        Highlighter { by: by.unwrap_or(By::Nothing), bytes: 0 }
    }

    /// Writes one line, which ends with `\n`, as HTML. A line that is too long, or that a grammar fails on,
    /// ends the colours of its block: the state after it is unknown.
    pub(super) fn line(&mut self, line: &str, out: &mut String) {
        #[cfg(test)]
        super::tests::LINES.with(|lines| lines.set(lines.get() + 1));
        self.bytes += line.len();
        if line.len() > LINE || self.bytes > BLOCK {
            self.by = By::Nothing;
        }
        match &mut self.by {
            By::Nothing => escape(line, out),
            By::Lexer(lexer) => {
                let (mut run, mut at) = (Run { line, start: 0, class: None }, 0);
                lexer.line(line, |end, class| {
                    run.take(at..end, class, out);
                    at = end;
                });
                run.end(line.len(), out);
            }
            By::Grammar(state) => {
                let parse = AssertUnwindSafe(|| state.parse.parse_line(line, &grammars().set));
                if let Some(ops) = catch_unwind(parse).ok().and_then(Result::ok) {
                    state.write(line, &ops, out);
                } else {
                    self.by = By::Nothing;
                    escape(line, out);
                }
            }
        }
    }
}

impl State {
    fn write(&mut self, line: &str, ops: &[(usize, ScopeStackOp)], out: &mut String) {
        let mut run = Run { line, start: 0, class: None };
        let mut at = 0;
        for (end, op) in ops {
            run.take(at..*end, self.class(), out);
            at = *end;
            let classes = &mut self.classes;
            let applied = self.scopes.apply_with_hook(op, |basic, _| match basic {
                BasicScopeStackOp::Push(scope) => {
                    let around = classes.last().copied().flatten();
                    classes.push(match rule_of(scope) {
                        Rule::Inherit => around,
                        Rule::Is(class) => class,
                    });
                }
                BasicScopeStackOp::Pop => drop(classes.pop()),
            });
            if applied.is_err() {
                break;
            }
        }
        run.take(at..line.len(), self.class(), out);
        run.end(line.len(), out);
    }

    fn class(&self) -> Class {
        self.classes.last().copied().flatten()
    }
}

/// Neighbouring pieces of a line with the same class.
struct Run<'a> {
    line: &'a str,
    start: usize,
    class: Class,
}

impl Run<'_> {
    fn take(&mut self, piece: std::ops::Range<usize>, class: Class, out: &mut String) {
        let text = self.line.get(piece.clone()).unwrap_or("");
        // White space looks the same in each class, so it may join the piece before it.
        if text.is_empty() || class == self.class || text.trim().is_empty() {
            return;
        }
        self.end(piece.start, out);
        *self = Run { line: self.line, start: piece.start, class };
    }

    fn end(&self, at: usize, out: &mut String) {
        let text = self.line.get(self.start..at).unwrap_or("");
        let (text, space) = text.split_at(text.trim_end().len());
        match self.class.filter(|_| !text.is_empty()) {
            Some(class) => {
                out.extend(["<span class=\"", class, "\">"]);
                escape(text, out);
                out.push_str("</span>");
            }
            None => escape(text, out),
        }
        out.push_str(space);
    }
}

/// For text between tags.
pub(super) fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            _ => "&gt;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coloured(info: &str, line: &str) -> String {
        let mut out = String::new();
        Highlighter::new(info).line(line, &mut out);
        out
    }

    #[test]
    fn short_classes() {
        assert_eq!(
            coloured("rust", "pub fn a(x: u8) -> &str { \"b\\n{}\" } // c\n"),
            "<span class=\"k\">pub fn</span> <span class=\"f\">a</span>(x: <span class=\"t\">u8</span>) -&gt; \
             &amp;<span class=\"t\">str</span> { <span class=\"s\">\"b</span><span class=\"n\">\\n</span>\
             <span class=\"s\">{}\"</span> } <span class=\"c\">// c</span>\n"
        );
        assert_eq!(coloured("diff", "-old\n"), "<span class=\"d\">-old</span>\n");
        assert_eq!(coloured("no-such-language", "fn a<T>\n"), "fn a&lt;T&gt;\n");
    }

    #[test]
    fn knows_the_languages_of_chats() {
        for name in "rust python py js javascript ts typescript tsx jsx json toml yaml yml sh bash shell console zsh \
            c cpp c++ cs csharp java kotlin swift zig go golang rb ruby php html css scss sql dockerfile makefile \
            diff lua r perl haskell scala elixir erlang dart vue svelte graphql protobuf nix terraform latex xml \
            clojure ini markdown nginx julia"
            .split_whitespace()
        {
            assert!(Lexer::new(name).is_some() || find_syntax(name).is_some(), "{name}");
        }
        assert!(grammars().set.syntaxes().len() >= 100);
    }

    #[test]
    fn the_lexer_reads_what_is_special() {
        let lines = |info: &str, text: &str| {
            let (mut highlighter, mut out) = (Highlighter::new(info), String::new());
            assert!(matches!(highlighter.by, By::Lexer(_)), "{info}");
            text.split_inclusive('\n').for_each(|line| highlighter.line(line, &mut out));
            out.replace("<span class=\"", "<").replace("</span>", "</>").replace("\">", ">")
        };
        for (info, text, coloured) in [
            (
                "rust",
                "fn f<'a>(c: 'b') { r#\"\"x\"# /* /* */ */ }\n",
                "<k>fn</> f&lt;<t>'a</>&gt;(c: <s>'b'</>) { <s>r#\"\"x\"#</> <c>/* /* */ */</> }\n",
            ),
            (
                "rust",
                "vec![0x1f, 1.5e-3, 1..2]\n",
                "<f>vec!</>[<n>0x1f</>, <n>1.5e-3</>, <n>1</>..<n>2</>]\n",
            ),
            (
                "ts",
                "let a = `x${b({c: 1})}y\nz` / 2\n",
                "<k>let</> a = <s>`x${</><f>b</>({c: <n>1</>})<s>}y</>\n<s>z`</> / <n>2</>\n",
            ),
            ("js", "a = /[/]'/g.test(b) / c\n", "a = <s>/[/]'/g</>.<f>test</>(b) / c\n"),
            ("py", "x = f'''a\nb''' # c\n@d\n", "x = <s>f'''a</>\n<s>b'''</> <c># c</>\n<t>@d</>\n"),
            ("sh", "echo a#b # c\n", "echo a#b <c># c</>\n"),
            ("json", "{\"a\": [\"b\", null]}\n", "{<f>\"a\"</>: [<s>\"b\"</>, <n>null</>]}\n"),
            ("SQL", "SELECT Count(*) FROM t -- x\n", "<k>SELECT</> <f>Count</>(*) <k>FROM</> t <c>-- x</>\n"),
            (
                "c",
                "#include <a.h>\nchar *s = \"a\n;\n",
                "<k>#include</> &lt;a.h&gt;\n<t>char</> *s = <s>\"a</>\n;\n",
            ),
            ("go", "日本 := 'x'; ẞ\n", "日本 := <s>'x'</>; ẞ\n"),
        ] {
            assert_eq!(lines(info, text), coloured, "{text}");
        }
    }

    #[test]
    fn the_lexer_keeps_every_character() {
        let marks: Vec<char> = "\"'`/*\\${}#@<>-rf\"\"\"_a1. \t日=(:)[]".chars().collect();
        let mut seed = 9u64;
        let mut any = || {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            marks[(seed >> 33) as usize % marks.len()]
        };
        for name in "rust ts py go java c kotlin dart scala sql json lua sh swift zig cs".split(' ') {
            let mut highlighter = Highlighter::new(name);
            for _ in 0..400 {
                let line: String = (0..30).map(|_| any()).chain(['\n']).collect();
                let (mut out, mut shown, mut inside) = (String::new(), String::new(), false);
                highlighter.line(&line, &mut out);
                for c in out.chars() {
                    inside |= c == '<';
                    shown.extend((!inside).then_some(c));
                    inside &= c != '>';
                }
                let shown = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
                assert_eq!(shown, line, "{name}");
            }
        }
    }

    /// All of them were tried once; compiling each one's expressions takes a minute unoptimized.
    #[test]
    fn grammars_bear_nonsense() {
        let text = "a = \"x ${y} #{z}\" /* c */ <b c='d'>{{ e }}</b> `f` 0x1F @g $h -- i # j\n";
        for name in ["ruby", "html", "css", "yaml", "php", "haskell", "toml", "r", "elixir", "perl"] {
            let mut highlighter = Highlighter::new(name);
            let mut out = String::new();
            for line in [text, "\n", "\t}\n", text] {
                highlighter.line(line, &mut out);
            }
            assert!(matches!(highlighter.by, By::Grammar(_)) && out.contains("<span"), "{name}");
        }
    }

    #[test]
    fn long_lines_are_plain() {
        let line = format!("fn {}\n", "a".repeat(LINE));
        assert_eq!(coloured("rust", &line), line);
    }
}
