// A long question is folded, so that it does not bury its answer; its whole text stays on the page.
import { expect, test } from "../support/test.ts";

const LONG = Array.from({ length: 400 }, (_, i) => `line ${i + 1}`).join("\n");

test("a long question is folded, and unfolds by keyboard and by mouse", async ({ chat, page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await chat.begin("Short", "json");
  await chat.ended();
  await expect(chat.questions.first().getByRole("button", { name: "Show more" })).toBeHidden();
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/fn/ask", async (route) => {
    await held;
    await route.continue();
  });
  const question = chat.questions.last();
  const text = question.locator(".question-text");
  const more = question.getByRole("button", { name: "Show more" });
  const less = question.getByRole("button", { name: "Show less" });
  const height = async () => (await text.boundingBox())!.height;

  // Folded before the server has it, and what is unfolded meanwhile stays unfolded.
  await chat.ask(LONG);
  await expect(more).toHaveAttribute("aria-expanded", "false");
  expect(await height()).toBeLessThan(360);
  expect(await text.evaluate((text) => text.scrollHeight)).toBeGreaterThan(5_000);
  await more.click();
  await expect(less).toHaveAttribute("aria-expanded", "true");
  expect(await height()).toBeGreaterThan(5_000);
  release();
  await expect(question).toHaveAttribute("id", /./);
  await chat.ended();
  await expect(question.getByTitle("Edit message")).toBeAttached();
  await expect(less).toBeVisible();
  expect(await height()).toBeGreaterThan(5_000);

  // Folding it leaves the button, and what is below it, where they are.
  await less.scrollIntoViewIfNeeded();
  const before = (await less.boundingBox())!.y;
  await less.click();
  await expect(more).toBeInViewport();
  expect(Math.abs((await more.boundingBox())!.y - before)).toBeLessThan(200);
  await expect(chat.answer).toBeInViewport();

  await chat.reload();
  expect(await height()).toBeLessThan(360);
  expect((await more.boundingBox())!.height).toBeGreaterThanOrEqual(24);
  await text.scrollIntoViewIfNeeded();
  const top = (await text.boundingBox())!.y;
  await more.focus();
  await page.keyboard.press("Enter");
  await expect(less).toBeFocused();
  expect(await height()).toBeGreaterThan(5_000);
  // The reader goes on where the fold was.
  await expect.poll(async () => Math.abs((await text.boundingBox())!.y - top)).toBeLessThan(2);
  await page.keyboard.press("Space");
  await expect(more).toBeFocused();
  await expect(more).toBeInViewport();

  // The whole text is copied, edited and printed.
  await question.hover();
  await question.getByTitle("Copy message").click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(LONG);
  await expect(await chat.edit(question)).toHaveValue(LONG);
  await expect(more).toBeHidden();
  await page.keyboard.press("Escape");
  await expect(more).toBeVisible();
  await page.emulateMedia({ media: "print" });
  expect(await height()).toBeGreaterThan(5_000);
  await expect(more).toBeHidden();
});

test("a long question of a temporary conversation is folded, too", async ({ chat, page }) => {
  await chat.open("/temporary");
  await chat.ask(LONG, "json");
  await chat.ended();
  const question = chat.questions.last();
  expect((await question.locator(".question-text").boundingBox())!.height).toBeLessThan(360);
  await question.getByRole("button", { name: "Show more" }).click();
  await expect(question.getByText("line 400")).toBeVisible();
});
