// What an administrator does with the accounts of others: with the keyboard alone, and what the other person sees of it.
import { expect, test } from "../support/test.ts";
import { expectAccessible } from "../support/axe.ts";
import { signInAsAdmin } from "../support/admin.ts";

test("an administrator finds a person and shuts them out with the keyboard alone", async ({ page, newPerson, watch }) => {
  watch.allow(/401|404/);
  const kim = await newPerson();
  await kim.page.goto("/");
  await expect(kim.chat.box).toBeVisible();
  await signInAsAdmin(page);
  await page.getByRole("link", { name: "Administration" }).focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/admin\/people$/);
  const search = page.getByRole("searchbox", { name: "Search names and addresses" });
  await search.focus();
  await page.keyboard.type(kim.user.email);
  await page.keyboard.press("Enter");
  await expect(page.getByText("One person")).toBeVisible();
  await page.getByRole("link", { name: kim.user.name }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: kim.user.name })).toBeVisible();
  await page.getByRole("button", { name: "Disable the account" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText("The account is changed.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Enable the account" })).toBeVisible();
  await kim.page.goto("/");
  await expect(kim.page).toHaveURL(/\/login/);
  await page.getByRole("button", { name: "Enable the account" }).press("Enter");
  await expect(page.getByRole("button", { name: "Disable the account" })).toBeVisible();
});

test("a person who forgot the password gets in with a link", async ({ page, browser, newPerson, server, watch }) => {
  const kim = await newPerson();
  await signInAsAdmin(page);
  await page.goto(`/admin/people?q=${encodeURIComponent(kim.user.email)}`);
  await page.getByRole("link", { name: kim.user.name }).click();
  await page.getByRole("button", { name: "Make a link for a new password" }).click();
  const link = await page.getByLabel("The link", { exact: true }).inputValue();
  expect(link.startsWith(`${server.url}/reset/`), link).toBe(true);
  const context = await browser.newContext({ baseURL: server.url, locale: "en-GB" });
  await watch.context(context);
  const stranger = await context.newPage();
  await stranger.goto(link);
  await stranger.getByLabel("New password").fill("password");
  await stranger.getByRole("button", { name: "Set the password" }).click();
  await expect(stranger.getByText(/among the first that somebody would guess|too easy|guess/)).toBeVisible();
  await stranger.getByLabel("New password").fill("kettle and hearth");
  await stranger.getByRole("button", { name: "Set the password" }).click();
  await expect(stranger).toHaveURL(/\/login$/);
  await stranger.getByLabel("E-mail").fill(kim.user.email);
  await stranger.getByLabel("Password").fill("kettle and hearth");
  await stranger.getByRole("button", { name: "Sign in" }).click();
  await expect(stranger.getByRole("heading", { name: /Good to see you/ })).toBeVisible();
  await stranger.goto(link);
  await expect(stranger.getByText("does not count")).toBeVisible();
  await context.close();
});

test("the last administrator stays", async ({ page }) => {
  await signInAsAdmin(page);
  await page.goto("/admin/people?q=root@example.org");
  await page.getByRole("link", { name: "Root root@example.org" }).click();
  await page.getByText("Member", { exact: true }).click();
  await page.getByRole("button", { name: "Save the role" }).click();
  await expect(page.getByRole("alert")).toHaveText(/This is the last administrator/);
});

test("others see nothing of it", async ({ page, user, watch }) => {
  void user;
  watch.allow(/404/);
  await page.goto("/");
  await expect(page.getByRole("link", { name: "Administration" })).toHaveCount(0);
  const answer = await page.goto("/admin/people");
  expect(answer?.status()).toBe(404);
});

test("axe has nothing against the pages of administrators", async ({ page, newPerson }) => {
  const kim = await newPerson();
  await signInAsAdmin(page);
  await page.goto("/admin/people");
  await expectAccessible(page, "the list of people");
  await page.goto(`/admin/people?q=${encodeURIComponent(kim.user.email)}`);
  await page.getByRole("link", { name: kim.user.name }).click();
  await expectAccessible(page, "a person");
});
