// The main paths with the keyboard alone. Wherever the focus goes, it is in sight and shows itself (support/focus.ts).
import type { Locator, Page } from "@playwright/test";

import type { Chat } from "../support/chat.ts";
import { expectInSight, expectRing, tabTo } from "../support/focus.ts";
import { expect, test } from "../support/test.ts";
import { RICH } from "../support/texts.ts";

/** Expects that the focus is here, and that one sees it. */
async function expectFocus(on: Locator) {
  await expect(on).toBeFocused();
  await expectInSight(on.page());
  await expectRing(on.page());
}

/** Goes from message to message until `wanted` has the focus. */
async function toMessage(page: Page, key: "ArrowUp" | "ArrowDown", wanted: Locator) {
  await expect(async () => {
    await page.keyboard.press(`Alt+${key}`);
    await expectInSight(page);
    await expect(wanted).toBeFocused({ timeout: 1 });
  }).toPass({ intervals: [0], timeout: 5_000 });
  await expectRing(page);
}

/** Chooses a model without a pointer. */
async function choose(page: Page, chat: Chat, model: string) {
  await tabTo(page, chat.model);
  await page.keyboard.press("Enter");
  await expectFocus(page.getByRole("searchbox"));
  await page.keyboard.type(model);
  await expect(page.locator("#sheet .picker-row:visible").first()).toContainText(model);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expectFocus(chat.box);
}

/** The names of what Tab reaches in the open dialog, from here around to here again. */
async function around(page: Page): Promise<number> {
  const stops = new Set<string>();
  for (let presses = 0; presses < 300; presses++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const active = document.activeElement!;
      // Between the last and the first stop the browser may have the focus, and nothing of the page.
      if (active === document.body) return "";
      return active.closest("#sheet") ? `${[...document.querySelectorAll("#sheet *")].indexOf(active)}` : active.outerHTML;
    });
    expect(stop, "what has the focus").toMatch(/^\d*$/);
    if (stops.has(stop)) return stops.size;
    stops.add(stop);
  }
  throw new Error("Tab does not come around");
}

test("sign in, and skip to the content", async ({ page, user, context, chat }) => {
  await context.clearCookies();
  await page.goto("/login?next=/history");
  await expectFocus(page.getByLabel("E-mail"));
  await page.keyboard.type(user.email);
  await page.keyboard.press("Tab");
  await expectFocus(page.getByLabel("Password"));
  await page.keyboard.type("not the password");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toBeVisible();
  await expectFocus(page.getByLabel("Password"));
  await page.keyboard.type(user.password);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/history/);
  await page.keyboard.press("Tab");
  await expectFocus(page.getByRole("link", { name: "Skip to the content" }));
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expectFocus(page.getByRole("main").getByRole("searchbox"));
  void chat;
});

test("ask, stop, ask again, edit, and look at the versions", async ({ page, chat }) => {
  await chat.open();
  await expectFocus(chat.box);
  await choose(page, chat, "tokens-2000-20");
  await page.keyboard.type("Count");
  await page.keyboard.press("Enter");
  await chat.grown(50);
  await expectFocus(chat.box);
  await page.keyboard.press("Escape");
  await expect(page.locator(".answer-end").getByText("You stopped this answer")).toBeVisible();
  await expectFocus(chat.box);

  await choose(page, chat, "echo");
  await page.keyboard.type("First words");
  await page.keyboard.press("Enter");
  await expect(chat.answers).toHaveCount(2);
  await chat.ended();
  await chat.expectText("First words");
  await page.keyboard.press("ArrowUp");
  await expectFocus(page.getByRole("textbox", { name: "Your message" }));
  await page.keyboard.type(", and more");
  await page.keyboard.press("Enter");
  await expect(chat.questions.last()).toContainText("First words, and more");
  await expectFocus(chat.box);
  await chat.ended();

  await toMessage(page, "ArrowDown", chat.questions.last());
  await tabTo(page, chat.previous(chat.questions.last()));
  await page.keyboard.press("Enter");
  await expect(chat.versions(chat.questions.last())).toHaveText(/1\/2/);
  await expect(chat.questions.last()).not.toContainText("and more");
  // The first version has none before it, so the focus goes to the other arrow.
  await expectFocus(chat.next(chat.questions.last()));
  await page.keyboard.press("Enter");
  await expect(chat.versions(chat.questions.last())).toHaveText(/2\/2/);
  await expectFocus(chat.previous(chat.questions.last()));
});

