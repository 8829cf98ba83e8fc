// A tab that is hidden or looked at, which a headless browser has no way to make.
import type { Page } from "@playwright/test";

/** Call it before the page opens. Returns what hides the tab, or shows it again. */
export async function hideable(page: Page): Promise<(hidden: boolean) => Promise<void>> {
  await page.addInitScript(() => {
    Object.defineProperty(document, "hidden", { get: () => (window as any).away === true });
  });
  return (hidden) =>
    page.evaluate((hidden) => {
      (window as any).away = hidden;
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    }, hidden);
}
