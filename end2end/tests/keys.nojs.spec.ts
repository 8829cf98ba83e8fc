// Without a script the server makes the key of a page, and a browser may bring the page back with it.
import { expect, test } from "../support/test.ts";

test("ask, go back, ask something else: two conversations", async ({ page, chat }) => {
  await page.goto("/");
  const key = await page.locator(".composer input[name=key]").getAttribute("value");
  await chat.ask("The first question", "echo");
  await chat.expectText("The first question");
  const first = page.url();
  // A page that is made anew while its answer is written may be a step of its own.
  for (let steps = 0; steps < 5 && new URL(page.url()).pathname !== "/"; steps += 1) await page.goBack();
  // As a browser does that has kept the page.
  await page.locator(".composer input[name=key]").evaluate((field: HTMLInputElement, key) => (field.value = key!), key);
  await chat.ask("The second question", "echo");
  await chat.expectText("The second question");
  await expect(chat.questions).toHaveText([/The second question/]);
  expect(page.url().split("#")[0].split("?")[0]).not.toBe(first.split("#")[0].split("?")[0]);
});
