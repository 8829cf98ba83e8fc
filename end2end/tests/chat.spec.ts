import { Chat, numbered } from "../support/chat.ts";
import { expect, test } from "../support/test.ts";
import { byStream } from "../support/way.ts";

test("register, ask, watch the answer arrive, reload, find it again", async ({ page, chat, context }) => {
  await context.clearCookies();
  await page.goto("/");
  await expect(page).toHaveURL(/\/login/);
  await page.getByRole("link", { name: "Create an account" }).click();
  await page.getByLabel("Name").fill("Grace");
  await page.getByLabel("E-mail").fill(`grace-${Date.now()}@example.org`);
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { name: /Good to see you, Grace/ })).toBeVisible();
  await chat.ready();

  await chat.box.fill("What is a hearth?");
  await chat.box.press("Enter");
  await page.waitForURL(/\/c\/\w+/);
  await expect(chat.questions).toHaveText([/What is a hearth\?/]);
  await expect(chat.answer).toContainText("That is all.");
  await chat.ended();

  await expect(chat.answer.getByRole("heading", { name: "A small report" })).toBeVisible();
  await expect(chat.answer.getByRole("listitem")).toHaveText(["one", "two", "three"]);
  await expect(chat.answer.getByRole("table").getByRole("cell", { name: "large" })).toBeVisible();
  const code = chat.answer.locator("figure.code").first();
  await expect(code).toContainText("rust");
  const keyword = code.locator("code b").filter({ hasText: /^fn$/ }).first();
  const colour = (of: typeof code) => of.evaluate((element) => getComputedStyle(element).color);
  expect(await colour(keyword)).not.toBe(await colour(code.locator("code")));
  await expect(chat.answer.locator(".meta")).toContainText("story · ");

  const before = await chat.text();
  await page.reload();
  await expect(chat.questions).toHaveText([/What is a hearth\?/]);
  await chat.expectText(before);
});

test("an answer grows while it is written", async ({ chat }) => {
  await chat.begin("Count", "tokens-200-20");
  const early = await chat.grown(20);
  const later = await chat.grown(early.length + 100);
  expect(later.startsWith(early)).toBe(true);
  expect(later.length).toBeLessThan(numbered(200).length);
  await expect(chat.answer).toHaveAttribute("aria-busy", "true");
  await chat.ended();
  await chat.expectText(numbered(200));
});

test("a count of one is singular while the answer arrives, as it is after a reload", async ({ chat }) => {
  await chat.begin("Just this", "echo");
  await chat.ended();
  await expect(chat.answer.locator(".meta")).toHaveText(/^echo · 1 token( ·|$)/);
  await chat.reload();
  await expect(chat.answer.locator(".meta")).toHaveText(/^echo · 1 token( ·|$)/);
  await chat.ask("Count", "tokens-3-0");
  await expect(chat.answer.locator(".meta")).toHaveText(/^tokens-3-0 · 3 tokens( ·|$)/);
});

test("an answer that has ended before its events come has its buttons", async ({ page, chat }) => {
  const late = (pattern: string, milliseconds: number) =>
    page.route(pattern, async (route) => {
      await new Promise((done) => setTimeout(done, milliseconds));
      await route.continue();
    });
  await byStream(page);
  await late("**/fn/part?*", 700);
  await late("**/fn/follow", 2_000);
  await chat.begin("Just this", "echo");
  const events = page.waitForResponse("**/fn/follow");
  await expect(chat.answer.locator(".meta")).toBeVisible();
  await events;
  await page.unrouteAll({ behavior: "wait" });
  await chat.ask("And this", "echo");
  await chat.ended();
  await expect(page.locator(".answer .meta")).toHaveCount(2);
  await expect(chat.questions).toHaveCount(2);
});

