// Which Chromium the tests use, and how it is started.
import { existsSync } from "node:fs";

const installed = "/usr/bin/chromium";

export const launchOptions = {
  // Where neither is set or installed, Playwright takes its own.
  executablePath: process.env.CHROMIUM || (existsSync(installed) ? installed : undefined),
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};
