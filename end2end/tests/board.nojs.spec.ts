// A private conversation becomes the beginning of a room, and the board, both with JavaScript off.
import { signInAsAdmin } from "../support/admin.ts";
import { expect, test } from "../support/test.ts";

test("a private conversation is copied into a room", async ({ page, user }) => {
  await page.goto("/");
  await page.getByRole("textbox", { name: "Message" }).fill("How long does tea draw?");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.locator(".answer")).toHaveCount(1);
  const address = page.url();
  await page.getByLabel("Conversation menu").click();
  await page.getByRole("link", { name: "Bring people in" }).click();
  await expect(page.getByText("This conversation stays private.")).toBeVisible();
  await page.getByLabel("Name", { exact: true }).fill("Tea together");
  await page.getByLabel("Every message").check();
  await page.getByRole("button", { name: "Make room of a copy" }).click();
  await expect(page.getByRole("heading", { name: "Tea together", level: 1 })).toBeVisible();
  await expect(page.getByText(`Copied from a private conversation by ${user.name} on`)).toBeVisible();
  await expect(page.locator(".said")).toContainText(["How long does tea draw?"]);
  expect(page.url()).not.toBe(address);
});

test("an administrator makes the board, people write on it and guests read it", async ({ page, browser, newPerson, server, watch }) => {
  watch.allow(/404/);
  await signInAsAdmin(page);
  await page.goto("/admin/board");
  await page.getByLabel("Name", { exact: true }).fill("Village news");
  await page.getByLabel("May read it, also as a feed").check();
  await page.getByLabel("Notes on the start page").fill("3");
  await page.getByRole("button", { name: "Make board" }).click();
  await expect(page.getByText("The board is changed.")).toBeVisible();
  await page.getByRole("link", { name: "Open board" }).click();
  await expect(page.getByRole("heading", { name: "Village news", level: 1 })).toBeVisible();
  await page.getByRole("textbox", { name: "Message" }).fill("The **well** is closed on Monday.");
  await page.getByRole("button", { name: "Send" }).click();

  const other = await newPerson();
  await other.page.goto("/");
  await other.page.locator(".start-board").getByRole("link", { name: /The well is closed on Monday/ }).click();
  await expect(other.page.getByRole("heading", { name: "Village news", level: 1 })).toBeVisible();
  await other.page.getByRole("textbox", { name: "Message" }).fill("And on Tuesday?");
  await other.page.getByRole("button", { name: "Send" }).click();
  await expect(other.page.locator(".said")).toHaveCount(2);
  await expect(other.page.locator(".side-rooms")).toContainText("Village news");

  const context = await browser.newContext({ baseURL: server.url, javaScriptEnabled: false });
  const guest = await context.newPage();
  await guest.goto("/board");
  await expect(guest.locator(".board-note")).toHaveCount(2);
  await expect(guest.locator(".board-note strong").filter({ hasText: "well" })).toBeVisible();
  await expect(guest.locator('link[rel="alternate"]')).toHaveAttribute("type", "application/atom+xml");

  await page.goto("/admin/board");
  await page.getByLabel("Is switched off").check();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("The board is changed.")).toBeVisible();
  expect((await guest.goto("/board"))!.status()).toBe(404);
  expect((await other.page.goto("/board"))!.status()).toBe(404);
  await context.close();
});
