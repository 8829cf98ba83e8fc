// Without a script the page has an idempotency key of the server, and a browser that brings the page back sends the same
// key again.
import { expect, test } from "../support/test.ts";

test("ask, go back, ask something else: two conversations", async ({ page, chat }) => {
  await page.goto("/");
  const key = await page.locator(".composer input[name=key]").getAttribute("value");
  await chat.ask("The first question", "echo");
  await chat.expectText("The first question");
  const first = page.url();
  // The browser may count a page that it loaded again for a running answer as a step of its own.
  for (let steps = 0; steps < 5 && new URL(page.url()).pathname !== "/"; steps += 1) await page.goBack();
  // Some browsers bring back the page that they kept; this sets its key as they would.
  await page.locator(".composer input[name=key]").evaluate((field: HTMLInputElement, key) => (field.value = key!), key);
  await chat.ask("The second question", "echo");
  await chat.expectText("The second question");
  await expect(chat.questions).toHaveText([/The second question/]);
  expect(page.url().split("#")[0].split("?")[0]).not.toBe(first.split("#")[0].split("?")[0]);
});
