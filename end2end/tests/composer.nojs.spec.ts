// The composer's tools without JavaScript: links to pages.
import { expect, test } from "../support/test.ts";

test("instructions, parameters and the gauge are pages", async ({ page, chat }) => {
  await page.goto("/");
  await chat.ask("First", "small-context");
  await expect(chat.answer).toContainText("First");
  await expect(chat.send).toBeVisible();
  await page.getByRole("link", { name: /^About [\d,]+ of 4,096 tokens used$/ }).click();
  await expect(page).toHaveURL(/\/c\/\w+\/settings#context$/);
  await expect(page.getByText("of 4,096 tokens used")).toBeVisible();
  await page.getByLabel("Temperature").fill("9");
  await page.getByRole("button", { name: "Save parameters" }).click();
  await expect(page.getByLabel("Temperature")).toHaveAccessibleDescription(/0 to 2/);
  await expect(page.getByLabel("Temperature")).toHaveValue("9");
  await page.getByLabel("Temperature").fill("0.5");
  await page.getByRole("button", { name: "Save parameters" }).click();
  await expect(page.getByText("The settings of this conversation are saved.")).toBeVisible();
  await page.goto("/");
  await page.getByRole("link", { name: "Instructions and parameters" }).click();
  await expect(page).toHaveURL(/\/settings\/chat$/);
});
