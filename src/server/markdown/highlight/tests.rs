//! Which code is coloured, and how.

use super::*;

fn coloured(info: &str, line: &str) -> String {
    let mut out = String::new();
    Highlighter::new(info, WORK).line(line, &mut out);
    out
}

#[test]
fn short_classes() {
    assert_eq!(
        coloured("rust", "pub fn a(x: u8) -> &str { \"b\\n{}\" } // c\n"),
        "<b>pub fn</b> <i class=\"f\">a</i>(x: <i class=\"t\">u8</i>) -&gt; \
         &amp;<i class=\"t\">str</i> { <i class=\"s\">\"b</i><i class=\"n\">\\n</i>\
         <i class=\"s\">{}\"</i> } <i class=\"c\">// c</i>\n"
    );
    assert_eq!(coloured("diff", "-old\n"), "<i class=\"d\">-old</i>\n");
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
        assert!(!matches!(Highlighter::new(name, WORK).by, By::Nothing), "{name}");
    }
    // Mermaid has no grammar, so it is shown as written.
    assert_eq!(coloured("mermaid", "graph TD; a-->b\n"), "graph TD; a--&gt;b\n");
    assert!(grammar::grammars().set.syntaxes().len() >= 100);
}

#[test]
fn the_lexer_reads_what_is_special() {
    let lines = |info: &str, text: &str| {
        let (mut highlighter, mut out) = (Highlighter::new(info, WORK), String::new());
        assert!(matches!(highlighter.by, By::Lexer(_) | By::Markup(_)), "{info}");
        text.split_inclusive('\n').for_each(|line| highlighter.line(line, &mut out));
        out.replace("<b>", "<k>")
            .replace("</b>", "</>")
            .replace("<i class=\"", "<")
            .replace("</i>", "</>")
            .replace("\">", ">")
    };
    for (info, text, coloured) in [
        (
            "rust",
            "fn f<'a>(c: 'b') { r#\"\"x\"# /* /* */ */ }\n",
            "<k>fn</> f&lt;<t>'a</>&gt;(c: <s>'b'</>) { <s>r#\"\"x\"#</> <c>/* /* */ */</> }\n",
        ),
        ("rust", "vec![0x1f, 1.5e-3, 1..2]\n", "<f>vec!</>[<n>0x1f</>, <n>1.5e-3</>, <n>1</>..<n>2</>]\n"),
        (
            "ts",
            "let a = `x${b({c: 1})}y\nz` / 2\n",
            "<k>let</> a = <s>`x${</><f>b</>({c: <n>1</>})<s>}y</>\n<s>z`</> / <n>2</>\n",
        ),
        (
            "tsx",
            "let a: Set<B> = <p b={c}>{d}</p>; e = <br />\n",
            "<k>let</> a: <t>Set</>&lt;<t>B</>&gt; = <k>&lt;p</> b={c}&gt;{d}<k>&lt;/p&gt;</>; e = <k>&lt;br</> /&gt;\n",
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
        (
            "css",
            ".a-b, #c > d:hover { margin: 0 .5em -1px; color: #fff; --x: rgb(1, 2) } /* e */\n@media print {}\n",
            "<t>.a-b</>, <t>#c</> &gt; d:hover { <f>margin</>: <n>0</> .<n>5em</> -<n>1px</>; <f>color</>: <n>#fff</>; \
             <f>--x</>: <f>rgb</>(<n>1</>, <n>2</>) } <c>/* e */</>\n<k>@media</> print {}\n",
        ),
        (
            "html",
            "<!doctype html>\n<p class=\"a\" hidden b=c>d &amp; e</p><!-- f\n--><script>let g = \"</p>\";</script>\n<br/>\n",
            "<k>&lt;!doctype</> <f>html</><k>&gt;</>\n<k>&lt;p</> <f>class</>=<s>\"a\"</> <f>hidden b</>=<s>c</><k>&gt;</>\
             d <n>&amp;amp;</> e<k>&lt;/p&gt;</><c>&lt;!-- f</>\n<c>--&gt;</><k>&lt;script&gt;let</> g = \
             <s>\"&lt;/p&gt;\"</>;<k>&lt;/script&gt;</>\n<k>&lt;br/&gt;</>\n",
        ),
        (
            "vue",
            "<style>\na { b: c }\n</STYLE>\n",
            "<k>&lt;style&gt;</>\na { <f>b</>: c }\n<k>&lt;/STYLE&gt;</>\n",
        ),
        (
            "xml",
            "<?xml version='1.0'?>\n<a:b/>",
            "<k>&lt;?xml</> <f>version</>=<s>'1.0'</><k>?&gt;</>\n<k>&lt;a:b/&gt;</>",
        ),
        (
            "ruby",
            "def a\n  puts \"b #{c + 1} d\"\nend\n",
            "<k>def</> a\n  puts <s>\"b #{</>c + <n>1</><s>} d\"</>\n<k>end</>\n",
        ),
        ("lisp", "(defun a (b) \"c\" nil) ; d\n", "(<k>defun</> a (b) <s>\"c\"</> <n>nil</>) <c>; d</>\n"),
        (
            "makefile",
            "include a.mk # b\na: b\n\t$(C) 'd'\n",
            "<k>include</> a.mk <c># b</>\na: b\n\t$(C) <s>'d'</>\n",
        ),
        ("matlab", "if a % b\n", "<k>if</> a <c>% b</>\n"),
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
    for name in "rust ts py go java c kotlin dart scala sql json lua sh swift zig cs html ruby css".split(' ')
    {
        let mut highlighter = Highlighter::new(name, WORK);
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

/// A sample of the grammars, because compiling the expressions of all takes a minute without optimization.
#[test]
fn grammars_bear_nonsense() {
    let text = "a = \"x ${y} #{z}\" /* c */ <b c='d'>{{ e }}</b> `f` 0x1F @g $h -- i # j\n";
    for name in ["yaml", "php", "haskell", "toml", "r", "elixir", "perl", "nginx"] {
        let mut highlighter = Highlighter::new(name, WORK);
        let mut out = String::new();
        for line in [text, "\n", "\t}\n", text] {
            highlighter.line(line, &mut out);
        }
        assert!(matches!(highlighter.by, By::Grammar(_)) && out.contains("<i "), "{name}");
    }
}

/// The text of the HTML.
fn shown(html: &str) -> String {
    let mut inside = false;
    let kept = |c: &char| {
        inside |= *c == '<';
        let keeps = !inside;
        inside &= *c != '>';
        keeps
    };
    let text: String = html.chars().filter(kept).collect();
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[test]
fn a_grammar_is_given_no_long_line() {
    let mut highlighter = Highlighter::new("yaml", WORK);
    let (mut short, mut long) = (String::new(), String::new());
    highlighter.line("a: \"b\" # c\n", &mut short);
    assert!(short.contains("<i class"));
    let line = format!("a: \"{}\"\n", "b ".repeat(grammar::LINE / 2));
    highlighter.line(&line, &mut long);
    assert_eq!(long, line);
    highlighter.line("a: \"b\" # c\n", &mut long);
    assert_eq!(long, line + &short);
}

/// The estimate alone ends the grammar's work, and the text is whole.
#[test]
fn a_grammar_ends_with_its_work() {
    for (name, line) in [
        ("yaml", "- a: \"b\" # c\n".to_owned()),
        ("r", "a ".repeat(90) + "\n"),
        ("perl", "$a = {".repeat(18) + "\n"),
    ] {
        let mut highlighter = Highlighter::new(name, WORK / 100);
        let (mut out, mut lines) = (String::new(), 0);
        while matches!(highlighter.by, By::Grammar(_)) && lines < 2_000 {
            highlighter.line(&line, &mut out);
            lines += 1;
        }
        assert!(lines < 2_000, "{name} works on");
        assert!(highlighter.spent() >= WORK / 100, "{name}: {}", highlighter.spent());
        assert_eq!(shown(&out), line.repeat(lines), "{name}");
    }
}

/// An answer has one budget, however many blocks it has.
#[test]
fn an_answer_of_many_blocks_ends_with_its_work() {
    let block = format!("```yaml\n{}```\n\n", "- a: \"b\" # c\n".repeat(400));
    let text = block.repeat(60);
    let html = super::super::render(&text).into_string();
    let blocks: Vec<&str> =
        html.split("<code>").skip(1).filter_map(|part| part.split("</code>").next()).collect();
    let coloured = blocks.iter().filter(|block| block.contains("<i class")).count();
    println!("{coloured} of {} blocks have colours", blocks.len());
    assert!((3..50).contains(&coloured), "{coloured}");
    assert!(blocks[coloured..].iter().all(|block| !block.contains("<i class")));
    assert_eq!(html.matches("- a: \"b\" # c\n").count() + html.matches("# c</i>\n").count(), 60 * 400);
}

#[test]
fn long_lines_are_plain() {
    let line = format!("fn {}\n", "a".repeat(LINE));
    assert_eq!(coloured("rust", &line), line);
}
