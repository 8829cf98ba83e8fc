import { numbered } from "../support/chat.ts";
import { expect, test } from "../support/test.ts";

test("the server is killed and started again while an answer is written", async ({ page, chat, server, watch }) => {
  watch.allow(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|network error/);
  await chat.begin("Count", "tokens-2000-20");
  await chat.grown(300);
  const seen = await chat.text();
  await server.kill();
  await expect(page.getByText("Reconnecting …")).toBeVisible();
  await server.up();
  const sentence = page.locator(".answer-end").getByText("The server was stopped while it wrote this answer.");
  await expect(sentence).toBeVisible();
  await expect(page.getByText("Reconnecting …")).toBeHidden();
  await expect(chat.retry).toBeVisible();
  await chat.ended();
  const shown = await chat.text();

  await chat.reload();
  await expect(sentence).toBeVisible();
  const kept = await chat.text();
  expect(kept).toBe(shown);
  expect(numbered(2000).startsWith(kept)).toBe(true);
  // The model writes a word every 20 ms. Words of the last 200 ms before the kill may be lost.
  const lost = seen.split(" ").length - kept.split(" ").length;
  expect(lost).toBeLessThanOrEqual(15);

  await chat.retry.click();
  await chat.ready();
  await chat.grown(20);
  await chat.stop.click();
  await expect(page.locator(".answer-end").getByText("You stopped this answer")).toBeVisible();
  await expect(chat.questions).toHaveCount(1);
});

test("a restart between two questions goes unnoticed", async ({ chat, server, watch }) => {
  watch.allow(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|network error/);
  await chat.begin("First", "json");
  await chat.ended();
  await expect(chat.title).toHaveText("A short title");
  await server.kill();
  await server.up();
  await chat.ask("Second");
  await expect(chat.answers).toHaveCount(2);
  await chat.ended();
  await expect(chat.answer).toContainText("The whole answer at once.");
});

test("a question asked while the server is away is kept in the box, and sent once", async ({ page, chat, server, watch }) => {
  watch.allow(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|network error/);
  await chat.begin("First", "json");
  await chat.ended();
  await expect(chat.title).toHaveText("A short title");
  await server.kill();
  await chat.ask("Second");
  await expect(page.getByRole("alert")).toHaveText(/The server cannot be reached/);
  await expect(chat.box).toHaveValue("Second");
  await server.up();
  await chat.send.click();
  await expect(chat.questions).toHaveText([/First/, /Second/]);
  await expect(page.getByRole("alert")).toHaveCount(0);
  await chat.ended();
  await chat.reload();
  await expect(chat.questions).toHaveText([/First/, /Second/]);
});
