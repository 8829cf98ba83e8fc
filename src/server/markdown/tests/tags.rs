//! The few tags of raw HTML that are read.

use super::listener::Listener;
use super::safety::assert_safe;
use super::*;

fn inner(text: &str) -> String {
    let html = render(text).into_string();
    html.strip_prefix("<p>").and_then(|html| html.strip_suffix("</p>")).unwrap_or(&html).to_owned()
}

#[test]
fn marks_inside_a_line() {
    for (text, html) in [
        ("H<sub>2</sub>O", "H<sub>2</sub>O"),
        (
            "x<sup>2</sup> <kbd>Ctrl</kbd>+<KBD>C</KBD> <mark>a</mark>",
            "x<sup>2</sup> <kbd>Ctrl</kbd>+<kbd>C</kbd> <mark>a</mark>",
        ),
        ("**H<sub>*2*</sub>**", "<strong>H<sub><em>2</em></sub></strong>"),
        ("a<sub>b<sub>c</sub></sub>", "a<sub>b<sub>c</sub></sub>"),
        ("a<sub>b<sup>c</sub></sup>", "a&lt;sub&gt;b<sup>c&lt;/sub&gt;</sup>"),
        ("<sub>a", "&lt;sub&gt;a"),
        ("a</sub>", "a&lt;/sub&gt;"),
        ("*a<sub>b*c</sub>", "<em>a&lt;sub&gt;b</em>c&lt;/sub&gt;"),
        ("<sub>*a</sub>*", "&lt;sub&gt;<em>a&lt;/sub&gt;</em>"),
        ("a<sub id=\"x\">b</sub>", "a&lt;sub id=\"x\"&gt;b&lt;/sub&gt;"),
        ("a<sub onclick=alert(1)>b</sub>", "a&lt;sub onclick=alert(1)&gt;b&lt;/sub&gt;"),
        ("`<sub>` \\<sub>a\\</sub>", "<code>&lt;sub&gt;</code> &lt;sub&gt;a&lt;/sub&gt;"),
        ("<sub><script>x</script></sub>", "<sub>&lt;script&gt;x&lt;/script&gt;</sub>"),
        ("<subx>a</subx> <b>a</b>", "&lt;subx&gt;a&lt;/subx&gt; &lt;b&gt;a&lt;/b&gt;"),
        ("a<br>b<br/>c<br />d<BR>e", "a<br>b<br>c<br>d<br>e"),
        ("a <details> b", "a &lt;details&gt; b"),
    ] {
        assert_eq!(inner(text), html, "{text:?}");
    }
    let table = render("| H<sub>2</sub> | <sup>a |\n|-|-|\n| b</sup> | <kbd>c</kbd> |\n");
    assert!(table.as_str().contains("<th>H<sub>2</sub></th><th>&lt;sup&gt;a</th>"), "{}", table.as_str());
    assert!(table.as_str().contains("<td>b&lt;/sup&gt;</td><td><kbd>c</kbd></td>"));
    assert_eq!(
        render("- a<sub>b\n- c</sub>").as_str(),
        "<ul><li>a&lt;sub&gt;b</li><li>c&lt;/sub&gt;</li></ul>"
    );
    assert!(render("# E=mc<sup>2</sup>").as_str().contains("E=mc<sup>2</sup></a></h2>"));
}

