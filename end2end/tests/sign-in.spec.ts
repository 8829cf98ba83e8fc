// The second factor, recovery codes, and signing in on another device; as a person does it.
import type { Page } from "@playwright/test";

import { expectAccessible } from "../support/axe.ts";
import { expect, test } from "../support/test.ts";
import { code } from "../support/totp.ts";

async function signIn(page: Page, user: { email: string; password: string }) {
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(user.email);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("a second factor is set up and asked for, and a recovery code stands in for it", async ({ page, user, context }) => {
  await page.goto("/settings/sign-in");
  await page.getByRole("button", { name: "Set up a second factor" }).click();
  await expect(page.getByRole("img", { name: /QR code/ })).toBeVisible();
  await expectAccessible(page, "the seed of a second factor");
  const key = (await page.locator("code.key").innerText()).replaceAll(" ", "");
  await page.getByLabel("Code of six digits").fill("000000");
  await page.getByRole("button", { name: "Switch it on" }).click();
  await expect(page.getByLabel("Code of six digits")).toHaveAttribute("aria-invalid", "true");
  // The code of the step before counts as well, and leaves the present one for signing in.
  await page.getByLabel("Code of six digits").fill(code(key, Date.now() - 30_000));
  await page.getByRole("button", { name: "Switch it on" }).click();
  await expect(page.locator(".recovery-codes li")).toHaveCount(10);
  await expectAccessible(page, "recovery codes");
  const recovery = await page.locator(".recovery-codes li").first().innerText();
  await page.getByRole("link", { name: "I have kept them" }).click();
  await expect(page.getByText("10 recovery codes are left.")).toBeVisible();
  await context.clearCookies();

  await signIn(page, user);
  await expect(page.getByRole("heading", { name: "Your second factor" })).toBeVisible();
  await expectAccessible(page, "the page that asks for a code");
  await page.getByLabel("Code of six digits").fill("000000");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toHaveText(/That code is not right/);
  await page.getByLabel("Code of six digits").fill(code(key));
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: /Good to see you/ })).toBeVisible();
  await context.clearCookies();

  await signIn(page, user);
  await page.getByRole("link", { name: "Use a recovery code" }).click();
  await page.getByLabel("Code").fill(recovery.toLowerCase());
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("status")).toHaveText(/You signed in with a recovery code. 9 are left./);
  await page.getByRole("button", { name: "Switch it off" }).click();
  await expect(page.getByText("Your second factor is off.")).toBeVisible();
});

test("another device is signed in by the link and a confirmation", async ({ page, browser, user, server }) => {
  await page.goto("/settings/sign-in");
  await page.getByRole("link", { name: "Sign in on another device" }).click();
  await page.getByRole("button", { name: "Show a QR code" }).click();
  await expect(page.getByRole("img", { name: /QR code/ })).toBeVisible();
  await expectAccessible(page, "the link for another device");
  const typed = await page.locator("code.key").innerText();
  const other = await browser.newContext({ baseURL: server.url });
  const phone = await other.newPage();
  await phone.goto("/login");
  await phone.getByRole("link", { name: "Sign in from another device" }).click();
  await expectAccessible(phone, "the page for a code of another device");
  await phone.getByLabel("Code from the other device").fill(typed.toLowerCase());
  await phone.getByRole("button", { name: "Ask to sign in here" }).click();
  const number = await phone.locator(".device-number").innerText();
  // The page here shows by itself that a device asks, and the one there that it was confirmed.
  await expect(page.locator(".device-number")).toHaveText(number, { timeout: 15_000 });
  await expectAccessible(page, "a device that asks");
  await page.getByRole("button", { name: "Yes, sign it in" }).click();
  await phone.getByRole("button", { name: "Continue" }).click({ timeout: 15_000 });
  await expect(phone.getByRole("heading", { name: /Good to see you/ })).toBeVisible();
  await expect(page.getByText("The other device is signed in.")).toBeVisible({ timeout: 15_000 });
  await expect(phone.getByText(user.name).first()).toBeVisible();
  await other.close();
});
