// The site without JavaScript: forms, redirects, and a page that reloads itself while an answer is being written.
import { numbered } from "../support/chat.ts";
import { expect, test } from "../support/test.ts";

test("register, ask, wait, read, and find it again", async ({ page, chat, context }) => {
  await context.clearCookies();
  await page.goto("/register");
  await page.getByLabel("Name").fill("Grace");
  await page.getByLabel("E-mail").fill(`grace-${Date.now()}@example.org`);
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { name: /Good to see you, Grace/ })).toBeVisible();
  await chat.box.fill("What is a hearth?");
  await chat.send.click();
  await expect(page).toHaveURL(/\/c\/\w+/);
  await expect(chat.questions).toHaveText([/What is a hearth\?/]);
  await expect(chat.answer).toContainText("That is all.");
  await expect(chat.send).toBeVisible();
  await expect(chat.answer.getByRole("table")).toBeVisible();
  await expect(chat.title).toHaveText("A short title");
  const before = await chat.text();
  await page.reload();
  await chat.expectText(before);
  await chat.box.fill("And a second one?");
  await chat.send.click();
  await expect(chat.questions).toHaveText([/What is a hearth\?/, /And a second one\?/]);
  await expect(chat.answers).toHaveCount(2);
  await expect(chat.answer).toContainText("That is all.");
});

test("the page shows more by itself while an answer is written", async ({ chat }) => {
  await chat.box.page().goto("/");
  await chat.ask("Count", "tokens-200-20");
  await expect(chat.stop).toBeVisible();
  const early = await chat.text();
  expect(numbered(200).startsWith(early)).toBe(true);
  expect(early.length).toBeLessThan(numbered(200).length);
  await chat.expectText(numbered(200));
  await expect(chat.send).toBeVisible();
  await expect(chat.stop).toHaveCount(0);
});

test("stop, and have it written again", async ({ page, chat, upstream }) => {
  await page.goto("/");
  await chat.ask("Count", "tokens-2000-20");
  await expect(chat.stop).toBeVisible();
  await chat.stop.click();
  const stopped = Date.now();
  await expect.poll(async () => (await upstream.lastCall())?.closed_by_client, { intervals: [20] }).toBe(true);
  // Long before the forty seconds that the whole answer takes.
  expect(Date.now() - stopped).toBeLessThan(15_000);
  await expect(page).toHaveURL(/\/c\//);
  await expect(page.getByText("You stopped this answer")).toBeVisible();
  await chat.retry.click();
  await expect(page).toHaveURL(/\/c\//);
  await expect(chat.stop).toBeVisible();
  await expect(chat.answers).toHaveCount(1);
  await chat.stop.click();
  await expect(page.getByText("You stopped this answer")).toBeVisible();
});

test("a failed answer says why, and Retry gives another", async ({ page, chat }) => {
  await page.goto("/");
  await chat.ask("Are you there?", "cut-once");
  await expect(chat.answer.getByRole("status")).toHaveText(/broke in the middle/);
  await chat.retry.click();
  await expect(chat.answer).toContainText("That is all.");
  await expect(chat.questions).toHaveText([/Are you there\?/]);
});

test("rename and delete", async ({ page, chat }) => {
  await page.goto("/");
  await chat.ask("Something", "json");
  await expect(chat.answer).toContainText("The whole answer at once.");
  await expect(chat.send).toBeVisible();
  const path = new URL(page.url()).pathname;
  await page.getByLabel("Conversation menu").click();
  await page.getByLabel("Title", { exact: true }).fill("A better name");
  await page.getByRole("button", { name: "Rename" }).click();
  await expect(chat.title).toHaveText("A better name");
  await expect(page).toHaveURL((url) => url.pathname === path);
  await page.getByLabel("Conversation menu").click();
  await page.locator(".confirm > summary").click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await expect(page.getByRole("status")).toContainText("is deleted");
  await expect(page.getByRole("button", { name: "Restore “A better name”" })).toBeVisible();
  await expect(chat.sidebar.getByRole("link", { name: "A better name" })).toHaveCount(0);
});

test("sign out, and in again with a wrong password first", async ({ page, chat, user }) => {
  await page.goto("/");
  await chat.ask("My secret", "json");
  await expect(chat.answer).toContainText("The whole answer at once.");
  const path = new URL(page.url()).pathname;
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/login/);
  await page.goto(path);
  await expect(page).toHaveURL(/\/login\?next=/);
  for (const password of ["not this one", "nor that one"]) {
    await page.getByLabel("E-mail").fill(user.email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toHaveText(/That e-mail and password do not match/);
  }
  await page.getByLabel("E-mail").fill(user.email);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL((url) => url.pathname === path);
  await expect(chat.questions).toHaveText([/My secret/]);
});

test("a blank or too long question comes back as a sentence", async ({ page, chat, watch }) => {
  watch.allow(/status of (413|422)/);
  await page.goto("/");
  await chat.box.fill("   ");
  await chat.send.click();
  await expect(page.getByRole("alert")).toHaveText(/Write a message first/);
  const long = `\nx</textarea>${" word".repeat(60_000)}`;
  await chat.box.fill(long);
  await chat.send.click();
  await expect(page.getByRole("alert")).toHaveText(/too long \(\d+ KB of at most 256 KB\)/);
  expect((await chat.box.inputValue()).replaceAll("\r", "")).toBe(long);
  await chat.box.fill("Shorter");
  await chat.send.click();
  await expect(chat.questions).toHaveText([/Shorter/]);
});

test("a refused form keeps what was typed, but for the password", async ({ page, context, user }) => {
  await context.clearCookies();
  await page.goto("/register");
  await page.getByLabel("Name").fill("Grace <Hopper>");
  await page.getByLabel("E-mail").fill(user.email);
  await page.getByLabel("Password").fill("hearth and kettle");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByLabel("E-mail")).toHaveAccessibleDescription(/There is an account/);
  await expect(page.getByLabel("Name")).toHaveValue("Grace <Hopper>");
  await expect(page.getByLabel("E-mail")).toHaveValue(user.email);
  await expect(page.getByLabel("Password")).toHaveValue("");
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("E-mail").fill(user.email);
  await page.getByLabel("Password").fill("not this one");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByLabel("E-mail")).toHaveValue(user.email);
  await expect(page.getByLabel("Password")).toBeFocused();
});

