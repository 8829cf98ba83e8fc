// The audit log, as an administrator reads it.
import { signInAsAdmin } from "../support/admin.ts";
import { expectAccessible } from "../support/axe.ts";
import { expect, test } from "../support/test.ts";

test("an administrator reads who was refused, looks for a person and saves the log", async ({ page, newPerson }) => {
  const kim = await newPerson();
  await kim.context.clearCookies();
  await kim.page.goto("/login");
  await kim.page.getByLabel("E-mail").fill(kim.user.email);
  await kim.page.getByLabel("Password").fill("not the password");
  await kim.page.getByRole("button", { name: "Sign in" }).click();
  await expect(kim.page.getByRole("alert")).toBeVisible();
  await kim.page.goto("/admin/audit");
  await expect(kim.page).toHaveURL(/\/login\?next=/);

  await signInAsAdmin(page);
  await page.goto("/admin/people");
  await page.getByRole("link", { name: "Audit log" }).click();
  const entries = page.locator(".audit").getByRole("listitem");
  await expect(entries.first()).toContainText("Signed in");
  await page.getByLabel("E-mail address or name of a person").fill(kim.user.email);
  await page.getByLabel("E-mail address or name of a person").press("Enter");
  await expect(entries).toHaveCount(2);
  await expect(entries.first()).toContainText("Sign-in refused");
  await expect(entries.first()).toContainText(`for ${kim.user.name}`);
  await expect(entries.last()).toContainText(`by ${kim.user.name}`);
  await expectAccessible(page, "the audit log");
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);

  await page.getByLabel("What happened").selectOption("Registered");
  await page.getByLabel("E-mail address or name of a person").press("Enter");
  await expect(entries).toHaveCount(1);
  await expect(entries).toContainText("Registered");
  const saved = page.waitForEvent("download");
  await page.getByRole("link", { name: "Save as CSV for a spreadsheet" }).click();
  expect((await saved).suggestedFilename()).toBe("inglenook-audit.csv");
  await page.goto("/admin/audit?kind=code_used");
  await expect(page.getByText("Nothing is noted for this.")).toBeVisible();
});
