// Prints the ten slowest tests of the last run, from the report that nextest writes.
import { readFileSync } from "node:fs";

// nextest writes it there whatever the target directory is.
const REPORT = "target/nextest/default/junit.xml";
const report = readFileSync(REPORT, "utf8");
const attribute = (tag, name) => tag.match(new RegExp(` ${name}="([^"]*)"`))?.[1] ?? "";
const tests = [...report.matchAll(/<testcase [^>]*>/g)].map(([tag]) => ({
  name: `${attribute(tag, "classname")} ${attribute(tag, "name")}`,
  seconds: Number(attribute(tag, "time")),
}));
if (tests.length === 0) throw new Error(`${REPORT} names no test`);
console.log("The ten slowest tests:");
for (const { name, seconds } of tests.sort((a, b) => b.seconds - a.seconds).slice(0, 10)) {
  console.log(`${seconds.toFixed(1).padStart(7)} s  ${name}`);
}
