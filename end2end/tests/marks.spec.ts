// Reactions, pins, replies and mentions in a room, with a script.
import { expectAccessible } from "../support/axe.ts";
import { expect, test } from "../support/test.ts";

test("people react, pin, answer and mention without leaving the room", async ({ page, user, newPerson }) => {
  await page.goto("/rooms/new");
  await page.getByLabel("Name", { exact: true }).fill("Kitchen");
  await page.getByRole("button", { name: "Make room" }).click();
  await expect(page.getByRole("heading", { name: "Kitchen", level: 1 })).toBeVisible();
  const address = page.url();
  const id = address.split("/").pop();
  await page.goto(`/rooms/${id}/invite`);
  await page.getByRole("button", { name: "Make invitation" }).click();
  const link = await page.locator(".code-link").getAttribute("href");
  const other = await newPerson();
  await other.page.goto(link!);
  await other.page.getByRole("button", { name: "Join" }).click();
  await expect(other.page).toHaveURL(address);
  await page.goto(address);

  const field = page.getByRole("textbox", { name: "Message" });
  await field.fill("**Soup** is ready");
  await field.press("Enter");
  const theirs = other.page.locator(".said").first();
  await expect(theirs.locator("strong", { hasText: "Soup" })).toBeVisible();

  // A reaction comes to the other page by itself.
  await theirs.hover();
  await theirs.locator(".mark-menu > summary").click();
  await theirs.locator(".usual-reactions button").first().click();
  const chip = page.locator(".said .reaction");
  await expect(chip).toHaveText(/👍\s*1/);
  await expect(chip).toHaveAttribute("aria-pressed", "false");
  await chip.click();
  await expect(theirs.locator(".reaction")).toHaveText(/👍\s*2/);

  // An answer with a quote; Escape of the list and the cross drop what was begun.
  await theirs.hover();
  await theirs.locator(".reply-link").click();
  const replying = other.page.locator("#replying");
  await expect(replying).toContainText("Soup is ready");
  await other.page.locator("#drop-reply").click();
  await expect(replying).toBeHidden();
  await theirs.hover();
  await theirs.locator(".reply-link").click();
  const answer = other.page.getByRole("textbox", { name: "Message" });
  await answer.pressSequentially("Coming @" + user.name);
  const option = other.page.getByRole("option", { name: user.name });
  await expect(option).toBeVisible();
  await answer.press("Enter");
  await expect(answer).toHaveValue(`Coming @${user.name} `);
  await expect(other.page.locator("#mention-list")).toBeHidden();
  await answer.press("Enter");
  const reply = page.locator(".said").nth(1);
  await expect(reply.locator(".said-reply")).toContainText("Soup is ready");
  await expect(reply.locator(".mention.own")).toHaveText(`@${user.name}`);
  await expect(replying).toBeHidden();

  await reply.hover();
  await reply.locator(".mark-menu > summary").click();
  await reply.getByRole("button", { name: "Pin" }).click();
  await expect(other.page.locator(".pinned-note")).toBeVisible();
  await expectAccessible(page, "a room with reactions");
  await page.goto(`/rooms/${id}/pins`);
  await expect(page.locator(".message-lines li")).toHaveCount(1);
  await expectAccessible(page, "the pinned messages");
});

test("the number of unread messages stands in the title, and follows the choice", async ({ page, user: _, newPerson }) => {
  await page.goto("/rooms/new");
  await page.getByLabel("Name", { exact: true }).fill("Hall");
  await page.getByRole("button", { name: "Make room" }).click();
  await expect(page.getByRole("heading", { name: "Hall", level: 1 })).toBeVisible();
  const id = page.url().split("/").pop();
  await page.goto(`/rooms/${id}/invite`);
  await page.getByRole("button", { name: "Make invitation" }).click();
  const link = await page.locator(".code-link").getAttribute("href");
  const other = await newPerson();
  await other.page.goto(link!);
  await other.page.getByRole("button", { name: "Join" }).click();
  const field = other.page.getByRole("textbox", { name: "Message" });
  await field.fill("Hello");
  await field.press("Enter");
  await expect(other.page.locator(".said")).toHaveCount(1);
  await page.goto("/");
  await expect(page).toHaveTitle(/^\(1\) /);
  await page.locator(`.side-rooms a[href="/c/${id}"]`).click();
  await expect(page).toHaveTitle(/^Hall/);
  await page.locator(".room-menu > summary").click();
  await page.getByRole("button", { name: "Nothing", exact: true }).click();
  await expect(page.locator(".room-menu")).toBeVisible();
  await field.fill("Again");
  await field.press("Enter");
  await expect(other.page.locator(".said")).toHaveCount(2);
  await page.goto("/");
  await expect(page).toHaveTitle(/^New/);
});
