// What a browser shows when the server cannot be reached: a page of our own, which goes by itself.
import { expect, test } from "../support/test.ts";

const kept = () => caches.keys().then((names) => Promise.all(names.map(async (name) => (await (await caches.open(name)).keys()).map((request) => new URL(request.url).pathname))));

test("an offline page is shown, in the reader's language, and goes when the line is back", async ({ page, chat, context, watch }) => {
  watch.allow(/ERR_INTERNET_DISCONNECTED|Failed to fetch|ERR_FAILED|offline/i);
  await chat.open();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await expect.poll(() => page.evaluate(kept)).toEqual([["/offline"]]);
  // Controlled from its next load on.
  await page.goto("/history");
  await context.setOffline(true);
  await page.goto("/settings");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Inglenook cannot be reached");
  await expect(page).toHaveURL(/\/settings$/);
  await page.getByRole("link", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Inglenook cannot be reached");
  await context.setOffline(false);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Settings", { timeout: 10_000 });
  expect(await page.evaluate(kept), "nothing else is ever kept").toEqual([["/offline"]]);
});

test("the page that is kept follows the language of the account", async ({ page, chat, context, watch }) => {
  watch.allow(/ERR_INTERNET_DISCONNECTED|Failed to fetch|ERR_FAILED|offline/i);
  await chat.open();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.goto("/settings/appearance");
  await page.getByLabel("Choose a language").selectOption("zh-CN");
  await page.getByRole("button", { name: "Save language" }).click();
  await page.goto("/");
  const language = () => caches.match("/offline", { ignoreVary: true }).then((answer) => answer?.headers.get("content-language"));
  await expect.poll(() => page.evaluate(language)).toBe("zh-CN");
  await context.setOffline(true);
  await page.goto("/history");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("无法连接 Inglenook");
});
