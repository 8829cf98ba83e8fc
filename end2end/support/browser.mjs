// Which Chromium the tests use, and how it is started.
import { existsSync } from "node:fs";

// The shell is the same browser without windows, and needs a sixth less of the machine.
const installed = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];

export const launchOptions = {
  // Where neither is set or installed, Playwright takes its own.
  executablePath: process.env.CHROMIUM || installed.find((path) => existsSync(path)),
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
