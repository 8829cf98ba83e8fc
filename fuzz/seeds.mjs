// Writes what the fuzzer begins with: CommonMark's and GitHub's examples, the texts that would leak or act, and the
// renderer's own traps. `node fuzz/seeds.mjs`, after `npm ci` in end2end.
import { createRequire } from "node:module";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const data = (name) => JSON.parse(readFileSync(join(here, "../tests/data", name), "utf8"));
const commonmark = createRequire(new URL("../end2end/", import.meta.url))("commonmark-spec").tests;
const seeds = join(here, "corpus/stream");
mkdirSync(seeds, { recursive: true });

let count = 0;
const seed = (text) => writeFileSync(join(seeds, `seed-${count++}`), Buffer.concat([Buffer.from([count % 48]), Buffer.from(text)]));
for (const { markdown } of commonmark) seed(markdown.replaceAll("→", "\t"));
for (const { markdown } of [...data("github.json"), ...data("abuse.json")]) seed(markdown);
// Small ones of those that are made to cost much.
for (const { parts } of data("costly.json")) {
  seed(parts.map(([text, times]) => text.repeat(Math.ceil(times / 1000))).join(""));
}
seed(readFileSync(join(here, "../src/server/markdown/tests/answer.md")));
const traps = readFileSync(join(here, "../src/server/markdown/tests/mod.rs"), "utf8").match(/const TRAPS[^]*?\n\];/)[0];
for (const [, text] of traps.matchAll(/^ {4}"(.*)",$/gm)) {
  seed(text.replaceAll(/\\(u\{(\w+)\}|.)/g, (_, c, code) => (code ? String.fromCodePoint(parseInt(code, 16)) : { n: "\n", r: "\r", t: "\t", 0: "\0" }[c] ?? c)));
}
console.log(`${count} texts in ${seeds}`);
