// `make attack`: attacks a server that it starts on this machine, and reports what the server withstood.
//
//   node attack/attack.mjs [--against BINARY] [--mongodb] [NAME …]
//
// NAME is the name of a scenario in scenarios.mjs, or a part of it; without a name all run. `--against` runs each scenario on
// an older binary, too, so that both are measured in one run; `--mongodb` uses MongoDB as the store. The exit code is 1
// when the binary under test misses an aim.
import { resolve } from "node:path";

import { Upstream } from "../support/servers.mjs";
import { Mongod } from "./mongod.mjs";
import { SCENARIOS } from "./scenarios.mjs";
import { Site } from "./site.mjs";

const names = process.argv.slice(2);
const at = names.indexOf("--against");
const older = at < 0 ? undefined : resolve(names.splice(at, 2)[1]);
const onMongo = names.indexOf("--mongodb");
if (onMongo >= 0) names.splice(onMongo, 1);
const mongod = onMongo < 0 ? undefined : await Mongod.start();
const shown = (value, unit) => (value === undefined ? "–" : `${+value.toFixed(1)}${unit && ` ${unit}`}`);

/** The rows of one scenario with one binary. A server that breaks gives a row, too. */
async function run(scenario, upstream, program) {
  const sites = [];
  const start = async (options = {}) => {
    const store = mongod && !options.needsSqlite ? { INGLENOOK_STORE: mongod.url() } : {};
    sites.push(await Site.start(upstream, { ...options, program, environment: store }));
    return sites.at(-1);
  };
  try {
    return await scenario(start);
  } catch (error) {
    return [[`broke off: ${error.message}`.slice(0, 160), 0, "", () => false, "an end"]];
  } finally {
    for (const site of sites) await site.stop();
  }
}

const upstream = await Upstream.start();
let missed = 0;
for (const [name, scenario] of Object.entries(SCENARIOS)) {
  if (names.length > 0 && !names.some((part) => name.includes(part))) continue;
  console.log(`\n${name}`);
  const before = older ? await run(scenario, upstream, older) : [];
  const now = await run(scenario, upstream);
  for (const [index, [what, value, unit, holds, aim]] of now.entries()) {
    const held = holds(value);
    missed += held ? 0 : 1;
    const old = older ? `before ${shown(before[index]?.[1], unit).padStart(12)}   ` : "";
    console.log(`  ${what.padEnd(58)} ${old}now ${shown(value, unit).padStart(12)}   aim: ${aim}${held ? "" : "   MISSED"}`);
  }
  if (before.length === 1 && before[0][4] === "an end") console.log(`  before: ${before[0][0]}`);
}
await upstream.stop();
await mongod?.stop();
console.log(missed ? `\n${missed} aims missed` : "\nAll aims are met.");
process.exit(missed ? 1 : 0);