test("the title arrives in the list, the bar, the menu and the tab without a reload", async ({ page, chat }) => {
  await chat.begin("Name me");
  await page.evaluate(() => ((window as any).samePage = true));
  await expect(chat.title).toHaveText("A short title");
  await expect(page).toHaveTitle("A short title · Inglenook");
  await expect(chat.sidebar.getByRole("link", { name: "A short title" })).toHaveAttribute("aria-current", "page");
  await page.getByLabel("Conversation menu").click();
  await expect(page.getByLabel("Title", { exact: true })).toHaveValue("A short title");
  expect(await page.evaluate(() => (window as any).samePage)).toBe(true);
});

test("a title from another tab is shown everywhere, but for what is being typed", async ({ page, chat, context }) => {
  await chat.begin("Name me");
  await expect(chat.title).toHaveText("A short title");
  const other = new Chat(await context.newPage());
  await other.open(new URL(page.url()).pathname);
  await page.getByLabel("Conversation menu").click();
  await page.getByLabel("Title", { exact: true }).fill("Half a tit");
  await other.page.getByLabel("Conversation menu").click();
  await other.page.getByLabel("Title", { exact: true }).fill("Renamed");
  await other.page.getByRole("button", { name: "Rename" }).click();
  await expect(chat.title).toHaveText("Renamed");
  await expect(page).toHaveTitle("Renamed · Inglenook");
  await expect(chat.sidebar.getByRole("link", { name: "Renamed" })).toBeVisible();
  await expect(page.getByLabel("Title", { exact: true })).toHaveValue("Half a tit");
});

test("a second question is appended without a page load", async ({ page, chat }) => {
  await chat.begin("First");
  await chat.ended();
  await page.evaluate(() => ((window as any).samePage = true));
  await chat.ask("Second");
  await expect(chat.box).toHaveValue("");
  await expect(chat.questions).toHaveText([/First/, /Second/]);
  await expect(chat.answers).toHaveCount(2);
  await chat.ended();
  await expect(chat.answer).toContainText("That is all.");
  expect(await page.evaluate(() => (window as any).samePage)).toBe(true);
  await chat.reload();
  await expect(chat.questions).toHaveText([/First/, /Second/]);
  await expect(chat.answers).toHaveCount(2);
});

test("Enter sends, Shift-Enter breaks the line, Enter while composing does neither", async ({ page, chat }) => {
  await chat.begin("First");
  await chat.ended();
  await chat.box.pressSequentially("one");
  await chat.box.press("Shift+Enter");
  await chat.box.pressSequentially("two");
  await expect(chat.box).toHaveValue("one\ntwo");
  await expect(chat.questions).toHaveCount(1);

  const refused = await chat.box.evaluate((box) => {
    const init = { key: "Enter", bubbles: true, cancelable: true, isComposing: true };
    return !box.dispatchEvent(new KeyboardEvent("keydown", init));
  });
  expect(refused, "the input method gets its Enter").toBe(false);
  await page.waitForTimeout(300);
  await expect(chat.questions).toHaveCount(1);
  await expect(chat.box).toHaveValue("one\ntwo");

  await chat.box.press("Enter");
  await expect(chat.questions).toHaveCount(2);
  expect(await chat.questions.last().locator(".question-text").innerText()).toBe("one\ntwo");
  await chat.ended();
});

test("a reload in mid-answer goes on, and ends with each word once", async ({ chat }) => {
  await chat.begin("Count", "tokens-200-20");
  const seen = await chat.grown(100);
  await chat.reload();
  const after = await chat.text();
  expect(after.length).toBeGreaterThanOrEqual(seen.length);
  expect(numbered(200).startsWith(after.slice(0, seen.length))).toBe(true);
  await chat.grown(after.length + 50);
  await chat.ended();
  await chat.expectText(numbered(200));
  await chat.reload();
  await chat.expectText(numbered(200));
});

