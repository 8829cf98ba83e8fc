// Signing in through a provider of OpenID Connect that is not ours.
import type { Page } from "@playwright/test";

import { expectAccessible } from "../support/axe.ts";
import { CLIENT, IdentityProvider } from "../support/identity.ts";
import { expect, test as base } from "../support/test.ts";

const test = base.extend<object, { provider: IdentityProvider }>({
  provider: [
    async ({}, use) => {
      const provider = await IdentityProvider.start();
      await use(provider);
      await provider.stop();
    },
    { scope: "worker" },
  ],
  serverEnv: [
    async ({ provider }, use) => {
      const way = { name: "acme", label: "Acme", issuer: provider.issuer, client_id: CLIENT.id, client_secret_env: "ACME_SECRET" };
      await use({ INGLENOOK_SIGN_IN: JSON.stringify([way]), ACME_SECRET: CLIENT.secret });
    },
    { scope: "worker" },
  ],
});

test.beforeEach(({ provider, server, secrets, watch }) => {
  provider.serve(server.url);
  secrets.add(CLIENT.secret);
  // The provider's own pages load a font, and its policy is its own.
  watch.allow(/googleapis|ERR_|Failed to load resource|Content Security Policy|policy:/);
});

/** Signs in at the provider's own page, and lets the site know who it is. */
async function atProvider(page: Page, name: string) {
  await page.locator('input[name="login"]').fill(name);
  await page.locator('input[name="password"]').fill("anything");
  await page.locator('button[type="submit"]').click();
  await page.getByRole("button", { name: "Continue" }).click();
}

test("the first time makes an account, and the next time finds it", async ({ page, context }) => {
  const name = `mia-${Date.now()}`;
  await page.goto("/login");
  await expectAccessible(page, "the sign-in page with a provider");
  await page.getByRole("button", { name: "Sign in with Acme" }).click();
  await atProvider(page, name);
  await expect(page.getByRole("heading", { name: /Good to see you/ })).toBeVisible();
  await page.goto("/settings");
  await expect(page.getByText(`${name}@example.org`).first()).toBeVisible();
  await page.goto("/settings/sign-in");
  await expectAccessible(page, "the sign-in methods of somebody from a provider");
  await expect(page.getByRole("button", { name: "Disconnect Acme" })).toBeVisible();
  // It is the only way in.
  await page.getByRole("button", { name: "Disconnect Acme" }).click();
  await expect(page.getByText("This is your only way to sign in. Set a password first.")).toBeVisible();

  await context.clearCookies();
  await page.goto("/login?next=/history");
  await page.getByRole("button", { name: "Sign in with Acme" }).click();
  await atProvider(page, name);
  await expect(page).toHaveURL(/\/history$/);
  await page.goto("/settings");
  await expect(page.getByText(`${name}@example.org`).first()).toBeVisible();
});

test("an account with a password is connected from its settings, and not by its address", async ({ page, context, user }) => {
  const name = user.email.split("@")[0];
  await page.goto("/settings/sign-in");
  await context.clearCookies();
  await page.goto("/login");
  await page.getByRole("button", { name: "Sign in with Acme" }).click();
  await atProvider(page, name);
  await expect(page.getByRole("alert")).toContainText("There is an account with this e-mail address already");

  await page.getByLabel("E-mail").fill(user.email);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.goto("/settings/sign-in");
  await page.getByRole("button", { name: "Connect Acme" }).click();
  // The provider remembers who is signed in there.
  await expect(page.getByText("It is connected. From now on you can sign in with it.").or(page.locator('input[name="login"]'))).toBeVisible();
  if (await page.locator('input[name="login"]').count()) await atProvider(page, name);
  await expect(page.getByText("It is connected. From now on you can sign in with it.")).toBeVisible();
  await page.getByRole("button", { name: "Disconnect Acme" }).click();
  await expect(page.getByText("It is not connected any more.")).toBeVisible();
});

test("who turns back there, or comes when it is broken, is told so and can sign in otherwise", async ({ page, context, provider }) => {
  await page.goto("/login");
  await page.getByRole("button", { name: "Sign in with Acme" }).click();
  await page.getByRole("link", { name: /Cancel/ }).click();
  await expect(page.getByRole("alert")).toContainText("You did not sign in there. Nothing was changed.");
  await expectAccessible(page, "the sign-in page after somebody turned back");
  // An address of before, or one that somebody made up.
  await page.goto("/login/with/acme/back?code=made-up&state=made-up");
  await expect(page.getByRole("alert")).toContainText("That took too long, or began in another browser.");
  await page.goto("/login");
  await page.getByRole("button", { name: "Sign in with Acme" }).click();
  provider.breakTokens();
  await atProvider(page, "zoe");
  await expect(page.getByRole("alert")).toContainText("Acme gave an answer that cannot be trusted");
  expect((await context.cookies()).filter(({ name }) => name === "inglenook")).toEqual([]);
});
