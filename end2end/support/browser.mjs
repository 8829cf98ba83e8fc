// Which Chromium, and how it is started.
import { existsSync } from "node:fs";

const installed = "/usr/bin/chromium";

export const launchOptions = {
  // Without any of the two it is Playwright's own.
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
