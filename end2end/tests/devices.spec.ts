// The browsers of a person and the keys of their programs: seen, ended, made.
import { expectAccessible } from "../support/axe.ts";
import { Chat } from "../support/chat.ts";
import { expect, test } from "../support/test.ts";

test("another browser is signed out from here, and its open page notices", async ({
  page,
  user,
  chat,
  browser,
  server,
  watch,
}) => {
  await chat.begin("Hello");
  await chat.ended();
  const path = new URL(page.url()).pathname;
  const context = await browser.newContext({ baseURL: server.url });
  try {
    await watch.context(context);
    watch.allow(/status of 401/);
    const other = await context.newPage();
    await other.goto(`/login?next=${path}`);
    await other.getByLabel("E-mail").fill(user.email);
    await other.getByLabel("Password").fill(user.password);
    await other.getByRole("button", { name: "Sign in" }).click();
    await new Chat(other).ready();
    await expect(new Chat(other).questions).toHaveCount(1);

    await page.goto("/settings/devices");
    const devices = page.locator("#devices").getByRole("listitem");
    await expect(devices).toHaveCount(2);
    await expect(devices.filter({ hasText: "This device" })).toHaveCount(1);
    await expect(devices.first()).toContainText("Chrome, ");
    await devices.filter({ hasNotText: "This device" }).getByRole("button", { name: /^Sign out Chrome/ }).click();
    await expect(page.getByRole("status")).toHaveText("The device is signed out.");
    await expect(devices).toHaveCount(1);

    await expect(other.getByText("Your session has ended. Sign in to go on.")).toBeVisible();
    await expect(other.getByRole("link", { name: "Sign in" })).toBeVisible();
    await page.goto(path);
    await chat.ready();
  } finally {
    await context.close();
  }
});

test("a key is made, calls the API within its scope, and ends", async ({ page, user, server, playwright }) => {
  await page.goto("/settings/devices");
  await expect(page.getByRole("heading", { name: "API keys" })).toBeVisible();
  await page.getByLabel("What the key is for").fill("My bot");
  await page.getByLabel("Days until the key ends").fill("30");
  await page.getByRole("button", { name: "Make the key" }).click();
  await expect(page.getByRole("status")).toContainText("The key “My bot” is made.");
  const key = await page.getByLabel("The new key").inputValue();
  expect(key).toMatch(/^ink_[0-9A-Z]{26}_[\w-]{43}$/);
  expect(page.url(), "no key in an address").toBe(`${server.url}/settings/devices`);
  const program = await playwright.request.newContext({
    baseURL: server.url,
    extraHTTPHeaders: { authorization: `Bearer ${key}` },
  });
  const me = await program.get("/api/v1/me");
  expect((await me.json()).email).toBe(user.email);
  const refused = await program.post("/api/v1/conversations", { data: {} });
  expect([refused.status(), (await refused.json()).code]).toEqual([403, "scope_too_small"]);

  await page.goto("/settings/devices");
  await expect(page.getByText(key)).toHaveCount(0);
  const keys = page.locator("#keys").getByRole("listitem");
  await expect(keys).toContainText(["My bot"]);
  await expect(keys).toContainText(["last used"]);
  await page.getByRole("button", { name: "End the key My bot" }).click();
  await expect(page.getByRole("status")).toHaveText("The key has ended.");
  await expect(keys).toHaveCount(0);
  expect((await program.get("/api/v1/me")).status()).toBe(401);
  await program.dispose();
});

test("the page is accessible and has room on a phone", async ({ page, user }) => {
  await page.goto("/settings/devices");
  await expect(page.getByText("This device")).toBeVisible();
  await page.getByLabel("What the key is for").fill("Key of " + user.name);
  await page.getByRole("button", { name: "Make the key" }).click();
  await expect(page.getByLabel("The new key")).toBeVisible();
  await expectAccessible(page, "devices and a new key");
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
});
