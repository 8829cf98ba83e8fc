// Where the focus is, and whether a person sees it.
import { expect, type Locator, type Page } from "@playwright/test";

/** Expects that the focus is on something that is in sight, neither beside the window nor below something else. */
export async function expectInSight(page: Page) {
  expect(await page.evaluate(hiddenFocus), "why the focus is out of sight").toBe(null);
}

function hiddenFocus(): string | null {
  const active = document.activeElement;
  if (!active || active === document.body) return "nothing has the focus";
  const name = `<${active.tagName.toLowerCase()} class="${active.className}">`;
  // A check box that has no size of its own is shown by its labels.
  const hidden = active.matches(".visually-hidden, .code input");
  const labels = hidden ? [...(active as HTMLInputElement).labels!] : [active];
  const reasons = labels.map((shown) => {
    const { top, right, bottom, left } = shown.getBoundingClientRect();
    let seen = { top: Math.max(top, 0), right: Math.min(right, innerWidth), bottom: Math.min(bottom, innerHeight), left: Math.max(left, 0) };
    for (let around = shown.parentElement; around; around = around.parentElement) {
      if (getComputedStyle(around).overflow === "visible" || around === document.documentElement) continue;
      const box = around.getBoundingClientRect();
      seen = {
        top: Math.max(seen.top, box.top),
        right: Math.min(seen.right, box.right),
        bottom: Math.min(seen.bottom, box.bottom),
        left: Math.max(seen.left, box.left),
      };
    }
    if (seen.right - seen.left < 1 || seen.bottom - seen.top < 1) return `${name} is not in view`;
    const there = document.elementFromPoint((seen.left + seen.right) / 2, (seen.top + seen.bottom) / 2);
    return there && (shown.contains(there) || there.contains(shown)) ? null : `${name} is below ${there?.outerHTML.slice(0, 80)}`;
  });
  return reasons.includes(null) ? null : reasons.join(", ");
}

/** Expects that what has the focus looks otherwise than without its ring. */
export async function expectRing(page: Page) {
  const area = await page.evaluate(() => {
    const active = document.activeElement!;
    const shown = active.closest(".composer") ?? active;
    const { top, right, bottom, left } = shown.getBoundingClientRect();
    const [x, y] = [Math.max(left - 6, 0), Math.max(top - 6, 0)];
    return { x, y, width: Math.min(right + 6, innerWidth) - x, height: Math.min(bottom + 6, innerHeight) - y };
  });
  const style = (css: string) =>
    page.evaluate((css) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      document.adoptedStyleSheets = [sheet];
    }, css);
  // Playwright would hide the caret by style attributes, which the policy of the pages forbids in what is put elsewhere.
  const look = async () => (await page.screenshot({ clip: area, animations: "disabled", caret: "initial" })).toString("base64");
  const still = "*, ::backdrop { caret-color: transparent !important; transition: none !important; animation: none !important }";
  await style(still);
  const ringed = await look();
  // The composer has its ring around all of it, and is left for a moment; an outline is taken away.
  const composer = page.locator(".composer textarea:focus");
  const left = (await composer.count()) > 0;
  if (left) await composer.blur();
  else await style(`${still} * { outline-color: transparent !important }`);
  const plain = await look();
  if (left) await page.locator(".composer textarea").focus();
  await style("");
  expect(ringed === plain, `${await focused(page)} looks as if it had no focus`).toBe(false);
}

/** What has the focus, for the message of a test. */
export const focused = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement!.outerHTML.slice(0, 120));

/** Presses Tab until `wanted` has the focus. Each stop on the way is in sight, and the last has a ring. */
export async function tabTo(page: Page, wanted: Locator, key: "Tab" | "Shift+Tab" = "Tab") {
  for (let stops = 0; stops < 80; stops++) {
    await page.keyboard.press(key);
    if (await wanted.evaluate((element) => element === document.activeElement)) {
      await expectInSight(page);
      return expectRing(page);
    }
    if (await page.evaluate(() => document.activeElement !== document.body)) await expectInSight(page);
  }
  throw new Error(`no Tab leads to ${wanted}; the last one led to ${await focused(page)}`);
}
