// The way of somebody new: invited, registered, a second factor, a second device, a code that gives a tier; and the way of
// the administrator who looks after them.
import { administrator, expect, test } from "../support/test.ts";
import { code } from "../support/totp.ts";

test("from an invitation to two devices and a tier", async ({ browser, page, server, watch, secrets }) => {
  test.slow();
  // The first device is signed out in the middle of its page.
  watch.allow(/401/);
  const [office, second] = [await administrator(browser, server.url, watch), await browser.newContext({ baseURL: server.url })];
  await watch.context(second);
  try {
    const admin = await office.newPage();
    const tier = `Members ${Date.now()}`;
    await admin.goto("/admin/tiers");
    await admin.getByLabel("Name").fill(tier);
    await admin.getByLabel("Answers a day").fill("3");
    await admin.getByRole("button", { name: "Make the tier" }).click();
    await expect(admin.getByRole("status")).toHaveText("The tier is saved.");
    await admin.goto("/admin/codes");
    await admin.getByRole("button", { name: "Make the codes" }).click();
    const invitation = await admin.locator(".code-link").getAttribute("href");
    await admin.goto("/admin/codes");
    await admin.getByText("Activation code", { exact: true }).click();
    await admin.getByLabel("Tier that they give").selectOption({ label: tier });
    await admin.getByLabel("Days that the tier lasts").fill("30");
    await admin.getByRole("button", { name: "Make the codes" }).click();
    const activation = await admin.locator(".code-link").getAttribute("href");

    // Invited and registered.
    await page.goto(invitation!);
    await page.getByLabel("Name").fill("Mia");
    const email = `mia-${Date.now()}@example.org`;
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password").fill("kettle and hearth");
    secrets.add("kettle and hearth");
    await page.getByRole("button", { name: "Create account" }).click();
    await expect(page.getByRole("heading", { name: /Good to see you, Mia/ })).toBeVisible();

    // A second factor.
    await page.goto("/settings/sign-in");
    await page.getByRole("button", { name: "Set up a second factor" }).click();
    const key = (await page.locator("code.key").innerText()).replaceAll(" ", "");
    secrets.add(key);
    await page.getByLabel("Code of six digits").fill(code(key));
    await page.getByRole("button", { name: "Switch it on" }).click();
    await expect(page.locator(".recovery-codes li")).toHaveCount(10);
    secrets.add(...(await page.locator(".recovery-codes li").allInnerTexts()));
    await page.getByRole("link", { name: "I have kept them" }).click();

    // Another device by its code, with no password typed there.
    await page.getByRole("link", { name: "Sign in on another device" }).click();
    await page.getByRole("button", { name: "Show a QR code" }).click();
    const shown = await page.locator("code.key").innerText();
    const phone = await second.newPage();
    await phone.goto("/device");
    await phone.getByLabel("Code from the other device").fill(shown);
    await phone.getByRole("button", { name: "Ask to sign in here" }).click();
    await expect(page.locator(".device-number")).toHaveText(await phone.locator(".device-number").innerText(), { timeout: 15_000 });
    await page.getByRole("button", { name: "Yes, sign it in" }).click();
    await phone.getByRole("button", { name: "Continue" }).click({ timeout: 15_000 });
    await expect(phone.getByRole("heading", { name: /Good to see you/ })).toBeVisible();
    // The page loads itself anew once for that.
    await expect(page.getByRole("status")).toHaveText("The other device is signed in.");

    // The tier, on the second device.
    await phone.goto(activation!);
    await phone.getByRole("button", { name: "Redeem the code" }).click();
    await expect(phone.getByRole("status")).toContainText(tier);

    // The second device ends the first one, whose open page notices.
    await page.goto("/");
    await expect(page.getByRole("heading", { name: /Good to see you/ })).toBeVisible();
    await phone.goto("/settings/devices");
    await phone.getByRole("button", { name: "Sign out all other devices" }).click();
    await expect(phone.getByRole("status")).toBeVisible();
    await page.reload();
    await expect(page).toHaveURL(/\/login/);
    await phone.reload();
    await expect(phone).toHaveURL(/\/settings\/devices/);

    // The administrator sees the account and its tier, and nothing of what is written.
    await admin.goto(`/admin/people?q=${email}`);
    await admin.getByRole("link", { name: /Mia/ }).click();
    await expect(admin.getByText(`${tier}, until`)).toBeVisible();
    await admin.getByRole("button", { name: "Switch off the second factor" }).click();
    await expect(admin.getByRole("status")).toHaveText("They sign in without a code now.");
    await expect(admin.getByRole("button", { name: "Switch off the second factor" })).toHaveCount(0);
  } finally {
    await office.close();
    await second.close();
  }
});

test("who may register is chosen in the browser", async ({ browser, page, server, watch }) => {
  const office = await administrator(browser, server.url, watch);
  try {
    const admin = await office.newPage();
    const choose = async (who: string, what: string) => {
      await admin.goto("/admin/people");
      await admin.getByLabel(who, { exact: true }).check();
      await admin.getByLabel(what, { exact: true }).check();
      await admin.locator("#registration").getByRole("button", { name: "Save" }).click();
      await expect(admin.getByRole("status").first()).toHaveText("What you chose counts from now on.");
    };
    await choose("Nobody", "An e-mail address");
    await page.goto("/register");
    await expect(page.getByRole("button", { name: "Create account" })).toHaveCount(0);
    await choose("Everybody who reaches this site", "An e-mail address or a name");
    await page.goto("/register");
    const name = `noa-${Date.now()}`;
    await page.getByLabel("E-mail or name").fill(name);
    await page.getByLabel("Password").fill("kettle and hearth");
    await page.getByRole("button", { name: "Create account" }).click();
    await expect(page.getByRole("heading", { name: /Good to see you/ })).toBeVisible();
    await choose("Everybody who reaches this site", "An e-mail address");
  } finally {
    await office.close();
  }
});
