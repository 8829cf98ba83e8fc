// Many tabs of one browser, which has six connections for all of them; and two people who use one tab after the other.
import { Chat, numbered } from "../support/chat.ts";
import { expect, register, test } from "../support/test.ts";
import { hideable } from "../support/visibility.ts";
import { byStream } from "../support/way.ts";

test("seven tabs: six answers are written, and the seventh opens at once", async ({ chat, context }) => {
  test.setTimeout(240_000);
  const tabs = [chat];
  while (tabs.length < 6) tabs.push(new Chat(await context.newPage()));
  for (const tab of tabs) await tab.begin("Count", "tokens-2000-20");
  for (const tab of tabs) await tab.grown(50);
  const seventh = new Chat(await context.newPage());
  const asked = Date.now();
  await seventh.page.goto("/", { waitUntil: "domcontentloaded" });
  await expect(seventh.box).toBeVisible();
  const opened = Date.now() - asked;
  const connecting = await seventh.page.evaluate(() => {
    const [{ fetchStart, requestStart }] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
    return requestStart - fetchStart;
  });
  console.log(`the seventh tab opened in ${opened} ms, ${connecting.toFixed()} of them until it had a connection`);
  // Without a free connection it is the forty seconds that the answers of the six take.
  expect(connecting).toBeLessThan(10_000);
  // The seventh tab can ask, too.
  await seventh.ready();
  await seventh.choose("json");
  await seventh.box.fill("Whole");
  await seventh.box.press("Enter");
  await expect(seventh.answer).toContainText("The whole answer at once.");
  for (const tab of tabs) {
    await expect(tab.send).toBeVisible({ timeout: 180_000 });
    await tab.expectText(numbered(2000));
    await expect(tab.lost).toBeHidden();
  }
});

test("a hidden tab holds no connection while its answer is written, and shows it all when it is looked at", async ({ page, chat }) => {
  // A stream takes one of the browser's connections, and a WebSocket none.
  await byStream(page);
  const hide = await hideable(page);
  let open = 0;
  const count = (event: "request" | "requestfinished" | "requestfailed", by: number) =>
    page.on(event as "request", (request) => void (request.url().endsWith("/fn/follow") && (open += by)));
  count("request", 1);
  count("requestfinished", -1);
  count("requestfailed", -1);
  // The answer takes long enough to be still under way when the page is hidden, on a slow machine, too.
  await chat.begin("Count", "tokens-450-20");
  await chat.grown(50);
  const looked = page.waitForEvent("requestfinished", (request) => request.url().endsWith("/fn/follow"));
  await hide(true);
  await expect.poll(() => open).toBe(0);
  await looked;
  await page.waitForTimeout(1_000);
  await hide(false);
  await expect(chat.lost).toBeHidden();
  await chat.grown(400);
  await chat.ended();
  await chat.expectText(numbered(450));
});

test("Ada's draft is never shown to Bea, who signs in in the same tab", async ({ page, chat, context, server, watch }) => {
  watch.allow(/status of 404/);
  const stored = () => page.evaluate(() => JSON.stringify(sessionStorage));
  await chat.begin("Mine", "json");
  await chat.ended();
  await chat.box.fill("a secret in a conversation");
  const field = await chat.edit(chat.questions.first());
  await field.fill("a secret in an edit");
  await chat.open();
  await chat.box.fill("a secret");
  await chat.reload();
  await expect(chat.box).toHaveValue("a secret");
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/login/);
  await register(context, server.url);
  await chat.open();
  await expect(chat.box).toHaveValue("");
  expect(await stored()).not.toContain("secret");
  await chat.box.fill("Bea's own");
  // Back does not show it either.
  for (let step = 0; step < 3; step++) {
    await page.goBack();
    await expect(page.getByText("a secret")).toHaveCount(0);
    for (const box of await page.getByRole("textbox").all()) expect(await box.inputValue()).not.toContain("secret");
  }
  await chat.open();
  await expect(chat.box).toHaveValue("Bea's own");
});

test.describe("in Los Angeles", () => {
  test.use({ timezoneId: "America/Los_Angeles" });

  test("the page tells when its days begin", async ({ chat, context }) => {
    await chat.open();
    const minutes = await chat.page.evaluate(() => new Date().getTimezoneOffset());
    const cookie = (await context.cookies()).find(({ name }) => name === "tz");
    expect(cookie).toMatchObject({ value: String(minutes), path: "/", sameSite: "Lax" });
    await chat.begin("Mine", "json");
    await expect(chat.sidebar.getByRole("heading", { name: "Today" })).toBeVisible();
  });
});

test("a tab that is looked elsewhere has a mark when its answer has ended, and what was unread is read when it is looked at", async ({ page, chat, context }) => {
  const hide = await hideable(page);
  await chat.begin("Begin", "json");
  await expect(chat.title).toHaveText("A short title");
  await chat.ended();
  await chat.ask("Count", "tokens-200-20");
  await expect(chat.answers).toHaveCount(2);
  await chat.grown(50);
  await hide(true);
  await expect(page).toHaveTitle("● A short title · Inglenook", { timeout: 30_000 });
  // The end brings a new bar, with a title of its own.
  await expect(chat.answer.getByTitle("Copy answer")).toHaveCount(1);
  await expect(page).toHaveTitle("● A short title · Inglenook");
  const seen = page.waitForResponse((answer) => answer.url().endsWith("/fn/seen"));
  await hide(false);
  await expect(page).toHaveTitle("A short title · Inglenook");
  expect((await seen).ok()).toBe(true);
  await expect(page.locator(".history .unread")).toHaveCount(0);
  const other = new Chat(await context.newPage());
  await other.open();
  await expect(other.page.locator(".history a[href^='/c/'] .title").first()).toHaveText("A short title");
  await expect(other.page.locator(".history .unread")).toHaveCount(0);
});
