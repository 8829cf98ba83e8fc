// Measures what a browser spends on an answer of 5,000 tokens as it arrives, and on a page of fifty messages.
//
//   npm run bench          after `make build`
import { readFileSync, readdirSync } from "node:fs";

import { chromium, request } from "@playwright/test";

import { launchOptions } from "../support/browser.mjs";
import { Inglenook, Upstream } from "../support/servers.mjs";

const REPEATS = Number(process.env.REPEATS ?? 3);
const TICKS = 100;

/** The CPU seconds of the processes of Chromium that show pages, over all threads; 0 where there is no /proc. */
function rendererCpu() {
  let ticks = 0;
  let names = [];
  try {
    names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return 0;
  }
  for (const pid of names) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=renderer")) continue;
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").pop().split(" ");
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // The process has ended meanwhile.
    }
  }
  return ticks / TICKS;
}

async function metrics(client) {
  const { metrics } = await client.send("Performance.getMetrics");
  return { ...Object.fromEntries(metrics.map(({ name, value }) => [name, value])), cpu: rendererCpu() };
}

function longTasks() {
  window.longTasks = [];
  new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((entry) => entry.duration))).observe({
    type: "longtask",
    buffered: true,
  });
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

function report(title, rounds) {
  console.log(`\n${title} (median of ${rounds.length}; min to max)`);
  for (const name of Object.keys(rounds[0])) {
    const values = rounds.map((round) => round[name]);
    const [shown, least, most] = [median(values), Math.min(...values), Math.max(...values)].map((value) => +value.toFixed(3));
    console.log(`  ${name.padEnd(34)} ${String(shown).padStart(10)}   (${least} to ${most})`);
  }
}

const upstream = await Upstream.start();
const server = await Inglenook.start(upstream);
const browser = await chromium.launch(launchOptions);

/** Starts a new browser, signed in, for each round. */
async function fresh() {
  const context = await browser.newContext({ baseURL: server.url, viewport: { width: 1280, height: 800 } });
  const user = { name: "Ada", email: `ada-${Date.now()}@example.org`, password: "open sesame now" };
  await context.request.post("/fn/register", { form: user, headers: { accept: "text/html" }, maxRedirects: 0 });
  await context.addInitScript(longTasks);
  const page = await context.newPage();
  const client = await context.newCDPSession(page);
  await client.send("Performance.enable");
  return { context, page, client, user };
}

async function streamed() {
  const { context, page, client } = await fresh();
  await page.goto("/");
  await page.waitForLoadState("networkidle");
  await page.locator("#picker").click();
  await page.locator('#sheet [data-model="openai/answer-5000-5"]').click();
  await page.getByRole("textbox", { name: "Message", exact: true }).fill("Tell me all of it.");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.waitForURL(/\/c\/\w+/);
  await page.locator('[aria-busy="true"] .prose > *').first().waitFor();
  const [before, began] = [await metrics(client), Date.now()];
  await page.locator('[aria-busy="true"]').waitFor({ state: "detached", timeout: 120_000 });
  const [after, seconds] = [await metrics(client), (Date.now() - began) / 1000];
  const tasks = await page.evaluate(() => window.longTasks);
  const spent = (name) => after[name] - before[name];
  const result = {
    "seconds watched": seconds,
    "main thread, s": spent("TaskDuration"),
    "scripts, s": spent("ScriptDuration"),
    "layout and style, s": spent("LayoutDuration") + spent("RecalcStyleDuration"),
    "renderer CPU, all threads, s": spent("cpu"),
    "tasks over 50 ms": tasks.length,
    "longest of them, ms": Math.max(0, ...tasks),
    "elements at the end": await page.evaluate(() => document.querySelectorAll("*").length),
    "characters shown": await page.evaluate(() => document.querySelector(".prose").textContent.length),
  };
  await context.close();
  return result;
}

/** Makes a conversation of 25 questions with answers of 800 tokens each. */
async function written(user) {
  const api = await request.newContext({ baseURL: server.url });
  const login = await api.post("/api/v1/auth/login", { data: { email: user.email, password: user.password } });
  const headers = { authorization: `Bearer ${(await login.json()).token}` };
  const begun = await api.post("/api/v1/conversations", { headers, data: { model: "openai/answer-800-0" } });
  const { id } = await begun.json();
  const messages = `/api/v1/conversations/${id}/messages`;
  for (let round = 0; round < 25; round++) {
    await api.post(messages, { headers, data: { content: "Tell me more.", model: "openai/answer-800-0" } });
    for (let status = ""; status !== "complete"; ) {
      const answer = await api.get(`${messages}?limit=2`, { headers });
      if (!answer.ok()) throw new Error(await answer.text());
      status = (await answer.json()).items.findLast((item) => item.role === "assistant")?.status;
    }
  }
  return `/c/${id}`;
}

async function pages() {
  const { context, page, client, user } = await fresh();
  const path = await written(user);
  await page.goto("about:blank");
  const before = await metrics(client);
  let html = 0;
  page.on("response", async (response) => {
    if (response.url().endsWith(path)) html = (await response.body()).length;
  });
  await page.goto(path);
  await page.waitForTimeout(2_000);
  const after = await metrics(client);
  const tasks = await page.evaluate(() => window.longTasks);
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0);
  const sent = await page.evaluate(() => performance.getEntriesByType("navigation")[0].encodedBodySize);
  const result = {
    "HTML, bytes": html,
    "HTML as sent, bytes": sent,
    "first contentful paint, ms": paint,
    "main thread, s": after.TaskDuration - before.TaskDuration,
    "renderer CPU, all threads, s": after.cpu - before.cpu,
    "longest task over 50 ms": Math.max(0, ...tasks),
    elements: await page.evaluate(() => document.querySelectorAll("*").length),
  };
  await context.close();
  return result;
}

try {
  for (const [title, measure] of [
    ["An answer of 5,000 tokens, 5 ms apart", streamed],
    ["A conversation of 50 messages", pages],
  ]) {
    const rounds = [];
    for (let round = 0; round < REPEATS; round++) rounds.push(await measure());
    report(title, rounds);
  }
} finally {
  await browser.close();
  await server.stop();
  await upstream.stop();
}
