// A page shows the changes of other tabs, and loses nothing when its connection is lost or the server stops.
import type { Page } from "@playwright/test";

import { Chat, numbered } from "../support/chat.ts";
import { expect, test } from "../support/test.ts";
import { hideable } from "../support/visibility.ts";
import { byStream } from "../support/way.ts";

const broken = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INTERNET_DISCONNECTED|network error/;

/** Opens the same conversation in another tab. */
async function tab(chat: Chat): Promise<Chat> {
  const other = new Chat(await chat.page.context().newPage());
  await other.open(new URL(chat.page.url()).pathname);
  return other;
}

/** Marks the page, so that a reload shows by the missing mark. */
const mark = (page: Page) => page.evaluate(() => ((window as any).samePage = true));
const isSame = (page: Page) => page.evaluate(() => (window as any).samePage === true);

test("a second tab shows a question and its answer as they come", async ({ chat }) => {
  await chat.begin("First words", "tokens-200-20");
  const other = await tab(chat);
  await expect(other.questions).toHaveText([/First words/]);
  await chat.ended();
  await other.expectText(numbered(200));
  await other.ended();
  await mark(other.page);
  await other.box.fill("a draft");
  for (const [from, to, text] of [[chat, other, "Second"], [other, chat, "Third"]] as const) {
    await from.ask(text, "tokens-200-20");
    await expect(to.questions.last()).toHaveText(new RegExp(text), { timeout: 2_000 });
    await expect(to.stop).toBeVisible();
    expect(numbered(200).startsWith(await to.grown(20))).toBe(true);
    await from.ended();
    await to.ended();
    await to.expectText(numbered(200));
    if (from === chat) await expect(other.box).toHaveValue("a draft");
  }
  expect(await isSame(other.page), "nothing had to be loaded anew").toBe(true);
});

test("a second tab shows what is edited, chosen, continued and deleted, and keeps what is typed", async ({ chat }) => {
  await chat.begin("First words", "echo");
  await chat.ended();
  const other = await tab(chat);
  await other.box.fill("half a thought");
  await other.box.evaluate((box: HTMLTextAreaElement) => box.setSelectionRange(4, 6));

  const field = await chat.edit(chat.questions.first());
  await field.fill("Better words");
  await field.press("Enter");
  await expect(other.questions).toHaveText([/Better words/], { timeout: 5_000 });
  await other.expectText("Better words");
  await chat.ended();
  await chat.previous(chat.questions.first()).click();
  await expect(other.questions).toHaveText([/First words/], { timeout: 5_000 });
  await chat.ready();
  await chat.delete(chat.answers.first());
  await expect(other.answers).toHaveCount(0, { timeout: 5_000 });
  await expect(other.box).toHaveValue("half a thought");
  const selected = () => other.box.evaluate((box: HTMLTextAreaElement) => [box.selectionStart, box.selectionEnd]);
  await expect.poll(selected).toEqual([4, 6]);

  await chat.ready();
  await chat.ask("Count", "tokens-200-20");
  await chat.grown(50);
  await other.grown(20);
  await chat.stop.click();
  await expect(other.page.locator(".answer-end").getByText("You stopped this answer")).toBeVisible();
  await other.reload();
  await chat.continue.click();
  await expect(other.stop).toBeVisible({ timeout: 5_000 });
  await chat.ended();
  await other.ended();
  expect(await other.text()).toBe(await chat.text());
  await expect(other.box).toHaveValue("half a thought");
});

test("two tabs that send at once: one question is answered after the other, and both tabs end equal", async ({ chat, watch }) => {
  watch.allow(/status of 409/);
  await chat.begin("First", "json");
  await chat.ended();
  const other = await tab(chat);
  for (const one of [chat, other]) await one.choose("story");
  await chat.box.fill("From here");
  await other.box.fill("From there");
  await Promise.all([chat.box.press("Enter"), other.box.press("Enter")]);
  for (const one of [chat, other]) {
    await expect(one.questions).toHaveCount(3);
    await one.ended();
    await expect(one.answers).toHaveCount(3);
    await expect(one.box).toHaveValue("");
  }
  const asked = await chat.page.locator(".question-text").allInnerTexts();
  expect(await other.page.locator(".question-text").allInnerTexts()).toEqual(asked);
  expect([...asked].sort()).toEqual(["First", "From here", "From there"]);
});