test("edit by its button and leave it, regenerate, and copy code", async ({ page, chat, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await chat.begin(RICH, "echo");
  await chat.ended();
  await toMessage(page, "ArrowUp", chat.questions.first());
  const link = chat.questions.first().getByTitle("Edit message");
  await tabTo(page, link);
  await page.keyboard.press("Enter");
  await expectFocus(page.getByRole("textbox", { name: "Your message" }));
  await page.keyboard.press("Escape");
  await expectFocus(link);

  await tabTo(page, chat.prose.getByRole("button", { name: "Copy", exact: true }).first());
  await page.keyboard.press("Enter");
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain("fn light(fire: &mut Fire)");
  await expectInSight(page);
  const again = chat.answer.getByRole("button", { name: "Regenerate", exact: true });
  await tabTo(page, again);
  await page.keyboard.press("Enter");
  await expect(chat.versions(chat.answer)).toHaveText(/2\/2/);
  await chat.ended();
  // Its button is gone while it is written.
  await expectFocus(chat.box);
});

test("rename, delete, and take it back", async ({ page, chat }) => {
  await chat.begin("Something", "json");
  await chat.ended();
  const menu = page.getByLabel("Conversation menu");
  await tabTo(page, menu, "Shift+Tab");
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("textbox", { name: "Title" }));
  await page.keyboard.press("Control+a");
  await page.keyboard.type("A better name");
  await page.keyboard.press("Enter");
  await expect(chat.title).toHaveText("A better name");
  await expectFocus(menu);
  await page.keyboard.press("Enter");
  await tabTo(page, page.locator(".confirm > summary"));
  await page.keyboard.press("Escape");
  await expectFocus(menu);
  await page.keyboard.press("Enter");
  await tabTo(page, page.locator(".confirm > summary"));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/$/);
  await expectFocus(chat.box);
  await tabTo(page, page.getByRole("button", { name: "Undo" }), "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(chat.title).toHaveText("A better name");
  await expectFocus(chat.box);

  await toMessage(page, "ArrowDown", chat.answer);
  await tabTo(page, chat.answer.getByTitle("Delete message"));
  await page.keyboard.press("Enter");
  await expect(chat.answers).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Undo" })).toBeVisible();
  // The focus went to what stands in the place of what is gone.
  await expectInSight(page);
  await tabTo(page, page.getByRole("button", { name: "Undo" }));
  await page.keyboard.press("Enter");
  await expect(chat.answers).toHaveCount(1);
});

test("dialogs keep the focus, and give it back", async ({ page, chat }) => {
  await chat.begin("Leeks and potatoes", "json");
  await chat.ended();
  await toMessage(page, "ArrowDown", chat.answer);
  const dialog = page.getByRole("dialog");
  for (const [key, name] of [["?", "Shortcuts"], ["Control+k", "Find"]]) {
    await page.keyboard.press(key);
    await expect(dialog.getByRole("heading", { name })).toBeVisible();
    await expectInSight(page);
    expect(await around(page), `stops in ${name}`).toBeGreaterThan(1);
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
    await expectFocus(chat.answer);
  }
  await tabTo(page, chat.model);
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("searchbox")).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expectFocus(page.locator("#sheet .picker-name").nth(1));
  expect(await around(page), "stops in the list of models").toBeGreaterThan(10);
  await page.keyboard.press("Escape");
  await expectFocus(chat.model);

  // Its own button closes it, too.
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("searchbox")).toBeFocused();
  await tabTo(page, dialog.getByRole("button", { name: "Close", exact: true }), "Shift+Tab");
  await page.keyboard.press("Enter");
  await expectFocus(chat.model);

  await page.keyboard.press("Control+k");
  await expect(dialog.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type("settings");
  await expect(dialog.locator("a.picker-row")).toHaveText(["Settings"]);
  await page.keyboard.press("ArrowDown");
  await expectFocus(dialog.locator("a.picker-row"));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/settings/);
});

