// Without a script the page of an export has a link that looks again.
import { expect, test } from "../support/test.ts";

test("an export is made, looked for and downloaded", async ({ page, user }) => {
  expect(user.name).not.toBe("");
  await page.goto("/settings/data");
  await page.getByRole("button", { name: "Make an export" }).click();
  const link = page.getByRole("link", { name: "Download" });
  await expect(async () => {
    const again = page.getByRole("link", { name: "Look again" });
    if (await again.count()) await again.click();
    await expect(link).toBeVisible({ timeout: 500 });
  }).toPass();
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  expect(download.suggestedFilename()).toMatch(/\.zip$/);
});

test("an e-mail address that somebody else has is refused at its field", async ({ page, user, newPerson }) => {
  void user;
  const other = await newPerson();
  await page.goto("/settings");
  await page.getByLabel("E-mail").fill(other.user.email);
  await page.getByRole("button", { name: "Save e-mail" }).click();
  await expect(page.getByText("Another account has this e-mail address.")).toBeVisible();
  await expect(page.getByLabel("E-mail")).toHaveValue(other.user.email);
});
