// Pictures of the site for the README: `node screenshots.mjs [outdir]`, after `make build`.
import { chromium } from "@playwright/test";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { launchOptions } from "./support/browser.mjs";
import { Inglenook, Upstream } from "./support/servers.mjs";

const outdir = resolve(process.argv[2] ?? fileURLToPath(new URL("../target/screenshots", import.meta.url)));
const QUESTIONS = [
  "Plan a quiet weekend by the fire",
  "Explain ownership in Rust to a Python programmer",
  "What should I cook with three leeks?",
];
const screens = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

async function ask(page, text) {
  await page.goto("/");
  await page.getByRole("textbox", { name: "Message" }).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
  await page.waitForURL(/\/c\/\w+/);
  await page.getByText("That is all.").waitFor();
  await page.getByRole("button", { name: "Send" }).waitFor();
}

async function main() {
  await mkdir(outdir, { recursive: true });
  const upstream = await Upstream.start();
  const server = await Inglenook.start(upstream).catch(async (error) => (await upstream.stop(), Promise.reject(error)));
  const browser = await chromium.launch(launchOptions);
  try {
    const context = await browser.newContext({ baseURL: server.url, reducedMotion: "reduce" });
    const page = await context.newPage();
    const show = async (name) => {
      for (const [screen, size] of Object.entries(screens)) {
        await page.setViewportSize(size);
        for (const colorScheme of ["light", "dark"]) {
          await page.emulateMedia({ colorScheme });
          await page.screenshot({ path: join(outdir, `${name}-${screen}-${colorScheme}.png`) });
        }
      }
      await page.setViewportSize(screens.desktop);
    };
    await page.goto("/register");
    await show("register");
    await page.getByLabel("Name").fill("Ada");
    await page.getByLabel("E-mail").fill("ada@example.org");
    await page.getByLabel("Password").fill("correct horse battery");
    await page.getByRole("button", { name: "Create account" }).click();
    for (const question of QUESTIONS) {
      await ask(page, question);
      // Renamed, because the fake model server gives every conversation the same title.
      await page.getByLabel("Conversation menu").click();
      await page.getByLabel("Title").fill(question);
      await page.getByRole("button", { name: "Rename" }).click();
      await page.getByRole("heading", { level: 1, name: question }).waitFor();
    }
    await show("thread");
    await page.goto("/");
    await show("start");
  } finally {
    await browser.close();
    await server.stop();
    await upstream.stop();
  }
  console.log(`pictures are in ${outdir}`);
}

await main();
