// Browser tests: `npx playwright test` in this folder, after `make build`.
import { defineConfig } from "@playwright/test";

import { launchOptions } from "./support/browser.mjs";

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  // Snapshots are of what is the same on every machine (tests/pages.spec.ts).
  snapshotPathTemplate: "{testDir}/snapshots/{arg}{ext}",
  fullyParallel: false,
  workers: 2,
  // A test that passes only sometimes has failed. In CI, where the machine may stall, it is tried once more and reported as
  // flaky.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: !!process.env.CI,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: { launchOptions, trace: "retain-on-failure", locale: "en-GB" },
  projects: [
    { name: "browser", testIgnore: "**/*.nojs.spec.ts" },
    { name: "no-javascript", testMatch: "**/*.nojs.spec.ts", use: { javaScriptEnabled: false } },
  ],
});
