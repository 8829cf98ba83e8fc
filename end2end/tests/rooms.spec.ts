// Rooms with a script: what one writes, others see without loading the page again.
import { expectAccessible } from "../support/axe.ts";
import { expect, test } from "../support/test.ts";

test("what one writes in a room the other sees at once", async ({ page, user, newPerson, context }) => {
  await page.goto("/rooms/new");
  await page.getByLabel("Name", { exact: true }).fill("Kitchen");
  await expectAccessible(page, "the form of a new room");
  await page.getByRole("button", { name: "Make room" }).click();
  await expect(page.getByRole("heading", { name: "Kitchen", level: 1 })).toBeVisible();
  const address = page.url();
  const id = address.split("/").pop();
  await page.goto(`/rooms/${id}/invite`);
  await page.getByRole("button", { name: "Make invitation" }).click();
  const link = await page.locator(".code-link").getAttribute("href");
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await expect(page.getByRole("button", { name: "Copied", exact: true })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
  await expect(page.getByRole("button", { name: "Copy", exact: true })).toBeVisible();
  await expectAccessible(page, "the invitations of a room");

  const other = await newPerson();
  await other.page.goto(link!);
  await other.page.getByRole("button", { name: "Join" }).click();
  await expect(other.page).toHaveURL(address);
  await page.goto(address);

  const field = page.getByRole("textbox", { name: "Message" });
  await expect(field).toHaveAttribute("placeholder", "Message Kitchen; @model asks the model");
  await field.fill("Soup is ready");
  await field.press("Enter");
  await expect(page.locator(".said.own")).toHaveText([/Soup is ready/]);
  await expect(field).toHaveValue("");
  await expect(other.page.locator(".said")).toHaveText([/Soup is ready/]);
  await expect(other.page.locator(".said")).toContainText([user.name]);

  const answer = other.page.getByRole("textbox", { name: "Message" });
  await answer.fill("Coming");
  await answer.press("Enter");
  await expect(page.locator(".said")).toHaveText([/Soup is ready/, /Coming/]);
  await expectAccessible(page, "the thread of a room");
  await page.goto(`/rooms/${id}/members`);
  await expectAccessible(page, "the members of a room");
  await page.goto(`/rooms/${id}/settings`);
  await expectAccessible(page, "the settings of a room");
});
