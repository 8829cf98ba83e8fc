// The administrator of the server of a test.
import { expect, type Page } from "@playwright/test";

/** The first account of each server. */
export const ROOT = { name: "Root", email: "root@example.org", password: "the first of all" };

/** Signs the page in as the administrator. */
export async function signInAsAdmin(page: Page) {
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(ROOT.email);
  await page.getByLabel("Password").fill(ROOT.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: /Good to see you/ })).toBeVisible();
}
