// Sending in a room: what one writes stands there at once, once, and is not lost.
import type { Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

const POST = "**/fn/post";

async function room(page: Page, name: string) {
  await page.goto("/rooms/new");
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Make room" }).click();
  await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
}

async function write(page: Page, text: string) {
  const field = page.getByRole("textbox", { name: "Message" });
  await field.fill(text);
  await field.press("Enter");
}

test("a message stands in the room before the server has answered, and messages keep their order", async ({ page, user: _ }) => {
  await room(page, "Order");
  let letGo = () => {};
  const held = new Promise<void>((go) => (letGo = go));
  await page.route(POST, async (route) => {
    await held;
    await route.continue();
  });
  const texts = ["one", "two", "three"];
  for (const text of texts) await write(page, text);
  const said = page.locator(".said.own");
  await expect(said.locator(".question-text")).toHaveText(texts);
  await expect(page.locator(".said.posting")).toHaveCount(3);
  await expect(page.getByText("Sending…").first()).toBeVisible();
  letGo();
  await expect(page.locator(".said.posting")).toHaveCount(0);
  await expect(said.locator(".question-text")).toHaveText(texts);
  // They are the server's.
  await page.reload();
  await expect(said.locator(".question-text")).toHaveText(texts);
});

test("a message whose reply was lost is one message", async ({ page, user: _, watch }) => {
  watch.allow(/ERR_CONNECTION_RESET/);
  await room(page, "Lost");
  let posted = 0;
  await page.route(POST, async (route) => {
    posted += 1;
    if (posted > 1) return route.continue();
    // The server has it, and the reply does not come.
    await route.fetch();
    await route.abort("connectionreset");
  });
  await write(page, "Only once");
  await expect(page.locator(".said.posting")).toHaveCount(0);
  expect(posted).toBe(2);
  const said = page.locator(".said .question-text");
  await expect(said).toHaveText(["Only once"]);
  await page.reload();
  await expect(said).toHaveText(["Only once"]);
});

test("a page that is closed meanwhile sends it when the room is opened again", async ({ page, user: _ }) => {
  await room(page, "Closed");
  await page.route(POST, () => {});
  await write(page, "Do not lose me");
  await expect(page.locator(".said.posting")).toHaveCount(1);
  await page.unroute(POST);
  await page.reload();
  const said = page.locator(".said .question-text");
  await expect(said).toHaveText(["Do not lose me"]);
  await expect(page.locator(".said.posting")).toHaveCount(0);
  await page.reload();
  await expect(said).toHaveText(["Do not lose me"]);
});

test("a message that is refused says why, and can be sent again or taken back", async ({ page, user: _, watch }) => {
  watch.allow(/status of 429/);
  await room(page, "Refused");
  const refusal = { code: "rate_limited", message: "Wait 3 seconds and try again." };
  await page.route(POST, (route) => route.fulfill({ status: 429, json: refusal }));
  await write(page, "First");
  await write(page, "Second");
  const failed = page.locator(".said.posting");
  await expect(failed).toHaveCount(2);
  await expect(failed.first().getByRole("alert")).toContainText("Wait 3 seconds and try again.");
  await page.unroute(POST);
  await failed.first().getByRole("button", { name: "Try again" }).click();
  await expect(failed).toHaveCount(1);
  await expect(page.locator(".said:not(.posting) .question-text")).toHaveText(["First"]);
  await failed.getByRole("button", { name: "Take back" }).click();
  await expect(failed).toHaveCount(0);
  await expect(page.getByRole("textbox", { name: "Message" })).toHaveValue("Second");
  await page.reload();
  await expect(page.locator(".said .question-text")).toHaveText(["First"]);
});

test("a message that is taken back still answers what it answered", async ({ page, user: _, watch }) => {
  watch.allow(/status of 403/);
  await room(page, "Replies");
  await write(page, "Who has the key?");
  await expect(page.locator(".said.posting")).toHaveCount(0);
  const said = page.locator(".said.own");
  await said.first().hover();
  await said.first().getByTitle("Reply").click();
  await page.route(POST, (route) => route.fulfill({ status: 403, json: { code: "forbidden", message: "Not now." } }));
  await write(page, "I have");
  await page.locator(".said.posting").getByRole("button", { name: "Take back" }).click();
  await expect(page.locator("#replying")).toContainText("Who has the key?");
  await page.unroute(POST);
  await page.getByRole("textbox", { name: "Message" }).press("Enter");
  await expect(page.locator(".said.posting")).toHaveCount(0);
  await expect(said.last().locator(".said-reply")).toContainText("Who has the key?");
});

test("a request that gets no answer does not hold up the messages behind it", async ({ page, user: _ }) => {
  test.slow();
  await room(page, "Dead line");
  let posted = 0;
  // The first request goes into a connection that is dead.
  await page.route(POST, (route) => (++posted > 1 ? route.continue() : undefined));
  await write(page, "First");
  await write(page, "Second");
  await expect(page.locator(".said.posting")).toHaveCount(0, { timeout: 40_000 });
  await expect(page.locator(".said.own .question-text")).toHaveText(["First", "Second"]);
  expect(posted).toBe(3);
});

test("a message on its way stays in its room while another is looked at", async ({ page, user: _ }) => {
  await room(page, "Here");
  const here = page.url();
  await room(page, "There");
  const there = page.url();
  let letGo = () => {};
  const held = new Promise<void>((go) => (letGo = go));
  await page.route(POST, async (route) => {
    await held;
    await route.continue();
  });
  await write(page, "For there");
  await expect(page.locator(".said.posting")).toHaveCount(1);
  await page.locator(`.sidebar a[href="${new URL(here).pathname}"]`).click();
  await expect(page.getByRole("heading", { name: "Here", level: 1 })).toBeVisible();
  await expect(page.locator(".said")).toHaveCount(0);
  letGo();
  await page.locator(`.sidebar a[href="${new URL(there).pathname}"]`).click();
  await expect(page.locator(".said:not(.posting) .question-text")).toHaveText(["For there"]);
});