/** Takes the network away from this page alone, for as long as it is open. */
async function cutOff(page: Page) {
  await page.route("**/*", (route) => route.abort("internetdisconnected"));
  await page.evaluate(() => {
    Object.defineProperty(navigator, "onLine", { get: () => false });
    dispatchEvent(new Event("offline"));
  });
}

test("offline in mid-answer and back: each word once, and what was typed", async ({ page, chat, context, watch }) => {
  watch.allow(broken);
  await chat.begin("Count", "tokens-200-20");
  await chat.grown(100);
  await context.setOffline(true);
  await expect(chat.lost).toBeVisible();
  const seen = await chat.text();
  await chat.box.fill("typed in a tunnel");
  await page.waitForTimeout(1_000);
  expect((await chat.text()).startsWith(seen)).toBe(true);
  await context.setOffline(false);
  await expect(chat.lost).toBeHidden();
  await chat.ended();
  await chat.expectText(numbered(200));
  await expect(chat.box).toHaveValue("typed in a tunnel");
  await chat.box.press("Enter");
  await expect(chat.questions).toHaveCount(2);
});

test("39: what is asked while offline waits in the thread, and is sent once when the network is back", async ({ page, chat, context, upstream, watch }) => {
  watch.allow(broken);
  await chat.begin("First", "json");
  await chat.ended();
  await context.setOffline(true);
  await chat.ask("Second");
  await expect(chat.questions).toHaveText([/First/, /Second/]);
  await expect(page.locator(".waiting")).toHaveText(/Waits for the connection/);
  await expect(page.getByRole("alert")).toHaveCount(0);
  await chat.box.fill("typed meanwhile");
  await context.setOffline(false);
  await chat.ended();
  await expect(chat.answers).toHaveCount(2);
  await expect(chat.box).toHaveValue("typed meanwhile");
  expect((await upstream.calls()).filter((call: any) => !call.title), "each question was asked once").toHaveLength(2);
  await chat.reload();
  await expect(chat.questions).toHaveText([/First/, /Second/]);
});

test("39: a question that waits for the network is in the composer when it is taken back or the page is opened again", async ({ page, chat, context, watch }) => {
  watch.allow(broken);
  await chat.begin("First", "json");
  await chat.ended();
  // Not `setOffline`: a page that is left would be online for a moment, because the browser drops what it emulates first.
  await cutOff(page);
  await chat.ask("Second");
  await expect(page.locator(".waiting")).toHaveText(/Waits for the connection/);
  await chat.stop.click();
  await expect(chat.box).toHaveValue("Second");
  await expect(chat.questions).toHaveText([/First/]);
  await chat.box.press("Enter");
  await expect(page.locator(".waiting")).toHaveText(/Waits for the connection/);
  // Another tab of the same browser, later: this page is gone, and nothing is sent from it any more.
  const later = new Chat(await context.newPage());
  const address = page.url();
  await page.goto("about:blank");
  await later.open(address);
  await expect(later.box).toHaveValue("Second");
  await expect(later.page.getByRole("alert")).toContainText("not been sent yet");
  await expect(later.questions).toHaveText([/First/]);
});

test("40: whoever was signed out finds the way back to the page, with what was typed", async ({ page, chat, context, user, watch }) => {
  watch.allow(/401/);
  await chat.begin("First", "json");
  await chat.ended();
  const address = page.url();
  await context.clearCookies();
  await chat.ask("Second");
  await expect(page.getByRole("alert")).toContainText("Your session has ended");
  await page.getByRole("alert").getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("E-mail").fill(user.email);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(address);
  await expect(chat.box).toHaveValue("Second");
});

test("the server is killed and started again under two idle pages", async ({ chat, server, watch }) => {
  watch.allow(broken);
  await chat.begin("First", "json");
  await chat.ended();
  await expect(chat.title).toHaveText("A short title");
  const other = await tab(chat);
  await mark(other.page);
  await server.kill();
  await expect(chat.lost).toBeVisible();
  await expect(other.lost).toBeVisible();
  await server.up();
  await expect(chat.lost).toBeHidden();
  await expect(other.lost).toBeHidden();
  await expect(chat.page.getByRole("alert")).toHaveCount(0);
  await chat.ask("Second");
  await expect(other.questions).toHaveText([/First/, /Second/]);
  await other.ended();
  await expect(other.answer).toContainText("The whole answer at once.");
});

