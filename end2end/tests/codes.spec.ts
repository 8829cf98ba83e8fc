// Invitations, activation codes and tiers: from the administrator's pages to the account of whoever uses them.
import { expectAccessible } from "../support/axe.ts";
import { administrator, expect, test } from "../support/test.ts";

test("an invitation is made, shown to a room, printed, and used", async ({ browser, server, watch, page }) => {
  const context = await administrator(browser, server.url, watch);
  try {
    const admin = await context.newPage();
    await admin.goto("/admin/codes");
    await expect(admin.getByRole("heading", { name: "Make codes" })).toBeVisible();
    await admin.getByLabel("How many codes").fill("2");
    await admin.getByLabel("Label, for you").fill("Class 7b");
    await expectAccessible(admin, "the page of codes");
    await admin.getByRole("button", { name: "Make the codes" }).click();
    await expect(admin.getByRole("status")).toHaveText("2 codes are made.");
    const cards = admin.locator(".code-card");
    await expect(cards).toHaveCount(2);
    await expect(cards.first().getByRole("img", { name: /QR code of/ })).toBeVisible();
    await expectAccessible(admin, "codes that were just made");

    // Over the whole screen, and back.
    await cards.first().getByRole("link", { name: "Show to a room" }).click();
    const shown = await cards.first().boundingBox();
    const screen = admin.viewportSize();
    expect(shown).toMatchObject({ x: 0, y: 0, width: screen!.width, height: screen!.height });
    await cards.first().getByRole("link", { name: "Close" }).click();
    await expect(cards.first().getByRole("link", { name: "Show to a room" })).toBeVisible();

    // On paper the cards stand alone, two in a line.
    await admin.emulateMedia({ media: "print" });
    await expect(cards.first()).toBeVisible();
    await expect(admin.getByRole("navigation", { name: "Administration" })).toBeHidden();
    await expect(cards.first().getByRole("link", { name: "Show to a room" })).toBeHidden();
    const [left, right] = [await cards.first().boundingBox(), await cards.last().boundingBox()];
    expect(right!.y).toBe(left!.y);
    expect(right!.x).toBeGreaterThan(left!.x);
    await admin.emulateMedia({ media: null });

    const link = await cards.first().locator(".code-link").getAttribute("href");
    await page.goto(link!);
    await expect(page.getByRole("heading", { name: "You are invited" })).toBeVisible();
    await expectAccessible(page, "an invitation");
    const email = `invited-${Date.now()}@example.org`;
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password").fill("long enough it is");
    await page.getByRole("button", { name: "Create account" }).click();
    await expect(page.getByRole("heading", { name: /Good to see you/ })).toBeVisible();
    // It counts once.
    await page.context().clearCookies();
    await page.goto(link!);
    await expect(page.getByText("This code is wrong, used up or expired.")).toBeVisible();

    await admin.getByRole("link", { name: "All codes" }).click();
    const used = admin.locator(".code-list > li").filter({ hasText: "Used up" }).first();
    await used.getByText("Used by").click();
    await expect(used.getByText(email)).toBeVisible();
    const live = admin.locator(".code-list > li").filter({ hasText: "Counts" }).first();
    await live.getByRole("button", { name: "End" }).click();
    await expect(admin.getByRole("status")).toHaveText(/The code is ended/);
  } finally {
    await context.close();
  }
});

test("a tier is made, and given by a code that one redeems", async ({ browser, server, watch, page, user }) => {
  void user;
  const context = await administrator(browser, server.url, watch);
  try {
    const admin = await context.newPage();
    const name = `Gold ${Date.now()}`;
    await admin.goto("/admin/tiers");
    await admin.getByLabel("Name").fill(name);
    await admin.getByLabel("Answers a day").fill("20");
    await expectAccessible(admin, "the page of tiers");
    await admin.getByRole("button", { name: "Make the tier" }).click();
    await expect(admin.getByRole("status")).toHaveText("The tier is saved.");
    await admin.getByRole("link", { name }).click();
    await expect(admin.getByLabel("Answers a day")).toHaveValue("20");
    await expectAccessible(admin, "the page of a tier");
    const tier = admin.url();

    await admin.goto("/admin/codes");
    await admin.getByText("Activation code", { exact: true }).click();
    await admin.getByLabel("Tier that they give").selectOption(name);
    await admin.getByLabel("Days that the tier lasts").fill("30");
    await admin.getByRole("button", { name: "Make the codes" }).click();
    const code = await admin.locator(".code-text").first().textContent();

    await page.goto("/settings");
    await expect(page.locator("#tier").getByText("Everybody")).toBeVisible();
    await page.getByLabel("A code that you were given").fill("not a code");
    await page.getByRole("button", { name: "Redeem the code" }).click();
    await expect(page.getByText("This code is wrong, used up or expired.")).toBeVisible();
    await page.getByLabel("A code that you were given").fill(code!.toLowerCase());
    await page.getByRole("button", { name: "Redeem the code" }).click();
    await expect(page.getByRole("status")).toContainText(`You have the tier ${name} until`);
    await expect(page.locator("#tier").getByText("Answers today: 0 of 20")).toBeVisible();
    await expectAccessible(page, "the settings of somebody with a tier");

    // Somebody has it now.
    await admin.goto(tier);
    await admin.getByRole("button", { name: "Delete the tier" }).click();
    await expect(admin.getByRole("alert")).toContainText("1 person has it");
  } finally {
    await context.close();
  }
});
