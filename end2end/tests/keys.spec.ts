// An idempotency key belongs to a question, not to a page: whatever becomes of a page or of a reply, each question is asked
// once.
import { launchOptions } from "../support/browser.mjs";
import type { Chat } from "../support/chat.ts";
import { expect, test } from "../support/test.ts";
import { byStream } from "../support/way.ts";

// Playwright starts its browsers without the cache of pages that Back uses, so these tests start one with it.
test.use({ launchOptions: { ...launchOptions, ignoreDefaultArgs: ["--disable-back-forward-cache"] } });

/** Lets requests reach the server and loses the replies. */
async function loseReply(chat: Chat, path: string) {
  await chat.page.route(`**${path}`, async (route) => {
    await route.fetch();
    await route.abort("connectionreset");
  });
}

const titles = (chat: Chat) => chat.sidebar.getByRole("listitem");

test("ask, go back, ask something else: two conversations", async ({ page, chat }) => {
  await chat.begin("The first question", "echo");
  await chat.ended();
  const first = page.url();
  await page.goBack();
  await expect(page.locator(".start")).toBeVisible();
  await chat.choose("echo");
  await chat.box.fill("The second question");
  await chat.box.press("Enter");
  await page.waitForURL(/\/c\/\w+/);
  expect(page.url().split("#")[0]).not.toBe(first.split("#")[0]);
  await expect(chat.questions).toHaveText([/The second question/]);
  await chat.ended();
  // The same text once more is another question, too.
  await page.goBack();
  // Sent while the start page is still on its way.
  await chat.box.fill("The second question");
  await chat.box.press("Enter");
  await page.waitForURL(/\/c\/\w+/);
  await chat.ended();
  await expect(titles(chat)).toHaveCount(3);
});

test("a page that is brought back as it was left sends what is asked now", async ({ page, chat, watch }) => {
  watch.allow(/ERR_CONNECTION_RESET|ERR_FAILED/);
  await chat.open();
  await loseReply(chat, "/fn/ask");
  await chat.box.fill("Asked before");
  await chat.box.press("Enter");
  await expect(page.getByRole("alert")).toHaveText(/cannot be reached/);
  await page.unroute("**/fn/ask");
  await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await chat.box.press("Enter");
  await page.waitForURL(/\/c\/\w+/);
  await chat.ended();
  await expect(titles(chat)).toHaveCount(2);
});

test("a lost reply: the same again is one question, a corrected one is asked", async ({ page, chat, watch }) => {
  watch.allow(/ERR_CONNECTION_RESET|ERR_FAILED|ERR_INTERNET_DISCONNECTED|ERR_INCOMPLETE|network error/);
  await byStream(page);
  await chat.open();
  await chat.choose("echo");
  await loseReply(chat, "/fn/ask");
  await chat.box.fill("What is a harth?");
  await chat.box.press("Enter");
  await expect(page.getByRole("alert")).toHaveText(/cannot be reached/);
  await expect(chat.box).toHaveValue("What is a harth?");
  await page.unroute("**/fn/ask");
  await chat.box.press("Enter");
  await page.waitForURL(/\/c\/\w+/);
  await expect(chat.questions).toHaveText([/What is a harth\?/]);
  await chat.ended();
  await chat.reload();
  await expect(titles(chat)).toHaveCount(1);

  // In a conversation the page sees that the question arrived, and empties the field.
  await loseReply(chat, "/fn/ask");
  await chat.ask("And a mantel?");
  await expect(chat.questions).toHaveText([/harth/, /mantel/]);
  await expect(chat.box).toHaveValue("");
  await chat.ended();
  await expect(page.getByRole("alert")).toHaveCount(0);

  // A page that gets no events keeps the text, which is corrected here.
  await page.route("**/fn/follow", (route) => route.abort("connectionreset"));
  await page.context().setOffline(true);
  await expect(chat.lost).toBeVisible();
  await page.context().setOffline(false);
  await chat.ask("And a grte?");
  await expect(page.getByRole("alert")).toHaveText(/cannot be reached/);
  await expect(chat.box).toHaveValue("And a grte?");
  await chat.box.fill("And a grate?");
  await page.unroute("**/fn/ask");
  await page.unroute("**/fn/follow");
  await expect(chat.questions).toHaveText([/harth/, /mantel/, /grte/]);
  await chat.ended();
  await expect(chat.box).toHaveValue("And a grate?");
  await chat.box.press("Enter");
  await expect(chat.questions).toHaveText([/harth/, /mantel/, /grte/, /grate/]);
  await expect(chat.box).toHaveValue("");
  await chat.ended();
});

test("the reply to an edit is lost: the corrected one is asked, too", async ({ page, chat, watch }) => {
  watch.allow(/ERR_CONNECTION_RESET|ERR_FAILED|status of 409/);
  await chat.begin("First words", "echo");
  await chat.ended();
  const field = await chat.edit(chat.questions.first());
  await field.fill("Secnd words");
  await loseReply(chat, "/fn/edit");
  await field.press("Enter");
  // The server has the edit, and the page shows it because it follows the conversation.
  await expect(chat.questions).toHaveText([/Secnd words/]);
  await chat.ended();
  await chat.ready();
  await page.unroute("**/fn/edit");
  const again = await chat.edit(chat.questions.first());
  await again.fill("Second words");
  await again.press("Enter");
  await expect(chat.questions).toHaveText([/Second words/]);
  await chat.ended();
  await chat.expectText("Second words");
});

test("written again, twice: each is an answer of its own", async ({ page, chat }) => {
  await chat.begin("First words", "echo");
  await chat.ended();
  for (const count of [2, 3]) {
    await chat.answer.hover();
    await chat.answer.getByRole("button", { name: "Regenerate", exact: true }).click();
    await expect(chat.versions(chat.answer)).toHaveText(new RegExp(`${count}/${count}`));
    await chat.ended();
    await chat.ready();
  }
  await expect(page.getByRole("alert")).toHaveCount(0);
});
