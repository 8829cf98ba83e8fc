import { chromium } from "@playwright/test";
import { launchOptions } from "./support/browser.mjs";
import { Inglenook, Upstream } from "./support/servers.mjs";
const up = await Upstream.start();
const server = await Inglenook.start(up);
const browser = await chromium.launch(launchOptions);
const ctx0 = await browser.newContext({ baseURL: server.url });
const post = (c, p, form) => c.request.post(server.url + p, { form, headers: { accept: "text/html" }, maxRedirects: 0 });
await post(ctx0, "/fn/register", { name: "Root", email: "root@example.org", password: "the first of all" });
for (const n of ["Mia", "Noah", "王小明"]) { const c = await browser.newContext(); await post(c, "/fn/register", { name: n, email: `${n === "王小明" ? "wang" : n.toLowerCase()}@example.org`, password: "kettle and hearth" }); await c.close(); }
await post(ctx0, "/fn/save-tier", { name: "Gold", messages_per_day: "20", models: "" });
await post(ctx0, "/fn/make-codes", { registers: "true", count: "2", uses: "3", days: "7", label: "Class 7b" });
const state = await ctx0.storageState();
const pages = (process.argv[2] ?? "/admin/people").split(",");
for (const [size, viewport] of [["d", { width: 1280, height: 900 }], ["p", { width: 390, height: 800 }]])
  for (const lang of ["en", "zh-CN"]) for (const colorScheme of ["light", "dark"]) {
    if (process.argv[3] && !process.argv[3].split(",").includes(`${size}-${lang}-${colorScheme}`)) continue;
    const c = await browser.newContext({ baseURL: server.url, storageState: state, viewport, colorScheme, locale: lang });
    const p = await c.newPage();
    for (let path of pages) {
      if (path === "PERSON") { await p.goto("/admin/people?q=mia"); path = await p.locator(".people a").first().getAttribute("href"); }
      await p.goto(path);
      await p.screenshot({ path: `/tmp/shots/${path.replace(/\W+/g, "_").slice(0, 24)}-${size}-${lang}-${colorScheme}.png`, fullPage: true });
    }
    await c.close();
  }
await browser.close(); await server.stop(); await up.stop();
