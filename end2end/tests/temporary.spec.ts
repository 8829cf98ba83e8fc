// Temporary conversations: their page is all that has them.
import { expect, test } from "../support/test.ts";

const NOTE = "This conversation is temporary: it is not stored, and it is gone when you leave the page.";

test("it says what it is, answers with all that was said, and is in no list", async ({ page, chat, upstream }) => {
  await chat.open();
  await page.getByRole("link", { name: "Temporary" }).click();
  await expect(page).toHaveURL(/\/temporary$/);
  await chat.ready();
  await expect(page.getByRole("note")).toHaveText(NOTE);
  await expect(chat.title).toHaveText("Temporary conversation");
  await chat.ask("Only here", "echo");
  await chat.expectText("Only here");
  await chat.ended();
  await expect(chat.answer).not.toHaveAttribute("aria-busy");
  await expect(chat.box).toHaveValue("");
  await chat.ask("And **this**");
  await expect(chat.answers).toHaveCount(2);
  await chat.ended();
  expect((await upstream.lastCall()).messages).toBe(3);
  await expect(chat.questions).toHaveText([/Only here/, /And \*\*this\*\*/]);
  await expect(page.getByRole("note")).toBeInViewport();
  // Neither list nor history nor the browser's own store knows it, and no title was asked for.
  await expect(chat.sidebar.locator(".history a:not(.row-more)")).toHaveCount(0);
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toMatch(/Only|this/);
  const titles = (await upstream.calls()).filter((call: any) => call.title && /Only here/.test(call.prompt.join()));
  expect(titles).toEqual([]);
  const list = await page.context().request.get("/history");
  expect(await list.text()).not.toContain("Only here");
});

test("it is stopped, written again, and goes on", async ({ page, chat, upstream }) => {
  await chat.open("/temporary");
  await chat.ask("Count", "slow");
  const early = await chat.grown(20);
  await chat.stop.click();
  await chat.ended();
  await expect(chat.answer).toContainText("You stopped this answer.");
  // The request to the model is closed, too.
  await expect.poll(async () => (await upstream.lastCall()).closed_by_client).toBe(true);
  expect((await chat.text()).startsWith(early)).toBe(true);
  await chat.choose("echo");
  await chat.retry.click();
  await expect(chat.answers).toHaveCount(1);
  await chat.expectText("Count");
  await chat.ended();
  expect((await upstream.lastCall()).messages).toBe(1);
});

test("a question is edited, and what followed it gives way", async ({ page, chat, upstream, watch }) => {
  watch.allow(/422|ERR_INTERNET_DISCONNECTED|Failed to load resource/);
  await chat.open("/temporary");
  await chat.ask("First", "echo");
  await chat.ended();
  await chat.ask("Second");
  await expect(chat.answers).toHaveCount(2);
  await chat.ended();
  const field = chat.questions.first().getByRole("textbox", { name: "Your message" });
  await chat.edit(chat.questions.first());
  await expect(field).toHaveValue("First");
  await page.keyboard.press("Escape");
  await expect(chat.questions).toHaveText([/First/, /Second/]);
  // Without a connection nothing gives way, and what was typed is still there; the browser's own store never has it.
  await chat.edit(chat.questions.first());
  await field.fill("Better");
  await page.context().setOffline(true);
  await chat.questions.first().getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("alert")).toContainText(/server|connection/i);
  await expect(chat.answers).toHaveCount(2);
  await expect(field).toHaveValue("Better");
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain("Better");
  await page.context().setOffline(false);
  await chat.questions.first().getByRole("button", { name: "Send" }).click();
  await expect(chat.questions).toHaveText([/Better/]);
  await expect(chat.answers).toHaveCount(1);
  await chat.expectText("Better");
  await chat.ended();
  expect((await upstream.lastCall()).prompt).toEqual(["Better"]);
  // The newest one is edited from the composer by a key.
  await chat.box.press("ArrowUp");
  await expect(field).toBeFocused();
});