test("shortcuts of a single key can be switched off", async ({ page, chat }) => {
  await page.goto("/settings/chat");
  await page.getByRole("radiogroup", { name: "Shortcuts of a single key" }).getByText("Off").click();
  await page.getByRole("button", { name: "Save shortcuts" }).click();
  await expect(page.getByRole("status")).toBeVisible();
  await chat.begin("Something", "json");
  await chat.ended();
  await chat.title.click();
  for (const key of ["?", "/", "j", "k"]) await page.keyboard.press(key);
  // Keys act in the order in which they come, so those before this one have done nothing.
  await page.keyboard.press("Alt+ArrowUp");
  await expect(chat.questions.first()).toBeFocused();
  await expect(page.getByRole("dialog")).toBeHidden();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog").getByRole("heading", { name: "Find" })).toBeVisible();
});

for (const [kind, least] of [["mouse", 24], ["finger", 44]] as const) {
  test.describe(`for a ${kind}`, () => {
    if (kind === "finger") test.use({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } });

    test(`nothing to press is smaller than ${least} px`, async ({ page, chat, context }) => {
      const small: string[] = [];
      const measure = async (where: string) => small.push(...(await page.evaluate(tooSmall, least)).map((one) => `${where}: ${one}`));
      await chat.begin(RICH, "echo");
      await chat.ended();
      await chat.answer.hover();
      await chat.answer.getByRole("button", { name: "Regenerate", exact: true }).click();
      await expect(chat.versions(chat.answer)).toHaveText(/2\/2/);
      await chat.ended();
      await measure("a conversation");
      await page.getByLabel("Conversation menu").click();
      await measure("its menu");
      await page.keyboard.press("Escape");
      await chat.edit(chat.questions.first());
      await measure("an edit");
      await page.keyboard.press("Escape");
      await chat.model.click();
      await expect(page.getByRole("dialog").getByRole("searchbox")).toBeFocused();
      await measure("the list of models");
      await chat.open();
      await measure("the start page");
      for (const path of ["/settings", "/settings/appearance", "/settings/chat", "/settings/sign-in", "/history"]) {
        await page.goto(path);
        await measure(path);
      }
      await context.clearCookies();
      for (const path of ["/login", "/register", "/offline"]) {
        await page.goto(path);
        await measure(path);
      }
      expect(small).toEqual([]);
    });
  });
}

/** What can be pressed and is smaller than `least` pixels, but for links within a text. */
function tooSmall(least: number): string[] {
  const found: string[] = [];
  for (const element of document.querySelectorAll("a[href], button, summary, input, select, textarea, label:has(input), label[for]")) {
    const inDialog = document.querySelector("dialog[open]");
    if (inDialog && !inDialog.contains(element)) continue;
    if (!element.checkVisibility({ visibilityProperty: true }) || element.matches(".visually-hidden, .skip-link, [type=hidden]")) continue;
    // A label is pressed in place of its box, and a link in a sentence is as high as its line.
    if (element.matches("label input[type=checkbox], label input[type=radio], label:not(:has([type=checkbox], [type=radio]), [for])")) continue;
    if (element.matches(".prose a, p a, li > a.footnote") && getComputedStyle(element).display === "inline") continue;
    const { width, height } = element.getBoundingClientRect();
    if (Math.min(width, height) < least - 0.5) found.push(`${Math.round(width)} × ${Math.round(height)} ${element.outerHTML.slice(0, 90)}`);
  }
  return found;
}
