// What a room shows to whom: an edit that is cancelled, the buttons of a message on a touch screen.
import type { Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

async function room(page: Page, name: string) {
  await page.goto("/rooms/new");
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Make room" }).click();
  await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
}

async function write(page: Page, text: string) {
  await page.getByRole("textbox", { name: "Message", exact: true }).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.locator(".said.own:not(.posting)")).toContainText([text]);
}

test("an edit in a room that is cancelled leaves the message as it was", async ({ page, user: _ }) => {
  await room(page, "Edits");
  await write(page, "First words");
  const said = page.locator(".said.own");
  const text = said.locator(".question-text");
  const field = said.locator(".edit-form textarea");
  const open = async () => {
    await said.hover();
    await said.getByTitle("Edit").click();
    await expect(field).toBeFocused();
    await expect(text).toBeHidden();
  };
  await open();
  await field.press("Escape");
  await expect(field).toHaveCount(0);
  await expect(text).toHaveText("First words");
  await expect(page).toHaveURL(/\/c\/[^?]+$/);

  await open();
  await field.fill("Other words");
  await said.getByRole("link", { name: "Cancel" }).click();
  await expect(text).toBeVisible();
  await expect(text).toHaveText("First words");

  // What was typed is there again when the page is loaded once more.
  await open();
  await field.fill("Better words");
  await page.reload();
  await expect(field).toHaveValue("Better words");
  await said.getByRole("button", { name: "Save message" }).click();
  await expect(text).toHaveText("Better words");
  await expect(field).toHaveCount(0);
  await page.reload();
  await expect(text).toHaveText("Better words");
  await expect(field).toHaveCount(0);
});

test.describe("on a touch screen", () => {
  test.use({ viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true });

  test("the buttons of each message can be seen", async ({ page, user: _ }) => {
    await room(page, "Touch");
    await write(page, "One");
    await write(page, "Two");
    for (const buttons of await page.locator(".said > .actions").all()) await expect(buttons).toHaveCSS("opacity", "1");
  });
});