test("what fails is a sentence, and no text is lost", async ({ page, chat, watch }) => {
  watch.allow(/429|422|ERR_FAILED|ERR_INTERNET_DISCONNECTED|Failed to load resource/);
  await chat.open("/temporary");
  await chat.ask("A question", "429");
  await expect(chat.answer.getByRole("status")).toContainText(/requests|again/i);
  await chat.choose("echo");
  await chat.retry.click();
  await chat.expectText("A question");
  await chat.ended();
  // The server cannot be reached: the question comes back into its field.
  await page.context().setOffline(true);
  await chat.ask("Another question");
  await expect(page.getByRole("alert")).toContainText("cannot be reached");
  await expect(chat.box).toHaveValue("Another question");
  await expect(chat.questions).toHaveCount(1);
  await page.context().setOffline(false);
  await chat.box.press("Enter");
  await expect(chat.answers).toHaveCount(2);
  await chat.expectText("Another question");
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("leaving it asks first, and then it is gone", async ({ page, chat }) => {
  await chat.open("/temporary");
  await chat.ask("Only here", "echo");
  await chat.ended();
  const asked = page.waitForEvent("dialog");
  const reload = page.reload();
  const dialog = await asked;
  expect(dialog.type()).toBe("beforeunload");
  await dialog.accept();
  await reload;
  await chat.ready();
  await expect(chat.questions).toHaveCount(0);
  await expect(chat.box).toHaveValue("");
  // Without a text there is nothing to ask about.
  await chat.sidebar.getByRole("link", { name: "New conversation" }).click();
  await expect(page).toHaveURL(/\/$/);
  await page.goBack();
  await expect(page).toHaveURL(/\/temporary$/);
  await expect(chat.questions).toHaveCount(0);
});

test("one that is kept goes on as any other", async ({ page, chat }) => {
  await chat.open("/temporary");
  const keep = page.getByRole("button", { name: "Keep this conversation" });
  await expect(keep).toBeHidden();
  await chat.ask("Worth keeping", "echo");
  await chat.ended();
  await keep.click();
  await page.waitForURL(/\/c\/\w+/);
  await chat.ready();
  await expect(page.getByRole("note")).toHaveCount(0);
  await expect(chat.questions).toHaveText([/Worth keeping/]);
  await chat.expectText("Worth keeping");
  await chat.ask("Further");
  await expect(chat.answers).toHaveCount(2);
  await chat.ended();
  await expect(chat.sidebar.locator(".history a:not(.row-more)")).toHaveCount(1);
});

test("one is kept although the model that answered is gone", async ({ page, chat }) => {
  await chat.open("/temporary");
  await chat.ask("Worth keeping", "echo");
  await chat.ended();
  await chat.answer.evaluate((answer) => answer.setAttribute("data-of-model", "openai/vanished"));
  await page.getByRole("button", { name: "Keep this conversation" }).click();
  await page.waitForURL(/\/c\/\w+/);
  await chat.expectText("Worth keeping");
  await expect(chat.answer.locator(".meta")).not.toContainText("vanished");
});

test("a key, the palette and Escape", async ({ page, chat }) => {
  await chat.open();
  await chat.title.click();
  await page.locator("body").press("t");
  await expect(page).toHaveURL(/\/temporary$/);
  await chat.ready();
  await chat.ask("Count", "slow");
  await chat.grown(20);
  await page.keyboard.press("Escape");
  await expect(chat.answer).toContainText("You stopped this answer.");
  await chat.open();
  await page.keyboard.press("Control+k");
  await page.locator(".palette-search").fill("temporary");
  await page.locator("#palette-rows").getByText("Temporary conversation").click();
  await expect(page).toHaveURL(/\/temporary$/);
});

test("what is to be written again stays until there is a text in its place", async ({ page, chat, watch }) => {
  watch.allow(/429|Failed to load resource/);
  await chat.open("/temporary");
  await chat.ask("First", "echo");
  await chat.ended();
  await chat.ask("Second");
  await expect(chat.answers).toHaveCount(2);
  await chat.ended();
  await chat.choose("429");
  await chat.answer.hover();
  await chat.answer.getByTitle("Regenerate").click();
  await expect(page.getByRole("alert")).toContainText(/requests|again/i);
  await expect(chat.answers).toHaveText([/First/, /Second/]);
  // An edit of the first question takes nothing away either, and what was typed is still there.
  const field = await chat.edit(chat.questions.first());
  await field.fill("Better");
  await field.press("Enter");
  await expect(chat.send).toBeVisible();
  await expect(page.getByRole("alert")).toContainText(/requests|again/i);
  await expect(chat.answers).toHaveText([/First/, /Second/]);
  await expect(chat.questions).toHaveCount(2);
  await expect(field).toHaveValue("Better");
  // Nor does one that is stopped before its first text.
  await chat.choose("hang-first");
  await field.press("Enter");
  await expect(chat.answers).toHaveCount(1);
  await chat.stop.click();
  await expect(chat.answers).toHaveText([/First/, /Second/]);
  await chat.choose("echo");
  await field.press("Enter");
  await expect(chat.questions).toHaveText([/Better/]);
  await chat.expectText("Better");
});

test("one is stopped before the server has answered, and the next question is not cut by the end of the one before", async ({ page, chat }) => {
  await chat.open("/temporary");
  await chat.choose("echo");
  let go = () => {};
  const gone = new Promise<void>((done) => (go = done));
  await page.route("**/fn/ask-temporary", async (route) => {
    await gone;
    await route.continue();
  });
  await chat.ask("First");
  await chat.stop.click();
  await expect(chat.send).toBeVisible();
  await expect(chat.answer).toContainText("You stopped this answer.");
  const answered = page.waitForResponse((answer) => answer.url().endsWith("/fn/ask-temporary"));
  go();
  await answered;
  await page.unroute("**/fn/ask-temporary");
  await chat.retry.click();
  await chat.expectText("First");
  await chat.ended();
  // The stream of an answer stays open for a moment after its end; a question that is asked meanwhile is its own.
  await page.evaluate(() => {
    const read = ReadableStreamDefaultReader.prototype.read;
    const window_ = window as any;
    window_.ends = [];
    ReadableStreamDefaultReader.prototype.read = async function (this: any, ...rest: []) {
      const part = await read.apply(this, rest);
      if (part.done) await new Promise((end) => window_.ends.push(end));
      return part;
    } as typeof read;
  });
  await chat.ask("Second");
  await chat.expectText("Second");
  await expect.poll(() => page.evaluate(() => (window as any).ends.length)).toBe(1);
  await chat.ask("Third", "slow");
  await chat.grown(1);
  await page.evaluate(() => (window as any).ends[0]());
  const text = await chat.text();
  await chat.grown(text.length);
  await expect(chat.answer).not.toContainText("lost");
  await chat.stop.click();
  await expect(chat.answer).toContainText("You stopped this answer.");
});

test("what is asked after it was kept is kept, too", async ({ page, chat }) => {
  await chat.open("/temporary");
  await chat.ask("Worth keeping", "echo");
  await chat.ended();
  await chat.box.fill("Further");
  const keep = page.getByRole("button", { name: "Keep this conversation" });
  const asked = page.waitForEvent("dialog");
  await keep.click();
  await (await asked).dismiss();
  await chat.box.press("Enter");
  await expect(chat.answers).toHaveCount(2);
  await chat.ended();
  // Leaving would lose the new messages.
  const again = page.waitForEvent("dialog");
  void page.evaluate(() => location.reload());
  await (await again).dismiss();
  await keep.click();
  await page.waitForURL(/\/c\/\w+/);
  await chat.ready();
  await expect(chat.questions).toHaveText([/Worth keeping/, /Further/]);
});