test("settings", async ({ page, user }) => {
  await page.goto("/settings");
  await page.getByLabel("Name").fill("Émilie");
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByRole("status")).toHaveText("Your name is saved.");
  await page.getByRole("link", { name: "Sign-in" }).click();
  await page.getByLabel("Current password").fill("not this one");
  await page.getByLabel("New password").fill("a better one, really");
  await page.getByRole("button", { name: "Change password" }).click();
  const current = page.getByLabel("Current password");
  await expect(current).toHaveAccessibleDescription("That is not your current password.");
  await expect(current).toHaveAttribute("aria-invalid", "true");
  await expect(current).toBeFocused();
  await expect(page.getByRole("alert")).toHaveCount(0);
  void user;
});

test("an error stands below its field, which has the focus, and what was typed is there", async ({ page, user, context }) => {
  void user;
  await page.goto("/settings/chat");
  await page.getByLabel("Top-p").fill("0.5");
  const turns = page.getByLabel("Turns sent");
  await turns.fill("0");
  await page.getByRole("button", { name: "Save parameters" }).click();
  await expect(page).toHaveURL(/\/settings\/chat\?/);
  await expect(turns).toHaveAccessibleDescription(/whole number from 1 to 1,000/);
  await expect(turns).toBeFocused();
  await expect(turns).toBeInViewport();
  await expect(turns).toHaveValue("0");
  await expect(page.getByLabel("Top-p")).toHaveValue("0.5");
  const [field, error] = [(await turns.boundingBox())!, (await page.locator(".field-error").boundingBox())!];
  expect(error.y).toBeGreaterThanOrEqual(field.y + field.height);
  await turns.fill("3");
  await page.getByRole("button", { name: "Save parameters" }).click();
  await expect(page.getByRole("status")).toBeVisible();
  await expect(page.locator(".field-error")).toHaveCount(0);

  await context.clearCookies();
  await page.goto("/register");
  await page.getByLabel("Name").fill("x".repeat(150));
  await page.getByLabel("E-mail").fill("kim@example.org");
  await page.getByLabel("Password").fill("a kettle on the hob");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByLabel("Name")).toHaveAccessibleDescription(/at most 100 characters/);
  await expect(page.getByLabel("Name")).toBeFocused();
  await expect(page.getByLabel("E-mail")).toHaveValue("kim@example.org");
});

test("there is no button that would do nothing", async ({ page, chat }) => {
  await page.goto("/");
  await chat.ask("Something");
  await expect(chat.answer).toContainText("That is all.");
  await chat.answer.hover();
  await expect(page.getByRole("button", { name: /Copy/ })).toHaveCount(0);
});

test("a long question is whole", async ({ page, chat }) => {
  await page.goto("/");
  await chat.ask(Array.from({ length: 40 }, (_, i) => `line ${i + 1}`).join("\n"), "json");
  await expect(chat.answer).toContainText("The whole answer at once.");
  const text = chat.questions.first().locator(".question-text");
  expect(await text.evaluate((text) => text.scrollHeight - text.clientHeight)).toBe(0);
  await expect(chat.questions.getByRole("button", { name: "Show more" })).toBeHidden();
});
