// What is under way when a person moves to another conversation or to an older page of one.
import type { Locator, Page } from "@playwright/test";

import type { Chat } from "../support/chat.ts";
import { expect, test } from "../support/test.ts";

test("a question that cannot be sent after its conversation was left becomes its draft", async ({ page, chat, watch }) => {
  watch.allow(/ERR_FAILED/);
  await chat.begin("Leeks", "json");
  await chat.ended();
  const first = page.url();
  await page.getByRole("link", { name: "New conversation" }).first().click();
  await chat.ask("Stars", "json");
  await chat.ended();
  const second = page.url();
  await page.locator(`.sidebar a[href="${new URL(first).pathname}"]`).click();
  await expect(chat.questions).toHaveText([/Leeks/]);
  let refuse = () => {};
  const refused = new Promise<void>((done) => (refuse = done));
  await page.route("**/fn/ask", async (route) => {
    await refused;
    await route.abort("failed");
  });
  await chat.ask("And potatoes?");
  await expect(chat.questions).toHaveCount(2);
  await page.locator(`.sidebar a[href="${new URL(second).pathname}"]`).click();
  await expect(chat.questions).toHaveText([/Stars/]);
  await chat.box.fill("A draft of the other");
  refuse();
  await expect(page.getByRole("alert")).toContainText("cannot be reached");
  await expect(chat.box).toHaveValue("A draft of the other");
  await page.goBack();
  await expect(chat.questions).toHaveText([/Leeks/]);
  await expect(chat.box).toHaveValue("And potatoes?");
});

/** Holds requests to send a question back until `go` is called; they are then sent on, or fail. */
async function held(page: Page, only: RegExp, then: "continue" | "fail"): Promise<() => void> {
  let go = () => {};
  const going = new Promise<void>((done) => (go = done));
  await page.route("**/fn/ask", async (route) => {
    if (!only.test(decodeURIComponent(route.request().postData()!).replaceAll("+", " "))) return route.fallback();
    await going;
    await (then === "fail" ? route.abort("failed") : route.continue());
  });
  return go;
}

/** Two conversations with a question each, and the links to them; the second one is on the page. */
async function two(page: Page, chat: Chat) {
  const links: Locator[] = [];
  for (const text of ["Leeks", "Stars"]) {
    await chat.begin(text, "json");
    await chat.ended();
    await expect(page).toHaveURL(/\/c\/\w+$/);
    links.push(page.locator(`.sidebar a[href="${new URL(page.url()).pathname}"]`));
  }
  return { leeks: links[0], stars: links[1] };
}

test("a refused question is not lost when another one is sent elsewhere before its reply comes", async ({ page, chat, watch }) => {
  watch.allow(/ERR_FAILED/);
  const { leeks, stars } = await two(page, chat);
  await leeks.click();
  await expect(chat.questions).toHaveText([/Leeks/]);
  const refuse = await held(page, /text=And potatoes/, "fail");
  await chat.ask("And potatoes?");
  await stars.click();
  await expect(chat.questions).toHaveText([/Stars/]);
  await chat.ask("And moons?");
  await expect(chat.questions).toHaveText([/Stars/, /And moons/]);
  await chat.ended();
  refuse();
  await expect(page.getByRole("alert")).toContainText("cannot be reached");
  await leeks.click();
  await expect(chat.questions).toHaveText([/Leeks/]);
  await expect(chat.box).toHaveValue("And potatoes?");
});

test("a question whose reply is awaited is there when one comes back, and in the composer when it is refused", async ({ page, chat, watch }) => {
  watch.allow(/ERR_FAILED/);
  const { leeks, stars } = await two(page, chat);
  const refuse = await held(page, /text=And moons/, "fail");
  await chat.ask("And moons?");
  await leeks.click();
  await expect(chat.questions).toHaveText([/Leeks/]);
  await stars.click();
  await expect(chat.questions).toHaveText([/Stars/, /And moons/]);
  refuse();
  await expect(page.getByRole("alert")).toContainText("cannot be reached");
  await expect(chat.questions).toHaveText([/Stars/]);
  await expect(chat.box).toHaveValue("And moons?");
  await chat.box.pressSequentially(" Or two?");
  await chat.reload();
  await expect(chat.box).toHaveValue("And moons? Or two?");
});

test("a new conversation is there when its page is wanted after all", async ({ page, chat }) => {
  const { leeks } = await two(page, chat);
  await chat.open();
  const send = await held(page, /text=Who asks/, "continue");
  await chat.ask("Who asks?", "json");
  let show = () => {};
  const shown = new Promise<void>((done) => (show = done));
  await page.route("**/fn/part?*", async (route) => {
    await shown;
    await route.continue().catch(() => {});
  });
  await leeks.click();
  await page.getByRole("link", { name: "New conversation" }).first().click();
  send();
  await expect(page).toHaveURL(/\/c\/\w+$/);
  show();
  await chat.ended();
  await expect(chat.questions).toHaveText([/Who asks/]);
  await chat.ask("And then?");
  await expect(chat.answers).toHaveCount(2);
  await chat.ended();
});