test("Stop ends the answer, closes the upstream request and keeps the text", async ({ page, chat, upstream }) => {
  await chat.begin("Count", "tokens-2000-20");
  await chat.grown(100);
  await chat.stop.click();
  const stopped = Date.now();
  await expect.poll(async () => (await upstream.lastCall())?.closed_by_client, { intervals: [20] }).toBe(true);
  // Long before the forty seconds that the whole answer takes.
  expect(Date.now() - stopped).toBeLessThan(15_000);
  await expect(page.locator(".answer-end").getByText("You stopped this answer")).toBeVisible();
  await expect(chat.send).toBeVisible();
  const kept = await chat.text();
  expect(numbered(2000).startsWith(kept)).toBe(true);
  await chat.reload();
  await chat.expectText(kept);
  await expect(page.locator(".answer-end").getByText("You stopped this answer")).toBeVisible();

  // The new answer takes the place of the old one on the page.
  await chat.retry.click();
  await chat.ready();
  await expect(chat.stop).toBeVisible();
  await chat.grown(20);
  await expect(chat.questions).toHaveCount(1);
  await expect(chat.answers).toHaveCount(1);
  await chat.stop.click();
  await expect(page.locator(".answer-end").getByText("You stopped this answer")).toBeVisible();
});

test("reasoning is folded away", async ({ chat }) => {
  await chat.begin("Think", "think");
  await chat.ended();
  const thought = chat.answer.getByText("Let me think about it.");
  await expect(chat.answer.getByText("Reasoning")).toBeVisible();
  await expect(thought).toBeHidden();
  await chat.reload();
  await expect(thought).toBeHidden();
  await chat.answer.getByText("Reasoning").click();
  await expect(thought).toBeVisible();
});

for (const model of ["think-tags", "think-closed"]) {
  test(`${model}: thinking in the text is folded away`, async ({ chat }) => {
    await chat.begin("Think", model);
    await chat.ended();
    for (const round of ["as it arrived", "after a reload"]) {
      await chat.expectText("Hello there.");
      await expect(chat.answer.getByText("Reasoning"), round).toBeVisible();
      await expect(chat.answer.locator(".reasoning-text"), round).toBeHidden();
      await expect(chat.answer.locator(".reasoning-text"), round).toContainText("SECRET");
      await chat.reload();
    }
  });
}

test("code and questions are copied as they are shown, answers in markdown", async ({ page, chat, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await chat.begin("Code, please");
  await chat.ended();
  for (const round of ["as it arrived", "as it was loaded"]) {
    const figure = chat.answer.locator("figure.code").filter({ hasText: "python" });
    await figure.getByRole("button", { name: "Copy" }).click();
    await expect.poll(async () => (await copied()).trimEnd(), round).toBe('def main():\n    print("hello")');
    await chat.answer.hover();
    await chat.answer.getByRole("button", { name: "Copy answer" }).click();
    await expect.poll(copied, round).toContain("Grüße, 日本語 and 😀. That is all.");
    expect(await copied()).toContain("# A small report\n\nHere is what I found, with **bold** and `code`.\n\n- one\n- two\n");
    expect(await copied()).toContain("| small | 1 |\n");
    await chat.questions.first().hover();
    await chat.questions.first().getByRole("button", { name: "Copy message" }).click();
    await expect.poll(copied, round).toBe("Code, please");
    await chat.reload();
  }
});

test("an answer of 5,000 words at once ends complete and does not freeze the page", async ({ page, chat }) => {
  await page.addInitScript(() => {
    (window as any).longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        (window as any).longest = Math.max((window as any).longest, duration);
      }
    }).observe({ type: "longtask", buffered: true });
  });
  await chat.begin("First", "tokens-3-0");
  await chat.ended();
  await page.evaluate(() => ((window as any).longest = 0));
  await chat.ask("Everything at once", "fast");
  await expect(chat.answers).toHaveCount(2);
  await chat.ended();
  await chat.expectText(numbered(5000));
  // A page that renders the whole answer again for each piece is busy for many seconds on any machine.
  expect(await page.evaluate(() => (window as any).longest)).toBeLessThan(2_000);
});

test("the model is kept with the conversation", async ({ chat }) => {
  await chat.begin("Whole", "json");
  await expect(chat.answer).toContainText("The whole answer at once.");
  await chat.ended();
  await chat.reload();
  await expect(chat.model).toHaveText("json");
});
