// Direct messages with a script: what one writes, the other sees without loading the page again.
import { expectAccessible } from "../support/axe.ts";
import { expect, test } from "../support/test.ts";

test("two people write to each other, and each sees the other's name", async ({ page, user, newPerson }) => {
  const other = await newPerson();
  await page.goto("/people");
  await expectAccessible(page, "the list of people");
  await page.getByRole("main").getByRole("link", { name: new RegExp(other.user.name) }).click();
  await expectAccessible(page, "a profile");
  await page.getByRole("button", { name: "Message" }).click();
  await expect(page.getByRole("heading", { name: other.user.name, level: 1 })).toBeVisible();
  const field = page.getByRole("textbox", { name: "Message" });
  await expect(field).toHaveAttribute("placeholder", `Message ${other.user.name}; @model asks the model`);
  await other.page.goto(page.url());
  await field.fill("Soup is ready");
  await field.press("Enter");
  await expect(other.page.locator(".said")).toHaveText([/Soup is ready/]);
  await expect(other.page.locator(".said")).toContainText([user.name]);
  const answer = other.page.getByRole("textbox", { name: "Message" });
  await answer.fill("Coming");
  await answer.press("Enter");
  await expect(page.locator(".said")).toHaveText([/Soup is ready/, /Coming/]);
  await expectAccessible(page, "a direct conversation");
  await page.getByRole("button", { name: "Put away until the next message" }).click();
  await expect(page.getByText("The conversation is put away.")).toBeVisible();
  await page.goto("/settings");
  await expectAccessible(page, "what others see of oneself");
});
