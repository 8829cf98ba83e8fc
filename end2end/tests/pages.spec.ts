// What the main pages look like, in both languages. Pictures of them would differ from machine to machine, because the site uses
// the fonts that a machine has; tests of pictures that are to pass everywhere must allow so much that they notice little. So
// what a picture would show is compared in three parts, none of which depends on a font:
//
// - what stands on a page, in which order and with which words: a snapshot of the accessibility tree;
// - where its parts stand: a snapshot of their left edges and widths at the size of a phone, a tablet and a desk;
// - that nothing is wider than the window, cut off, or over something else, from 320 to 1920 pixels.
//
// Colours are in contrast.spec.ts. After a change that is meant: `npx playwright test pages --update-snapshots`, and read the
// difference.
import type { Page } from "@playwright/test";

import { collisions, places } from "../support/layout.ts";
import { expect, test } from "../support/test.ts";
import { RICH } from "../support/texts.ts";

const WIDTHS = [320, 360, 768, 1280, 1920];
const PLACED = [360, 768, 1280];

/** The accessibility tree, without what is another at each run: ids, times, figures. */
async function tree(page: Page): Promise<string> {
  const whole = await page.locator("body").ariaSnapshot();
  return whole
    .replace(/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, "ID")
    .replace(/#[0-9A-HJKMNP-TV-Z]{6}-/g, "#ID-")
    .replace(/\b\d{1,2}:\d\d\b/g, "TIME")
    .replace(/[\w.-]+@example\.org/g, "SOMEBODY")
    .replace(/\bAda \d+/g, "Ada")
    .replace(/(text: echo · ).*/g, "$1FIGURES");
}

async function expectPage(page: Page, name: string) {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.setViewportSize({ width: 1280, height: 800 });
  expect(await tree(page)).toMatchSnapshot(`${name}.txt`);
  const placed: string[] = [];
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    expect(await collisions(page), `${name} at ${width} pixels`).toEqual([]);
    if (PLACED.includes(width)) placed.push(`at ${width} pixels\n${await places(page)}`);
  }
  // Words may be longer in one language, and places are the same.
  expect(placed.join("\n\n")).toMatchSnapshot(`${name.replace(/-\w+$/, "")}-places.txt`);
}

test("what is in the way of something else, or too wide, is found", async ({ page }) => {
  await page.goto("/login");
  expect(await collisions(page)).toEqual([]);
  await page.getByRole("button", { name: "Sign in" }).evaluate((button) => (button.style.marginTop = "-40px"));
  expect(await collisions(page)).toContainEqual(expect.stringMatching(/^over each other: .*password.* and .*button-primary/));
  await page.getByRole("main").evaluate((card) => (card.style.minWidth = "2000px"));
  expect(await collisions(page)).toContainEqual(expect.stringMatching(/wide$/));
});

for (const [language, locale] of [["en", "en-GB"], ["zh", "zh-CN"]]) {
  test.describe(language, () => {
    test.use({ locale });

    test("sign-in and settings", async ({ page, context, user, server }) => {
      void user;
      // The colour that nobody chose is made of the account's id.
      const picture = { picture_colour: "teal", picture_initial: "" };
      await context.request.post(`${server.url}/fn/set-picture`, { form: picture, headers: { accept: "text/html", origin: server.url }, maxRedirects: 0 });
      for (const name of ["appearance", "chat", "sign-in"]) {
        await page.goto(`/settings/${name}`);
        await expectPage(page, `settings-${name}-${language}`);
      }
      await page.goto("/settings");
      await expectPage(page, `settings-${language}`);
      await context.clearCookies();
      await page.goto("/login");
      await expectPage(page, `login-${language}`);
    });

    test("the start page and a conversation", async ({ page, context, user, server }) => {
      void user;
      await page.goto("/");
      await expectPage(page, `start-${language}`);
      const form = { text: RICH, model: "openai/echo", key: `pages-${Date.now()}` };
      const asked = await context.request.post(`${server.url}/fn/ask`, { form, headers: { accept: "application/json", origin: server.url } });
      const { conversation_id: id } = await asked.json();
      await expect.poll(async () => (await context.request.get(`${server.url}/fn/part?conversation=${id}`)).text()).toContain('"generating":null');
      await page.goto(`/c/${id}`);
      await expect(page.getByRole("heading", { level: 1 })).toHaveText("A short title");
      await expectPage(page, `conversation-${language}`);
      await page.emulateMedia({ colorScheme: "dark" });
      const dark = await places(page);
      await page.emulateMedia({ colorScheme: "light" });
      expect(await places(page), "in the dark all is where it is in the light").toBe(dark);
    });
  });
}