test("a tab that nobody looks at rests, and catches up when it is looked at", async ({ page, chat, upstream }) => {
  void upstream;
  const hide = await hideable(page);
  const opened = page.waitForEvent("websocket");
  await chat.begin("First", "json");
  await chat.ended();
  await expect(chat.title).toHaveText("A short title");
  const closed = (await opened).waitForEvent("close");
  await hide(true);
  await closed;
  const other = await tab(chat);
  await other.ask("Second");
  await other.ended();
  await expect(chat.questions).toHaveCount(1);
  await hide(false);
  await expect(chat.questions).toHaveText([/First/, /Second/]);
  await expect(chat.answers).toHaveCount(2);
  await expect(chat.answer).toContainText("The whole answer at once.");
  await expect(chat.lost).toBeHidden();
});

test("a tab that rested is told of what was deleted while nobody listened", async ({ page, chat }) => {
  await byStream(page);
  await page.addInitScript(() => {
    Object.defineProperty(document, "hidden", { get: () => sessionStorage.getItem("away") === "yes" });
  });
  const look = (away: boolean) =>
    page.evaluate((away) => {
      sessionStorage.setItem("away", away ? "yes" : "no");
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    }, away);
  await chat.begin("First", "json");
  await chat.ended();
  await expect(chat.title).toHaveText("A short title");
  await chat.ask("Second");
  await chat.ended();
  await expect(chat.answers).toHaveCount(2);
  await chat.box.fill("a draft");
  const closed = () => page.waitForEvent("requestfailed", (request) => request.url().endsWith("/fn/follow"));
  // A page that has missed nothing is not loaded anew.
  await mark(page);
  let gone = closed();
  await look(true);
  await gone;
  await look(false);
  await page.waitForTimeout(1_000);
  expect(await isSame(page)).toBe(true);
  gone = closed();
  await look(true);
  await gone;
  const id = await chat.answers.first().getAttribute("id");
  const answer = await page.context().request.delete(`/api/v1/messages/${id}`, { headers: { "sec-fetch-site": "same-origin" } });
  expect(answer.status()).toBe(204);
  await look(false);
  await expect(chat.answers).toHaveCount(1);
  await expect(chat.questions).toHaveCount(2);
  await expect(chat.box).toHaveValue("a draft");
});

for (const [when, order] of [
  ["late, with less than the page was told", "snapshot"],
  ["late, with more than the page was told", "wait"],
] as const) {
  test(`an answer that is written again elsewhere is whole, also when its message comes ${when}`, async ({ chat }) => {
    await chat.begin("Report", "json");
    await chat.ended();
    const other = await tab(chat);
    let told = () => {};
    const late = new Promise<void>((done) => (told = done));
    await other.page.route("**/fn/part?*", async (route) => {
      const fetched = order === "snapshot" ? await route.fetch() : undefined;
      await late;
      await route.fulfill({ response: fetched ?? (await route.fetch()) });
    });
    await chat.choose("answer-5000-5");
    await chat.answer.hover();
    await chat.answer.getByTitle("Regenerate", { exact: true }).click();
    await expect(other.stop).toBeVisible();
    // A heading, lists, a table and code have come by then.
    await chat.grown(1_500);
    told();
    // All that is finished is the same in both pages, while the answer goes on.
    const blocks = (of: Chat) => of.prose.locator(":scope > *").evaluateAll((all) => all.map((block) => block.textContent));
    await other.grown(2_000);
    const [shown, whole] = [await blocks(other), await blocks(chat)];
    expect(shown.length).toBeGreaterThan(5);
    expect(shown.slice(0, -2)).toEqual(whole.slice(0, shown.length - 2));
    await chat.stop.click();
    await chat.ended();
    await other.ended();
    expect(await blocks(other)).toEqual(await blocks(chat));
  });
}
