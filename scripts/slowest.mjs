// Prints the ten slowest tests of the last run, by the report that nextest leaves.
import { readFileSync } from "node:fs";

const folder = process.env.CARGO_TARGET_DIR ?? "target";
const report = readFileSync(`${folder}/nextest/default/junit.xml`, "utf8");
const attribute = (tag, name) => tag.match(new RegExp(` ${name}="([^"]*)"`))?.[1] ?? "";
const tests = [...report.matchAll(/<testcase [^>]*>/g)].map(([tag]) => ({
  name: `${attribute(tag, "classname")} ${attribute(tag, "name")}`,
  seconds: Number(attribute(tag, "time")),
}));
if (tests.length === 0) throw new Error(`${folder}/nextest/default/junit.xml names no test`);
console.log("The ten slowest tests:");
for (const { name, seconds } of tests.sort((a, b) => b.seconds - a.seconds).slice(0, 10)) {
  console.log(`${seconds.toFixed(1).padStart(7)} s  ${name}`);
}
