// Direct messages with a script: what one writes, the other sees without loading the page again.
import type { Page } from "@playwright/test";
import { expectAccessible } from "../support/axe.ts";
import { expect, test } from "../support/test.ts";

test("two people write to each other, and each sees the other's name", async ({ page, user, newPerson }) => {
  const other = await newPerson();
  await page.goto("/people");
  await expectAccessible(page, "the list of people");
  // Others of this server may fill the first page.
  await page.goto(`/people?q=${encodeURIComponent(other.user.name)}`);
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

/** What a page's console says that is no mere talk. */
function complaints(page: Page): string[] {
  const all: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      all.push(`${message.text()} ${message.location().url}`);
    }
  });
  page.on("pageerror", (error) => all.push(String(error)));
  return all;
}

test("two people react, pin, reply and edit, and the browser has nothing to complain of", async ({ page, user, newPerson }) => {
  const other = await newPerson();
  const complained = [complaints(page), complaints(other.page)];
  await page.goto(`/people?q=${encodeURIComponent(other.user.name)}`);
  await page.getByRole("main").getByRole("link", { name: new RegExp(other.user.name) }).click();
  await page.getByRole("button", { name: "Message" }).click();
  await expect(page.getByRole("heading", { name: other.user.name, level: 1 })).toBeVisible();
  const id = page.url().split("/").pop();
  const field = page.getByRole("textbox", { name: "Message" });
  await field.fill("Soup is ready");
  await field.press("Enter");
  await expect(page.locator(".said")).toHaveText([/Soup is ready/]);
  await other.page.goto(page.url());
  const theirs = other.page.locator(".said").first();

  await theirs.hover();
  await theirs.locator(".mark-menu > summary").click();
  await expect(theirs.getByRole("link", { name: "Report" })).toHaveCount(0);
  await theirs.locator(".usual-reactions button").first().click();
  const chip = page.locator(".said .reaction");
  await expect(chip).toHaveText(/👍\s*1/);
  await chip.click();
  await expect(theirs.locator(".reaction")).toHaveText(/👍\s*2/);

  // A pin of any message, and an emoji that is not offered, on the page of the one message.
  await theirs.hover();
  await theirs.locator(".mark-menu > summary").click();
  await theirs.getByRole("button", { name: "Pin" }).click();
  await expect(page.locator(".pinned-note")).toContainText(other.user.name);
  await theirs.hover();
  await theirs.locator(".mark-menu > summary").click();
  await theirs.getByRole("link", { name: "Other reactions" }).click();
  await expect(other.page.getByRole("heading", { name: "If you do not want such messages" })).toBeVisible();
  await expectAccessible(other.page, "one message of a direct conversation");
  await other.page.getByLabel("Emoji").fill("🍲");
  await other.page.getByRole("button", { name: "React", exact: true }).click();
  await expect(chip.nth(1)).toHaveText(/🍲\s*1/);

  // Whom one may mention are the other person and the model.
  await theirs.hover();
  await theirs.locator(".reply-link").click();
  await expect(other.page.locator("#replying strong")).toHaveText(user.name);
  const answer = other.page.getByRole("textbox", { name: "Message" });
  await answer.pressSequentially("Coming @");
  await expect(other.page.getByRole("option")).toHaveCount(2);
  await answer.pressSequentially(user.name.slice(0, 2));
  await expect(other.page.getByRole("option", { name: user.name })).toBeVisible();
  await answer.press("Enter");
  await answer.press("Enter");
  await expect(page.locator(".said").nth(1).locator(".said-reply")).toContainText("Soup is ready");

  const own = page.locator(".said").first();
  await own.hover();
  await own.getByRole("link", { name: "Edit message" }).click();
  const edited = own.getByRole("textbox", { name: "Your message" });
  await edited.fill("Soup is cold");
  await own.getByRole("button", { name: "Save message" }).click();
  await expect(theirs).toContainText("Soup is cold");
  await expect(theirs).toContainText("(edited)");

  await page.locator(".room-menu > summary").click();
  await expectAccessible(page, "a direct conversation with its menu");
  await page.getByRole("link", { name: "Pinned" }).click();
  await expect(page.locator(".message-lines li")).toHaveCount(1);
  await expectAccessible(page, "what is pinned in a direct conversation");
  await page.goto(`/c/${id}`);

  // The author's name leads to their profile.
  await page.locator(".said").nth(1).getByRole("link", { name: `Profile of ${other.user.name}` }).click();
  await expect(page.getByRole("heading", { name: other.user.name, level: 2 })).toBeVisible();
  expect(complained).toEqual([[], []]);
});

test("unread direct messages stand in the title and in the list, unless one wants to hear of nothing", async ({ page, user, newPerson }) => {
  const other = await newPerson();
  await other.page.goto(`/people?q=${encodeURIComponent(user.name)}`);
  await other.page.getByRole("main").getByRole("link", { name: new RegExp(user.name) }).click();
  await other.page.getByRole("button", { name: "Message" }).click();
  const field = other.page.getByRole("textbox", { name: "Message" });
  await field.fill("Hello");
  await field.press("Enter");
  await expect(other.page.locator(".said")).toHaveCount(1);
  await page.goto("/");
  await expect(page).toHaveTitle(/^\(1\) /);
  const row = page.locator(".side-rooms a", { hasText: other.user.name });
  await expect(row.locator(".unread-count")).toContainText("1 new message");
  await row.click();
  await expect(page.locator(".said")).toHaveCount(1);
  await expect(page).not.toHaveTitle(/^\(/);
  await page.locator(".room-menu > summary").click();
  await page.getByRole("button", { name: "Nothing", exact: true }).click();
  await page.locator(".room-menu > summary").click();
  await expect(page.getByRole("button", { name: "Nothing", exact: true })).toHaveAttribute("aria-pressed", "true");
  await page.goto("/settings");
  await field.fill("Again");
  await field.press("Enter");
  await expect(other.page.locator(".said")).toHaveCount(2);
  await page.goto("/");
  await expect(row).toBeVisible();
  await expect(page).not.toHaveTitle(/^\(/);
  await expect(row.locator(".unread-count")).toHaveCount(0);
});
