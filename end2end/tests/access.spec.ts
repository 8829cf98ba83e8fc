// The pages work for people who use a keyboard, a screen reader or a dark screen.
import type { Page } from "@playwright/test";

import { expect, test } from "../support/test.ts";

/** Expects one main heading, a name for each control, unique ids, and a language. */
async function basics(page: Page) {
  await expect(page.getByRole("main")).toHaveCount(1);
  await expect(page.locator("h1")).toHaveCount(1);
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await expect(page).toHaveTitle(/\S · Inglenook/);
  const controls = page.locator("button, a[href], input:not([type=hidden]), select, textarea, summary");
  const unnamed: string[] = [];
  for (const control of await controls.all()) {
    const name = await control.evaluate((element) => {
      const labels = [...((element as HTMLInputElement).labels ?? [])].map((label) => label.textContent);
      const pieces = [element.getAttribute("aria-label"), element.getAttribute("title"), ...labels];
      if (!element.matches("input, select, textarea")) pieces.push(element.textContent);
      return pieces.join("").trim();
    });
    if (!name) unnamed.push(await control.evaluate((element) => element.outerHTML.slice(0, 120)));
  }
  expect(unnamed).toEqual([]);
  const ids = await page.locator("[id]").evaluateAll((all) => all.map((element) => element.id));
  expect(ids.length, "every id once").toBe(new Set(ids).size);
}

test("every page has its heading, and every control a name", async ({ page, chat, context, watch }) => {
  await chat.begin("Something");
  await expect(chat.title).toHaveText("A short title");
  await basics(page);
  await chat.reload();
  await basics(page);
  for (const path of ["/", "/settings", "/settings/appearance", "/settings/chat", "/settings/sign-in", "/history"]) {
    await page.goto(path);
    await basics(page);
  }
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/\S/);
  watch.allow(/status of 404/);
  await page.goto("/nowhere");
  await basics(page);
  await context.clearCookies();
  for (const path of ["/login", "/register"]) {
    await page.goto(path);
    await basics(page);
  }
});

test("the start page has a heading that says something", async ({ page, chat }) => {
  await chat.open();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/\S/);
});

test("the keyboard reaches the composer, and the focus can be seen", async ({ page, chat }) => {
  await chat.begin("Something");
  await expect(chat.title).toHaveText("A short title");
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  const reached: string[] = [];
  for (let step = 0; step < 60; step++) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const around = element.closest("form.composer") ?? element;
      // A check box without a box of its own shows the focus on its label.
      const style = getComputedStyle(element.closest("label") ?? element);
      const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
      const shadowed = around !== element && getComputedStyle(around).borderTopColor !== "";
      const small = element.matches(".visually-hidden");
      return { name: element.getAttribute("name") ?? "", tag: element.tagName, seen: outlined || shadowed || small };
    });
    // After the last control the browser begins again at the first.
    if (focus.tag === "BODY") continue;
    expect(focus.seen, `focus on ${focus.tag} ${focus.name}`).toBe(true);
    reached.push(focus.name || focus.tag);
    if (focus.name === "text") break;
  }
  expect(reached.at(-1)).toBe("text");
  await page.keyboard.type("typed");
  await expect(chat.box).toHaveValue("typed");
});

test("the composer has the focus from the start", async ({ page, chat }) => {
  await chat.open();
  await page.keyboard.type("typed at once");
  await expect(chat.box).toHaveValue("typed at once");
});

test("a running answer is marked as busy, and what went wrong is announced", async ({ page, chat }) => {
  await chat.begin("Count", "tokens-200-20");
  await expect(chat.answer).toHaveAttribute("aria-busy", "true");
  await chat.ended();
  await expect(chat.answer).not.toHaveAttribute("aria-busy", "true");
  await chat.ask("And now?", "500");
  await expect(chat.answer.getByRole("status")).toContainText("OpenAI had an error");
  await expect(page.locator("#spoken")).toContainText("OpenAI had an error");
});

test("light and dark follow the system", async ({ page, chat }) => {
  await chat.begin("Something");
  await chat.ended();
  const look = async (colorScheme: "light" | "dark") => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const colours = await page.evaluate(() => {
      const { backgroundColor, color } = getComputedStyle(document.body);
      const code = document.querySelector("figure.code code i:not(:empty)");
      return { backgroundColor, color, code: code && getComputedStyle(code).color };
    });
    return { colours, picture: await page.screenshot() };
  };
  const light = await look("light");
  const dark = await look("dark");
  expect(light.picture.equals(dark.picture)).toBe(false);
  expect(light.colours.backgroundColor).not.toBe(dark.colours.backgroundColor);
  expect(light.colours.color).not.toBe(dark.colours.color);
  expect(light.colours.code).not.toBe(dark.colours.code);
});
