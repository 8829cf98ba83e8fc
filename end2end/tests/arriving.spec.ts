// How the text of an answer comes to be seen.
import type { Page } from "@playwright/test";

import { expect, test } from "../support/test.ts";

/** Notes in each frame how many characters of the answer can be seen. */
const watchFrames = (page: Page) =>
  page.evaluate(() => {
    const seen: { at: number; visible: number; all: number }[] = ((window as any).seen = []);
    const look = () => {
      const prose = document.querySelector("#messages > .answer:last-child .prose");
      const coming = (CSS as any).highlights.get("arriving");
      const hidden = coming ? [...coming].reduce((sum: number, range: any) => sum + range.toString().length, 0) : 0;
      const all = prose?.textContent?.length ?? 0;
      seen.push({ at: performance.now(), visible: all - hidden, all });
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });

const seen = (page: Page) => page.evaluate(() => (window as any).seen as { at: number; visible: number; all: number }[]);

test("21: text appears evenly, soon after it has come", async ({ page, chat }) => {
  await chat.open();
  await watchFrames(page);
  await chat.ask("Count", "tokens-200-20");
  await chat.ended();
  await expect.poll(async () => (await seen(page)).at(-1)).toMatchObject({ visible: await page.locator(".prose").evaluate((prose) => prose.textContent!.length) });
  const frames = await seen(page);
  expect(frames.every((frame, at) => frame.visible >= (frames[at - 1]?.visible ?? 0)), "what was seen is never hidden again").toBe(true);
  const came = frames.filter((frame, at) => at > 0 && frame.all > frames[at - 1].all).length;
  const appeared = frames.filter((frame, at) => at > 0 && frame.visible > frames[at - 1].visible).length;
  expect(appeared, "more steps than pieces came").toBeGreaterThan(came * 1.2);
});

test("21: whoever wants less motion sees each piece at once", async ({ page, chat }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await chat.open();
  await watchFrames(page);
  await chat.ask("Count", "tokens-200-20");
  await chat.ended();
  expect((await seen(page)).every(({ visible, all }) => visible === all)).toBe(true);
});
