// A page that was away for longer than the server keeps the events: the server tells it what changed, and no more.
import type { Page } from "@playwright/test";

import { Chat } from "../support/chat.ts";
import { expect, test } from "../support/test.ts";

/** Marks the page, so that a reload shows by the missing mark. */
const mark = (page: Page) => page.evaluate(() => ((window as any).samePage = true));
const isSame = (page: Page) => page.evaluate(() => (window as any).samePage === true);

test("a page that was away shows what was asked elsewhere, without loading anew", async ({ chat, context, browser, watch }) => {
  watch.allow(/ERR_INTERNET_DISCONNECTED|network error/);
  await chat.begin("First words", "echo");
  await chat.ended();
  // Another browser of the same person keeps its connection.
  const elsewhere = await browser.newContext({ storageState: await context.storageState() });
  await watch.context(elsewhere);
  const other = new Chat(await elsewhere.newPage());
  await mark(chat.page);
  await chat.box.fill("a draft");
  await context.setOffline(true);
  await other.open(chat.page.url());
  await other.ask("Second words", "echo");
  await other.ended();
  await other.ask("Third words", "echo");
  await other.ended();
  // No page listens any more, so the server drops the events, and only the store has what changed.
  await elsewhere.close();
  await context.setOffline(false);
  await expect(chat.questions).toHaveText([/First words/, /Second words/, /Third words/], { timeout: 20_000 });
  await expect(chat.answers).toHaveCount(3);
  await chat.expectText("Third words");
  await expect(chat.box).toHaveValue("a draft");
  expect(await isSame(chat.page), "nothing had to be loaded anew").toBe(true);
});