#[test]
fn details_unfold() {
    for (text, html) in [
        (
            "<details>\n<summary>More</summary>\n\n- *a*\n\n```\nb\n```\n\n</details>\n\nc",
            "<details><summary>More</summary><ul><li><em>a</em></li></ul><figure class=\"code\"><header><span></span>\
             <label><input type=\"checkbox\" class=\"wrap\"><i class=\"icon wrap\"></i>Wrap</label>\
             <button data-act=\"download\" data-file=\"code.txt\"><i class=\"icon download\"></i>Download</button>\
             <button data-act=\"copy\"><i class=\"icon copy\"></i>Copy</button></header>\
             <pre tabindex=\"0\" role=\"group\" aria-label=\"Code\"><code>b\n</code></pre></figure>\
             </details><p>c</p>",
        ),
        (
            "<details><summary><b>More</b> &amp;\n more</summary>\n\na\n</details>\nb",
            "<details><summary>More &amp; more</summary><p>a</p></details>\n<p>b</p>",
        ),
        (
            "<details>\n<summary>a</summary>\n**b** `c`\n</details>\n*d*\n<details>\ne\n</details>",
            "<details><summary>a</summary><p><strong>b</strong> <code>c</code></p></details><p><em>d</em></p>\
             <details><p>e</p></details>",
        ),
        (
            "<details>\n<summary>a</summary>b</details>",
            "<details><summary>a</summary><p class=\"raw\">b</p></details>",
        ),
        (
            "<details>\n  <summary>a</summary>\n  *b*\n</details>\nc",
            "<details><summary>a</summary><p><em>b</em></p></details><p>c</p>",
        ),
        (
            "<DETAILS><SUMMARY>a</SUMMARY>\n\nb\n\n</DETAILS>",
            "<details><summary>a</summary><p>b</p></details>",
        ),
        ("<details open>\n\na</details>\n\nb", "<details><p>a</p></details><p>b</p>"),
        (
            "<details>\n<summary>a</summary>\n\n<details>\n<summary>b</summary>\n\nc\n\n</details>\n\nd\n\n</details>\n\ne",
            "<details><summary>a</summary><details><summary>b</summary><p>c</p></details><p>d</p></details><p>e</p>",
        ),
        (
            "<details>\n<summary>a</summary>\n\nb\n\nc",
            "<details><summary>a</summary><p>b</p><p>c</p></details>",
        ),
        ("</details>\n\na", "<p class=\"raw\">&lt;/details&gt;</p><p>a</p>"),
        ("<summary>a</summary>\n\nb", "<p class=\"raw\">&lt;summary&gt;a&lt;/summary&gt;</p><p>b</p>"),
        (
            "- a\n  <details>\n  <summary>b</summary>\n\n  *c*\n\n  </details>\n- d",
            "<ul><li><p>a</p><details><summary>b</summary><p><em>c</em></p></details></li><li><p>d</p></li></ul>",
        ),
        (
            "> <details>\n> <summary>b</summary>\n>\n> c\n\nd",
            "<blockquote><details><summary>b</summary><p>c</p></details></blockquote><p>d</p>",
        ),
        (
            "<details class=\"x\" onclick=\"y\">\n\na\n\n</details>",
            "<p class=\"raw\">&lt;details class=\"x\" onclick=\"y\"&gt;\n</p><p>a</p><p class=\"raw\">&lt;/details&gt;</p>",
        ),
        (
            "<details>\n\n<summary>a</summary>\n\nb <sub>c\n\n</details>",
            "<details><summary>a</summary><p>b &lt;sub&gt;c</p></details>",
        ),
        (
            "- ```html\n  <details>\n  <summary>a</summary>\n  </details>\n  ```\n\n      <details>\n\n`<details>`",
            "<ul><li><figure class=\"code\"><header><span>html</span><label><input type=\"checkbox\" class=\"wrap\"><i class=\"icon wrap\"></i>Wrap</label>\
             <button data-act=\"download\" data-file=\"code.html\"><i class=\"icon download\"></i>Download</button>\
             <button data-act=\"copy\"><i class=\"icon copy\"></i>Copy</button></header>\
             <pre tabindex=\"0\" role=\"group\" aria-label=\"Code\"><code><b>&lt;details&gt;</b><b>&lt;summary&gt;</b>a<b>&lt;/summary&gt;</b>\
             <b>&lt;/details&gt;</b></code></pre></figure><figure class=\"code\"><header><span></span><label><input type=\"checkbox\" class=\"wrap\"><i class=\"icon wrap\"></i>Wrap</label>\
             <button data-act=\"download\" data-file=\"code.txt\"><i class=\"icon download\"></i>Download</button>\
             <button data-act=\"copy\"><i class=\"icon copy\"></i>Copy</button></header>\
             <pre tabindex=\"0\" role=\"group\" aria-label=\"Code\"><code>&lt;details&gt;</code></pre></figure></li></ul><p><code>&lt;details&gt;</code></p>",
        ),
        ("<div>\n<details>\n</div>", "<p class=\"raw\">&lt;div&gt;\n&lt;details&gt;\n&lt;/div&gt;</p>"),
        ("<details>\n<summary>a", "<details><p class=\"raw\">&lt;summary&gt;a</p></details>"),
        (
            "<details>\n\n$x$\n\n[a]: https://x.example\n\n</details>\n\n# b",
            &format!("<details><p>{}</p></details><h2 id=\"-b\"><a href=\"#-b\">b</a></h2>", inner("$x$")),
        ),
    ] {
        let rendered = render(text).into_string();
        assert_eq!(rendered.replace('\n', ""), html.replace('\n', ""), "{text:?}");
    }
}

/// Details are shown as they will be while they are written, and stay one block.
#[test]
fn details_are_one_block_while_they_are_written() {
    let text = "a\n\n<details>\n<summary>b</summary>\n\nc\n\n```rust\nlet d;\n```\n\n- e\n\n</details>\n\nf";
    let (mut stream, mut listener) = (Stream::new(), Listener::default());
    for line in text.split_inclusive('\n') {
        stream.push(line);
        listener.hear(stream.flush());
        assert!(listener.blocks.len() <= 3);
        for block in &listener.blocks {
            assert_safe(&SafeHtml(block.clone()));
            assert_eq!(block.matches("<details>").count(), block.matches("</details>").count());
        }
        if line.starts_with("let") {
            assert!(
                listener.blocks[1].ends_with("</code></pre></figure></details>"),
                "{}",
                listener.blocks[1]
            );
        }
    }
    listener.hear(stream.finish());
    assert_eq!(listener.blocks.concat(), render(text).as_str());
}

#[test]
fn tags_that_nest_deep_end() {
    for tag in [
        "<sub>",
        "<details>\n",
        "<details>\n\n",
        "- <details>\n\n  ",
        "> <details>\n\n",
        "<sub>a</sub>",
        "<sub>*a ",
    ] {
        for close in ["", "</sub>", "\n\n</details>\n\n"] {
            let text = tag.repeat(1_000) + &close.repeat(900);
            let html = render(&text);
            assert_safe(&html);
            let bare = safety::without_ours(html.as_str());
            assert_eq!(sanitize::clean_anyhow(&bare), bare, "{tag:?}");
        }
    }
}
