// Steering with JavaScript off: every button is a form that leads back to the thread.
import { numbered } from "../support/chat.ts";
import { expect, test } from "../support/test.ts";

test("edit, choose, write again and delete", async ({ page, chat }) => {
  await page.goto("/");
  await chat.ask("First words", "echo");
  await chat.expectText("First words");
  await expect(chat.send).toBeVisible();
  const field = await chat.edit(chat.questions.first());
  await page.getByRole("link", { name: "Cancel" }).click();
  await expect(field).toHaveCount(0);
  await expect(chat.questions).toHaveText([/First words/]);
  await chat.edit(chat.questions.first());
  await expect(field).toHaveValue("First words");
  await field.fill("Better <b>words</b> & more");
  await page.locator(".edit-form").getByRole("button", { name: "Send" }).click();
  await expect(chat.questions).toHaveText([/Better <b>words<\/b> & more/]);
  await expect(chat.send).toBeVisible();
  await expect(chat.versions(chat.questions.first())).toHaveText(/2\/2/);
  await chat.previous(chat.questions.first()).click();
  await expect(chat.questions).toHaveText([/First words/]);
  await expect(page).toHaveURL(new RegExp(`#${await chat.questions.first().getAttribute("id")}$`));
  await page.reload();
  await chat.expectText("First words");

  await chat.answer.hover();
  await chat.answer.getByRole("button", { name: "Regenerate", exact: true }).click();
  await expect(chat.versions(chat.answer)).toHaveText(/2\/2/);
  await expect(chat.send).toBeVisible();
  await chat.delete(chat.answer);
  await expect(chat.answers).toHaveCount(1);
  await expect(chat.versions(chat.answer)).toHaveCount(0);
  await chat.delete(chat.questions.first());
  // Only the other branch is left.
  await expect(page.getByRole("article").first()).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("a stopped answer goes on", async ({ page, chat }) => {
  await page.goto("/");
  await chat.ask("Count", "tokens-200-20");
  await expect(chat.stop).toBeVisible();
  await chat.stop.click();
  await expect(page.getByText("You stopped this answer")).toBeVisible();
  const kept = await chat.text();
  await chat.continue.click();
  await expect(chat.stop).toBeVisible();
  await expect(chat.send).toBeVisible({ timeout: 30_000 });
  await chat.expectText(`${kept} ${numbered(200)}`.trim());
  await expect(chat.answers).toHaveCount(1);
});

test("what cannot be done now comes back as a sentence", async ({ page, chat }) => {
  await page.goto("/");
  await chat.ask("Count", "tokens-2000-20");
  await expect(chat.stop).toBeVisible();
  await chat.delete(chat.questions.first());
  await expect(page.getByRole("alert")).toHaveText(/still being written/);
  await expect(chat.questions).toHaveCount(1);
  await chat.stop.click();
  await expect(page.getByText("You stopped this answer")).toBeVisible();
});
