// The pictures of the README: `make pictures`, or `node pictures.mjs [folder]` after `make build`. A server of its own talks to
// a model server of its own, which knows the answers to a few questions.
import { once } from "node:events";
import { mkdir, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "@playwright/test";

import { launchOptions } from "./support/browser.mjs";
import { Inglenook } from "./support/servers.mjs";

const folder = resolve(process.argv[2] ?? fileURLToPath(new URL("../docs", import.meta.url)));
const SIZES = {
  desktop: { viewport: { width: 1280, height: 860 } },
  phone: { viewport: { width: 360, height: 780 }, deviceScaleFactor: 1.25, hasTouch: true, isMobile: true },
};
/** What all pictures together may have, in bytes: a README is loaded whole. */
const MOST = 600_000;
const MODELS = ["qwen3-32b", "gpt-oss-120b", "mistral-small-3.2", "gemma3-27b", "deepseek-r1-70b"];

/** Each conversation of the sidebar, the oldest first: its question, its title, and its answer. The last is in the pictures. */
const CONVERSATIONS = [
  ["Which walks near Wasdale take about three hours?", "Walks near Wasdale", "Three come to mind."],
  ["Explain ownership in Rust to somebody who knows Python.", "Ownership in Rust", "A value has one owner."],
  ["What can I cook with leeks, potatoes and half a lemon?", "Leeks, potatoes and lemon", "A soup, for one."],
  ["Help me thank the neighbours who looked after the cat.", "A note for the neighbours", "Gladly."],
  [
    "We burn oak in a small stove, 7 kW for five hours an evening. How long will four cubic metres last? And a little script for other woods, please.",
    "A winter of firewood",
    `**About 175 evenings** – a whole winter, with some to spare.

A stacked cubic metre of seasoned oak weighs about 500 kg, each kilogram holds 4.1 kWh, a good stove turns three quarters of that into warmth, and an evening takes 35 kWh:

$$n = \\frac{4 \\cdot 500 \\cdot 4.1 \\cdot 0.75}{7 \\cdot 5} \\approx 175$$

And the script, for any wood:

\`\`\`python
def evenings(metres, kg_per_metre, kwh_per_kg=4.1, efficiency=0.75):
    """How many evenings of 35 kWh a stack of wood gives."""
    return int(metres * kg_per_metre * kwh_per_kg * efficiency / 35)

for wood, weight in {"oak": 500, "beech": 480, "birch": 430}.items():
    print(f"{wood}: {evenings(4, weight)} evenings")
\`\`\`

Other woods compare like this:

| Wood   | Weight of 1 m³ | Evenings from 4 m³ |
|:-------|---------------:|-------------------:|
| Oak    |         500 kg |                175 |
| Beech  |         480 kg |                168 |
| Spruce |         310 kg |                116 |

Two things change the answer more than the kind of wood:

1. **Dryness.** Wood of one summer holds twice the water, and loses a fifth of its warmth to it.
2. **Air.** A stove that is shut down to a smoulder gives half, and soots its glass.`,
  ],
];

/** A model server that knows the answers above. */
async function modelServer() {
  const server = createServer(async (request, response) => {
    if (request.method === "GET") {
      response.setHeader("content-type", "application/json");
      return response.end(JSON.stringify({ object: "list", data: MODELS.map((id) => ({ id, object: "model" })) }));
    }
    let body = "";
    for await (const part of request) body += part;
    const asked = JSON.parse(body);
    const said = asked.messages.map((message) => [message.content].flat().map((part) => part.text ?? part).join("")).join("\n");
    const [, title, answer] = CONVERSATIONS.find(([question]) => said.includes(question.slice(0, 20))) ?? ["", "Untitled", "?"];
    const wantsTitle = /\btitle\b/i.test(said);
    const pieces = (wantsTitle ? title : answer).match(/[^]{1,4}/gu);
    response.writeHead(200, { "content-type": "text/event-stream" });
    const tell = (event) => response.write(`data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", choices: [], ...event })}\n\n`);
    const pause = () => new Promise((done) => setTimeout(done, wantsTitle ? 0 : 12));
    for (const content of pieces) {
      await pause();
      tell({ choices: [{ index: 0, delta: { content } }] });
    }
    tell({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
    tell({ usage: { prompt_tokens: 60, completion_tokens: pieces.length, total_tokens: 60 + pieces.length } });
    response.end("data: [DONE]\n\n");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { url: `http://127.0.0.1:${server.address().port}/v1`, stop: () => server.close() };
}

async function ask(page, question, title) {
  await page.goto("/");
  const send = page.getByRole("button", { name: "Send", exact: true });
  await page.getByRole("textbox", { name: "Message", exact: true }).fill(question);
  await send.click();
  await page.waitForURL(/\/c\/\w+/);
  await send.waitFor();
  await page.getByRole("heading", { level: 1, name: title }).waitFor();
}

/** The conversation and the start page at one size, in light and in dark. */
async function take(browser, server, state, size) {
  const context = await browser.newContext({ baseURL: server.url, locale: "en-GB", reducedMotion: "reduce", storageState: state, ...SIZES[size] });
  const page = await context.newPage();
  const title = CONVERSATIONS.at(-1)[1];
  for (const name of size === "phone" ? ["start", "conversation"] : ["conversation"]) {
    await page.goto("/history");
    if (name === "start") await page.goto("/");
    else await page.getByRole("main").getByRole("link", { name: title, exact: true }).click();
    await page.getByRole("textbox", { name: "Message", exact: true }).waitFor();
    // From the question on, as somebody reads it.
    await page.locator("#thread").evaluate((thread) => (thread.scrollTop = 0));
    await page.mouse.move(0, 0);
    await page.evaluate(() => document.activeElement.blur());
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`), animations: "disabled" });
    }
  }
  await context.close();
}

async function main() {
  await mkdir(folder, { recursive: true });
  const models = await modelServer();
  const server = await Inglenook.start(models, { OPENAI_BASE_URL: models.url });
  // Letters without coloured edges: those of one screen look wrong on another, and make a picture larger.
  const browser = await chromium.launch({ ...launchOptions, args: [...launchOptions.args, "--disable-lcd-text"] });
  try {
    const context = await browser.newContext({ baseURL: server.url, locale: "en-GB" });
    const page = await context.newPage();
    await page.goto("/register");
    await page.getByLabel("Name").fill("Ada");
    await page.getByLabel("E-mail").fill("ada@example.org");
    await page.getByLabel("Password").fill("a quiet evening by the fire");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("heading", { name: /Ada/ }).waitFor();
    for (const [question, title] of CONVERSATIONS) await ask(page, question, title);
    for (const size of Object.keys(SIZES)) await take(browser, server, await context.storageState(), size);
  } finally {
    await browser.close();
    await server.stop();
    models.stop();
  }
  const names = ["conversation-desktop", "conversation-phone", "start-phone"].flatMap((name) => [`${name}-light.png`, `${name}-dark.png`]);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  const all = sizes.reduce((sum, size) => sum + size, 0);
  console.log(names.map((name, at) => `${name}: ${sizes[at]} bytes`).join("\n"), `\ntogether ${all} bytes, in ${folder}`);
  if (all > MOST) throw new Error(`the pictures have more than ${MOST} bytes together`);
}

await main();
