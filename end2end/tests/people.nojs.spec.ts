// People with JavaScript off: found in the list, written to, blocked, and left a note by forms.
import { expect, test } from "../support/test.ts";

test("somebody is found, written to, left a note and blocked", async ({ page, user, newPerson }) => {
  const other = await newPerson();
  await other.page.goto("/settings");
  await other.page.getByLabel("About you").fill("I grow beans.\nAnd peas.");
  await other.page.getByRole("button", { name: "Save text" }).click();
  await expect(other.page.getByText("The text is saved.")).toBeVisible();

  await page.goto("/rooms");
  await page.getByRole("link", { name: "People", exact: true }).click();
  await page.getByRole("searchbox", { name: "Search names" }).fill(other.user.name.toUpperCase());
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("main").getByRole("link", { name: new RegExp(other.user.name) }).click();
  await expect(page.getByText("And peas.")).toBeVisible();
  const profile = page.url();

  await page.getByLabel("Leave a note").fill("Your <b>beans</b> are fine");
  await page.getByRole("button", { name: "Leave note" }).click();
  await expect(page.getByText("Your note is on the wall.")).toBeVisible();
  await expect(page.getByText("Your <b>beans</b> are fine")).toBeVisible();

  await page.getByRole("button", { name: "Message" }).click();
  await expect(page.getByRole("heading", { name: other.user.name, level: 1 })).toBeVisible();
  const address = page.url();
  await page.getByRole("textbox", { name: "Message" }).fill("Hello there");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.locator(".said.own")).toHaveText([/Hello there/]);

  await other.page.goto("/");
  await other.page.getByRole("navigation").getByRole("link", { name: new RegExp(user.name) }).click();
  await expect(other.page).toHaveURL(address);
  await expect(other.page.getByRole("heading", { name: user.name, level: 1 })).toBeVisible();
  await other.page.locator(".top-bar").getByRole("link", { name: `Profile of ${user.name}` }).click();
  await other.page.getByRole("button", { name: "Block" }).click();
  await expect(other.page.getByText(`${user.name} is blocked.`)).toBeVisible();

  // The other one is told no more than that it is not possible.
  await page.goto(address);
  await expect(page.getByText(`You cannot write to ${other.user.name} at the moment.`)).toBeVisible();
  await page.goto(profile);
  await expect(page.getByLabel("Leave a note")).toHaveCount(0);

  await other.page.goto("/settings");
  await other.page.getByRole("button", { name: `End the block of ${user.name}` }).click();
  await expect(other.page.getByText("You have blocked nobody.")).toBeVisible();
  await page.goto(address);
  await page.getByRole("textbox", { name: "Message" }).fill("Once more");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.locator(".said.own")).toHaveCount(2);
});
