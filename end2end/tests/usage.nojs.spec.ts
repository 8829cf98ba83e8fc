// Without a script an administrator sees what was used, and chooses among the models; a person chooses a picture.
import { expect, test } from "../support/test.ts";
import { signInAsAdmin } from "../support/admin.ts";
import { Chat } from "../support/chat.ts";

test("an administrator sees usage, and chooses the default model and who may ask a model", async ({ page }) => {
  const chat = new Chat(page);
  await signInAsAdmin(page);
  await page.goto("/");
  await chat.box.fill("A question that nobody else reads");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.locator(".answer").last()).toContainText("nobody else reads");
  // An answer is counted when it ends.
  await expect(async () => {
    await page.goto("/admin/usage?days=1");
    await expect(page.locator("#usage")).toContainText(/[1-9]\d* answers?, [1-9][\d,]* tokens/, { timeout: 1_000 });
  }).toPass();
  await expect(page.locator("main")).not.toContainText("nobody else reads");
  await page.locator("#people .usage a").first().click();
  await expect(page.locator("#usage")).toContainText(/[1-9]\d* answers?/);
  await page.goto("/admin/models");
  const models = page.getByText("Models, and the tiers that may use them").first();
  await models.click();
  const row = page.locator(".model-rows li").first();
  const model = await row.locator("code").textContent();
  await row.getByRole("button", { name: "Make it the default" }).click();
  await expect(page.getByText("Your choice is saved and counts from the next question on.")).toBeVisible();
  await expect(page.locator("#default code")).toHaveText(model!);
  await page.getByRole("button", { name: "Choose no default model" }).click();
  await expect(page.locator("#default code")).toHaveCount(0);
  await models.click();
  const who = row.getByLabel(/^Who may ask/);
  await who.selectOption("admins");
  await row.getByRole("button", { name: "Save" }).click();
  await models.click();
  await expect(who).toHaveValue("admins");
  await who.selectOption("everybody");
  await row.getByRole("button", { name: "Save" }).click();
  await models.click();
  await expect(who).toHaveValue("everybody");
});

test("a person chooses a picture, and it stands beside what they ask", async ({ page, user, chat }) => {
  expect(user.name).toMatch(/^Ada/);
  await page.goto("/settings");
  const initial = page.getByRole("textbox", { name: "Letters" });
  await initial.fill("ab\u202ec");
  await page.getByRole("radio", { name: "Teal" }).check();
  await page.getByRole("button", { name: "Save picture" }).click();
  await expect(page.locator("#picture_initial-error")).toBeVisible();
  await initial.fill("李");
  await page.getByRole("radio", { name: "Teal" }).check();
  await page.getByRole("button", { name: "Save picture" }).click();
  await expect(initial).toHaveValue("李");
  await expect(page.getByRole("radio", { name: "Teal" })).toBeChecked();
  await page.goto("/");
  await chat.box.fill("Who am I?");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("main").locator("article .picture").last()).toHaveAttribute("data-initial", "李");
});
