// The audit log, as an administrator reads it. The server is this file's own, so that its first person is the administrator.
import { expectAccessible } from "../support/axe.ts";
import { expect, test } from "../support/test.ts";

test.use({ serverEnv: { INGLENOOK_AUTH_AUDIT_DAYS: "30" } });

test("an administrator reads who was refused, looks for a person and saves the log", async ({
  page,
  user,
  newPerson,
}) => {
  const other = await newPerson();
  await other.context.clearCookies();
  await other.page.goto("/login");
  await other.page.getByLabel("E-mail").fill(other.user.email);
  await other.page.getByLabel("Password").fill("not the password");
  await other.page.getByRole("button", { name: "Sign in" }).click();
  await expect(other.page.getByRole("alert")).toBeVisible();
  await other.page.goto("/admin/audit");
  await expect(other.page).toHaveURL(/\/login\?next=/);

  await page.goto("/admin/audit");
  const entries = page.locator(".audit").getByRole("listitem");
  await expect(entries).toHaveCount(3);
  await expect(entries.first()).toContainText(`Sign-in refused`);
  await expect(entries.first()).toContainText(`to ${other.user.name}`);
  await expectAccessible(page, "the audit log");
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);

  await page.getByLabel("What happened").selectOption("Registered");
  await page.getByLabel("E-mail address or name of a person").fill(user.email);
  await page.getByLabel("E-mail address or name of a person").press("Enter");
  await expect(entries).toHaveCount(1);
  await expect(entries).toContainText(`by ${user.name}`);
  const saved = page.waitForEvent("download");
  await page.getByRole("link", { name: "Save as CSV for a spreadsheet" }).click();
  expect((await saved).suggestedFilename()).toBe("inglenook-audit.csv");
  await page.goto("/admin/audit?kind=code_used");
  await expect(page.getByText("Nothing is noted for this.")).toBeVisible();
});
