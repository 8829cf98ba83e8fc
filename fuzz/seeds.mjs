// Writes what the fuzzer begins with: the examples of CommonMark and GFM, the texts that would leak or act, and the
// renderer's own traps. `node fuzz/seeds.mjs`
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const corpora = process.env.INGLENOOK_CORPORA ?? join(here, "../../shared/corpora");
const seeds = join(here, "corpus/stream");
mkdirSync(seeds, { recursive: true });

let count = 0;
const seed = (text) => writeFileSync(join(seeds, `seed-${count++}`), Buffer.concat([Buffer.from([count % 48]), Buffer.from(text)]));
for (const name of ["commonmark/spec", "gfm/spec", "gfm/extensions", "gfm/regression", "markdown-abuse/exfil-and-links"]) {
  const file = join(corpora, `${name}.json`);
  if (existsSync(file)) JSON.parse(readFileSync(file, "utf8")).forEach(({ markdown }) => seed(markdown));
  else console.log(`no test data at ${file}: set INGLENOOK_CORPORA to begin with it`);
}
// Small ones of those that are made to cost much.
const pathological = join(corpora, "markdown-abuse/pathological.json");
if (existsSync(pathological)) {
  for (const { parts } of JSON.parse(readFileSync(pathological, "utf8"))) {
    seed(parts.map(([text, times]) => text.repeat(Math.ceil(times / 1000))).join(""));
  }
}
seed(readFileSync(join(here, "../src/server/markdown/tests/answer.md")));
const traps = readFileSync(join(here, "../src/server/markdown/tests/mod.rs"), "utf8").match(/const TRAPS[^]*?\n\];/)[0];
for (const [, text] of traps.matchAll(/^ {4}"(.*)",$/gm)) {
  seed(text.replaceAll(/\\(u\{(\w+)\}|.)/g, (_, c, code) => (code ? String.fromCodePoint(parseInt(code, 16)) : { n: "\n", r: "\r", t: "\t", 0: "\0" }[c] ?? c)));
}
console.log(`${count} texts in ${seeds}`);
