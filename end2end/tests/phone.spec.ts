import type { Page } from "@playwright/test";

import { expect, test } from "../support/test.ts";

test.use({ viewport: { width: 360, height: 640 }, hasTouch: true });

const answer = `# A wide answer

${"Averylongwordwithoutanybreak".repeat(10)}

| ${"Column | ".repeat(12)}
|${"---|".repeat(12)}
| ${"a value | ".repeat(12)}

\`\`\`rust
let line = "${"a long line ".repeat(30)}";
\`\`\`

Inline \`${"code_without_a_break".repeat(6)}\` and https://example.com/${"path/".repeat(40)}`;

async function fits(page: Page) {
  const wide = await page.evaluate(() => {
    const elements = [document.documentElement, document.body, ...document.querySelectorAll(".thread, .composer-area, .content, .card")];
    return elements
      .filter((element) => element.scrollWidth > element.clientWidth + 1)
      .map((element) => `${element.tagName}.${element.className} ${element.scrollWidth} > ${element.clientWidth}`);
  });
  expect(wide).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.clientWidth)).toBe(360);
}

test("the pages for signing in and registering fit", async ({ page, context, user }) => {
  void user;
  await context.clearCookies();
  for (const path of ["/login", "/register"]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await fits(page);
  }
});

test("start, thread, settings and history fit", async ({ page, chat }) => {
  await chat.open();
  await fits(page);
  await chat.begin(answer, "echo");
  await chat.ended();
  await fits(page);
  await chat.reload();
  await fits(page);
  // A table or code that is too wide scrolls in its own box.
  const scrolls = await chat.prose.locator(".scroll, pre").evaluateAll((all) => all.every((box) => box.scrollWidth > box.clientWidth));
  expect(scrolls).toBe(true);
  await page.getByLabel("Conversation menu").click();
  await expect(page.getByLabel("Title", { exact: true })).toBeInViewport({ ratio: 1 });
  await fits(page);
  for (const path of ["/settings", "/settings/appearance", "/settings/chat", "/settings/sign-in", "/history"]) {
    await page.goto(path);
    await fits(page);
  }
});

test("the sidebar opens and closes", async ({ page, chat }) => {
  await chat.begin("Something");
  await expect(chat.title).toHaveText("A short title");
  const link = chat.sidebar.getByRole("link", { name: "A short title" });
  await expect(link).toBeHidden();
  await page.getByTitle("Show conversations").tap();
  await expect(link).toBeVisible();
  await expect(link).toBeInViewport();
  await fits(page);
  await page.locator(".sidebar").getByTitle("Close").tap();
  await expect(link).toBeHidden();
  await page.getByTitle("Show conversations").tap();
  await expect(link).toBeInViewport();
  // A tap beside the sidebar closes it, too.
  await page.touchscreen.tap(345, 300);
  await expect(link).toBeHidden();
  await page.getByTitle("Show conversations").tap();
  await chat.sidebar.getByRole("link", { name: "New conversation" }).tap();
  await page.waitForURL((url) => url.pathname === "/");
  await expect(link).toBeHidden();
});