for (const arrives of [true, false]) {
  test(`a page that is loaded anew while a question is sent loses nothing, ${arrives ? "and it had arrived" : "and it had not arrived"}`, async ({ page, chat, watch }) => {
    watch.allow(/ERR_FAILED|ERR_ABORTED/);
    await chat.begin("Leeks", "json");
    await chat.ended();
    let sent = () => {};
    const sending = new Promise<void>((done) => (sent = done));
    await page.route("**/fn/ask", async (route) => {
      // The reply is lost in any case.
      if (arrives) await route.fetch();
      sent();
    });
    await chat.ask("And potatoes?");
    await sending;
    await chat.reload();
    await page.unroute("**/fn/ask");
    if (!arrives) {
      await expect(chat.questions).toHaveText([/Leeks/]);
      await expect(chat.box).toHaveValue("And potatoes?");
      await expect(page.getByRole("alert")).toContainText("not been sent yet");
      await chat.box.press("Enter");
    }
    await expect(chat.questions).toHaveText([/Leeks/, /And potatoes/]);
    await chat.ended();
    await expect(chat.box).toHaveValue("");
    await chat.reload();
    await expect(chat.questions).toHaveText([/Leeks/, /And potatoes/]);
    await expect(chat.box).toHaveValue("");
  });
}

test("an answer is stopped although its question is still being sent", async ({ page, chat }) => {
  await chat.open();
  const send = await held(page, /text=Count/, "continue");
  await chat.ask("Count", "slow");
  await chat.stop.click();
  send();
  await expect(chat.answer).toContainText("You stopped this answer.");
});

test("without a network a click leaves what is read on the page, and says why", async ({ page, chat, context, watch }) => {
  watch.allow(/ERR_INTERNET_DISCONNECTED|ERR_FAILED/);
  const { leeks } = await two(page, chat);
  await context.setOffline(true);
  await chat.box.fill("A draft");
  await leeks.click();
  await expect(page.getByRole("alert")).toContainText("cannot be reached");
  await expect(chat.questions).toHaveText([/Stars/]);
  await expect(chat.box).toHaveValue("A draft");
  await context.setOffline(false);
  await leeks.click();
  await expect(chat.questions).toHaveText([/Leeks/]);
  await expect(chat.box).toHaveValue("");
});

test("the start page is whole again when its first question is refused", async ({ page, chat, watch }) => {
  watch.allow(/ERR_FAILED/);
  await chat.open();
  await page.route("**/fn/ask", (route) => route.abort("failed"));
  await chat.ask("Anybody?", "json");
  await expect(page.getByRole("alert")).toContainText("cannot be reached");
  await expect(page.locator(".welcome h2")).toBeVisible();
  await expect(page.locator(".examples")).toBeVisible();
  await expect(chat.box).toHaveValue("Anybody?");
  await page.unroute("**/fn/ask");
  await chat.box.press("Enter");
  await chat.ended();
  await expect(page.locator(".welcome")).toHaveCount(0);
  await expect(chat.questions).toHaveCount(1);
});

test("what is asked on a page of older messages is shown among the newest", async ({ page, chat }) => {
  await chat.begin("First", "json");
  await chat.ended();
  await chat.ask("Second", "json");
  await chat.ended();
  await expect(chat.answers).toHaveCount(2);
  const address = page.url();
  const second = await chat.questions.last().getAttribute("id");
  await chat.open(`${new URL(address).pathname}?before=${second}`);
  await expect(chat.questions).toHaveText([/First/]);
  await chat.ask("Third", "json");
  await expect(page).toHaveURL(address);
  await expect(chat.questions).toHaveText([/First/, /Second/, /Third/]);
  await chat.ended();
  await expect(chat.answers).toHaveCount(3);
});

test("a limit counts down until the provider takes requests again", async ({ page, chat, watch }) => {
  watch.allow(/429/);
  await chat.open();
  await chat.ask("Now", "429");
  await expect(page.locator(".retry-in")).toHaveText(/^Retry in [\d,]+ s$/);
});

test("a conversation that is chosen in the palette opens in the same document, and Back returns", async ({ page, chat }) => {
  await chat.begin("Leeks", "json");
  await chat.ended();
  await page.getByRole("link", { name: "New conversation" }).first().click();
  await chat.ask("Stars", "json");
  await chat.ended();
  await page.evaluate(() => ((window as any).samePage = true));
  await page.keyboard.press("Control+k");
  const rows = page.locator("#palette-rows a[href^='/c/']");
  await expect(rows).toHaveCount(2);
  await rows.last().click();
  await expect(chat.questions).toHaveText([/Leeks/]);
  await expect(page.locator("#sheet")).toBeHidden();
  await expect(chat.box).toBeFocused();
  await page.goBack();
  await expect(chat.questions).toHaveText([/Stars/]);
  expect(await page.evaluate(() => (window as any).samePage)).toBe(true);
  // A click beside the sheet closes it; its other links load their pages.
  await page.keyboard.press("Control+k");
  await expect(rows).toHaveCount(2);
  await page.mouse.click(5, 5);
  await expect(page.locator("#sheet")).toBeHidden();
  await page.keyboard.press("Control+k");
  await page.locator("#palette-rows a[href='/settings']").click();
  await expect(page).toHaveURL(/\/settings$/);
});
