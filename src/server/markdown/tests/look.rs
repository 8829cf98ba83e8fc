//! The HTML for each kind of markdown, and the whole of a long answer.

use super::*;

#[test]
fn the_look() {
    let cases = [
        (
            "# a\n###### b\n# a",
            "<h2 id=\"-a\"><a href=\"#-a\">a</a></h2><h6 id=\"-b\"><a href=\"#-b\">b</a></h6>\
            <h2 id=\"-a-2\"><a href=\"#-a-2\">a</a></h2>",
        ),
        ("a\nb<br>c <i>", "<p>a<br>b<br>c &lt;i&gt;</p>"),
        (
            "- [x] a\n- [ ] b",
            "<ul><li><span class=\"box\">☑</span> a</li><li><span class=\"box\">☐</span> b</li></ul>",
        ),
        (
            "|a|b|\n|-|-:|\n|1|2|",
            "<div class=\"table\"><div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table><thead><tr><th>a</th><th class=\"right\">b</th></tr></thead>\
            <tbody><tr><td>1</td><td class=\"right\">2</td></tr></tbody></table></div>\
            <div class=\"tools\"><button data-act=\"csv\" data-file=\"table.csv\"><i class=\"icon download\"></i>Download CSV</button>\
            <button data-act=\"copy-table\"><i class=\"icon copy\"></i>Copy table</button></div></div>",
        ),
        ("x[^1]\n\n[^1]: y", "<p>x<sup>1</sup></p><div class=\"foot\"><sup>1</sup> <p>y</p></div>"),
        ("> [!NOTE]\n> a", "<blockquote class=\"note\"><p class=\"label\">Note</p><p>a</p></blockquote>"),
        ("[a](javascript:x) [b](/logout)", "<p>a b</p>"),
        (
            "[b]\n\n[b]: https://x.example\n\n[b]",
            "<p><a href=\"https://x.example\" data-host=\"x.example\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">b</a></p>\
            <p><a href=\"https://x.example\" data-host=\"x.example\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">b</a></p>",
        ),
        (
            "[bank.example](https://x.example \"t\") <https://x.example>",
            "<p><a href=\"https://x.example\" title=\"t\" data-host=\"x.example\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">\
            bank.example</a> <a href=\"https://x.example\" target=\"_blank\" \
            rel=\"noopener noreferrer nofollow\">https://x.example</a></p>",
        ),
        (
            "![a](https://x.example/p?q=1)",
            "<p><a href=\"https://x.example/p?q=1\" class=\"picture\" data-host=\"x.example\" target=\"_blank\" \
            rel=\"noopener noreferrer nofollow\"><i class=\"icon picture\"></i>a</a></p>",
        ),
        (
            "```<b>\nx\n",
            "<figure class=\"code\"><header><span>&lt;b&gt;</span><label><input type=\"checkbox\" class=\"wrap\"><i class=\"icon wrap\"></i>Wrap</label>\
             <button data-act=\"download\" data-file=\"code.txt\"><i class=\"icon download\"></i>Download</button>\
             <button data-act=\"copy\"><i class=\"icon copy\"></i>Copy</button></header>\
             <pre tabindex=\"0\" role=\"group\" aria-label=\"Code\"><code>x\n</code></pre></figure>",
        ),
        (
            "$5 and $10, $x$",
            "<p>$5 and $10, <math><semantics><mrow><mi>x</mi></mrow><annotation encoding=\"application/x-tex\">x\
            </annotation></semantics></math></p>",
        ),
        (
            "**a \\(b*c\\)** `\\(x\\)` ![$y$](z)\n\n> - $\\foo$\n",
            "<p><strong>a <math><semantics><mrow><mi>b</mi><mo lspace=\"0.2222em\" \
            rspace=\"0.2222em\">∗</mo><mi>c</mi></mrow><annotation \
            encoding=\"application/x-tex\">b*c</annotation></semantics></math></strong> <code>\\(x\\)</code> $y$</p>\
            <blockquote><ul><li><code class=\"tex\">$\\foo$</code></li></ul></blockquote>",
        ),
        (
            "- ```\n  $$\n  a\n  $$\n  ```\n- b\n  \\[\n  + c\n  \\]",
            "<ul><li><figure class=\"code\"><header><span></span><label><input type=\"checkbox\" class=\"wrap\"><i class=\"icon wrap\"></i>Wrap</label>\
             <button data-act=\"download\" data-file=\"code.txt\"><i class=\"icon download\"></i>Download</button>\
             <button data-act=\"copy\"><i class=\"icon copy\"></i>Copy</button></header>\
             <pre tabindex=\"0\" role=\"group\" aria-label=\"Code\"><code>$$\na\n$$\n</code></pre></figure></li>\
            <li>b<br><math display=\"block\" tabindex=\"0\"><semantics><mrow><mo lspace=\"0\" rspace=\"0\">+</mo><mi>c</mi>\
            </mrow><annotation encoding=\"application/x-tex\">+ c</annotation></semantics></math></li></ul>",
        ),
        ("안녕하세요 여러분", "<p lang=\"ko\">안녕하세요 여러분</p>"),
        ("שלום", "<p dir=\"rtl\">שלום</p>"),
        ("", ""),
    ];
    for (text, html) in cases {
        assert_eq!(render(text).as_str(), html, "{text:?}");
    }
}

/// The HTML of a long answer as it was reviewed. `INGLENOOK_UPDATE=1` writes the file anew, to be reviewed again.
#[test]
fn the_look_of_an_answer() {
    let mut stream = Stream::new();
    stream.push(ANSWER);
    stream.finish();
    let html: String = stream.blocks().iter().map(|block| format!("{}\n", block.as_str())).collect();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/server/markdown/tests/answer.html");
    if std::env::var_os("INGLENOOK_UPDATE").is_some() {
        std::fs::write(file, &html).expect("a writable folder");
    }
    let seen = std::fs::read_to_string(file).expect("INGLENOOK_UPDATE=1 writes it");
    for (line, (html, seen)) in html.lines().zip(seen.lines()).enumerate() {
        assert_eq!(html, seen, "line {}", line + 1);
    }
    assert_eq!(html.len(), seen.len());
}
