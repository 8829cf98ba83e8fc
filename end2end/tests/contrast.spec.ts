// Texts and what shows where fields and icons are stand out, in every palette, in light and dark, and where more is asked for.
import type { Page } from "@playwright/test";

import { measure } from "../support/contrast.ts";
import { expect, test } from "../support/test.ts";
import { RICH } from "../support/texts.ts";

async function expectContrast(page: Page, state: string) {
  const low: string[] = [];
  let count = 0;
  for (const contrast of ["no-preference", "more"] as const) {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, contrast, reducedMotion: "reduce" });
      for (const palette of ["ember", "sea", "plum"]) {
        await page.evaluate((palette) => (document.documentElement.dataset.palette = palette), palette);
        const seen = await measure(page);
        count += seen.length;
        const bad = seen.filter(({ least, ratio }) => ratio < least);
        low.push(...bad.map((one) => `${state}, ${palette}, ${colorScheme}, ${contrast}: ${one.what} has ${one.ratio.toFixed(2)}`));
      }
    }
  }
  expect(new Set(low), state).toEqual(new Set());
  expect(count, `what was measured on ${state}`).toBeGreaterThan(0);
}

test("pages", async ({ page, chat, context }) => {
  // The documentation of the API is a long page.
  test.slow();
  await chat.open();
  await expectContrast(page, "the start page");
  await page.goto("/settings/appearance");
  await expectContrast(page, "the settings");
  await page.goto("/settings/chat");
  await page.getByLabel("Temperature").fill("9");
  await page.getByRole("button", { name: "Save parameters" }).click();
  await expect(page.locator(".field-error")).toBeVisible();
  await expectContrast(page, "a refused parameter");
  await context.clearCookies();
  await page.goto("/login");
  await expectContrast(page, "sign-in");
  await page.goto("/api/docs");
  await expectContrast(page, "the documentation of the API");
  // It has colours of its own, because it has to do without the style sheet.
  await page.goto("/offline");
  await expectContrast(page, "the offline page");
});

test("a conversation", async ({ page, chat }) => {
  await chat.begin(RICH, "echo");
  await chat.ended();
  await chat.ask("Does it work?", "500");
  await expect(chat.answer.locator(".answer-end.alert")).toBeVisible();
  await chat.edit(chat.questions.last());
  await expectContrast(page, "every kind of text");
  await page.keyboard.press("Escape");
  await chat.model.click();
  await expect(page.getByRole("dialog").getByRole("searchbox")).toBeFocused();
  await expectContrast(page, "the list of models");
  await page.keyboard.press("Escape");
  await chat.delete(chat.answer);
  await expect(page.locator(".toast")).toBeVisible();
  await chat.ask("Anybody?", "hang-first");
  await expect(page.locator(".waiting")).toHaveText(/Waiting for/, { timeout: 8_000 });
  await chat.box.fill("And then this");
  await chat.box.press("Enter");
  await expect(page.locator(".queued textarea")).toHaveValue("And then this");
  await expectContrast(page, "questions that wait");
  await chat.stop.click();
});
