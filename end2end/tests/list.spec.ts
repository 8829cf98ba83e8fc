// The list of conversations has hands: a menu for each row, by keyboard alone, shown at once here and in other tabs.
import type { Page } from "@playwright/test";

import { Chat } from "../support/chat.ts";
import { expect, test } from "../support/test.ts";

/** Makes conversations with these titles, the last one newest. */
async function make(page: Page, url: string, titles: string[]) {
  for (const text of titles) {
    const form = { text, model: "openai/json" };
    const answer = await page.request.post(`${url}/fn/ask`, { form, headers: { accept: "application/json", origin: url } });
    expect(answer.ok(), await answer.text()).toBe(true);
  }
  const list = async (): Promise<string> => (await page.request.get(`${url}/fn/list`, { headers: { accept: "application/json" } })).json();
  await expect.poll(list).not.toContain("running");
  // A title that a person gave is not replaced by the model's.
  const ids = [...(await list()).matchAll(/"\/c\/(\w+)"/g)].map(([, id]) => id).reverse();
  for (const [at, title] of titles.entries()) {
    const form = { conversation_id: ids[at], title };
    await page.request.post(`${url}/fn/rename`, { form, headers: { accept: "application/json", origin: url } });
  }
}

const rows = (page: Page) => page.locator(".sidebar .history .title");
const more = (page: Page, title: string) => page.getByRole("button", { name: `More for “${title}”` });
const item = (page: Page, name: string) => page.getByRole("menuitem", { name, exact: true });
const focused = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.className);

test("16-list: rename, pin, archive and delete from the row's menu, by keyboard", async ({ page, chat, server, context }) => {
  await make(page, server.url, ["Leeks", "Winter", "Stars"]);
  await chat.open();
  await expect(rows(page)).toHaveText(["Stars", "Winter", "Leeks"]);
  const other = new Chat(await context.newPage());
  await other.open();
  const press = async (title: string, ...keys: string[]) => {
    await more(page, title).focus();
    await page.keyboard.press("Enter");
    await expect(item(page, "Rename")).toBeFocused();
    for (const key of keys) await page.keyboard.press(key);
  };

  // Arrows move round, Escape closes, and the focus is back on the button.
  await press("Leeks", "ArrowUp");
  await expect(item(page, "Delete")).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(item(page, "Rename")).toBeFocused();
  await page.keyboard.press("End");
  await expect(item(page, "Delete")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.locator("#row-menu")).toBeHidden();
  await expect(more(page, "Leeks")).toBeFocused();
  // A blank opens it too, and Tab leaves it.
  await page.keyboard.press(" ");
  await expect(item(page, "Rename")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.locator("#row-menu")).toBeHidden();

  // Rename: Escape restores, Enter saves.
  const field = page.getByRole("textbox", { name: "Title" });
  await press("Leeks", "Enter");
  await expect(field).toBeFocused();
  await expect(field).toHaveValue("Leeks");
  await page.keyboard.type("Something else");
  await page.keyboard.press("Escape");
  await expect(rows(page)).toHaveText(["Stars", "Winter", "Leeks"]);
  await press("Leeks", "Enter");
  await page.keyboard.type("Leeks in winter");
  await page.keyboard.press("Enter");
  await expect(rows(page)).toHaveText(["Stars", "Winter", "Leeks in winter"]);
  await expect(rows(other.page)).toHaveText(["Stars", "Winter", "Leeks in winter"]);
  await expect(more(page, "Leeks in winter")).toHaveCount(1);

  // Pin: it comes first, here and in the other tab, and the focus stays with it.
  await press("Leeks in winter", "ArrowDown", "Enter");
  await expect(rows(page)).toHaveText(["Leeks in winter", "Stars", "Winter"]);
  await expect(rows(other.page)).toHaveText(["Leeks in winter", "Stars", "Winter"]);
  await expect(page.locator('.sidebar [data-day="day-pinned"]').getByRole("listitem")).toHaveCount(1);
  await expect(more(page, "Leeks in winter")).toBeFocused();
  await more(page, "Leeks in winter").press("Enter");
  await expect(item(page, "Pin")).toBeHidden();
  await item(page, "Unpin").press("Enter");
  await expect(rows(page)).toHaveText(["Stars", "Winter", "Leeks in winter"]);

  // Archive: it leaves the list, with a way back; the focus goes to the next row, and it is found again.
  await press("Stars", "ArrowDown", "ArrowDown", "Enter");
  await expect(rows(page)).toHaveText(["Winter", "Leeks in winter"]);
  const toast = page.locator("#toast");
  await expect(toast).toContainText("Archived");
  await expect(page.locator("#spoken")).toHaveText("Archived");
  await toast.getByRole("button", { name: "Undo" }).press("Enter");
  await expect(toast).toBeHidden();
  await expect(rows(page)).toHaveText(["Stars", "Winter", "Leeks in winter"]);
  await press("Stars", "ArrowDown", "ArrowDown", "Enter");
  await expect(rows(page)).toHaveText(["Winter", "Leeks in winter"]);
  await expect(rows(other.page)).toHaveText(["Winter", "Leeks in winter"]);
  expect(await focused(page)).toContain("Winter");

  // Delete: at once, with a way back.
  await press("Winter", "End", "Enter");
  await expect(rows(page)).toHaveText(["Leeks in winter"]);
  await page.getByRole("button", { name: "Undo" }).press("Enter");
  await expect(rows(page)).toHaveText(["Winter", "Leeks in winter"]);

  await page.goto("/history?archived=true");
  const archived = page.locator(".content .history .title");
  await expect(archived).toHaveText(["Stars"]);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Archived");
  await page.getByRole("button", { name: "Unarchive “Stars”" }).press("Enter");
  await expect(page.getByRole("status").getByRole("link", { name: "Stars" })).toBeVisible();
  await expect(archived).toHaveCount(0);
  await page.goto("/history");
  await expect(archived).toHaveText(["Stars", "Winter", "Leeks in winter"]);
});

test("16-list: the menu closes when one clicks elsewhere or once more, and a cut title can be read", async ({ page, chat, server }) => {
  await make(page, server.url, ["A title that is much too long for the width of any list beside a page", "Short"]);
  await chat.open();
  const long = page.locator(".sidebar .history li a").filter({ hasText: "much too long" });
  await expect(long).toHaveAttribute("title", /any list beside a page$/);
  await page.locator(".sidebar .history li").first().hover();
  await more(page, "Short").click();
  await expect(page.getByRole("menu")).toBeVisible();
  const [menu, button] = [await page.getByRole("menu").boundingBox(), await more(page, "Short").boundingBox()];
  expect(Math.abs(menu!.y - (button!.y + button!.height))).toBeLessThan(3);
  expect(menu!.x).toBeGreaterThanOrEqual(0);
  await more(page, "Short").click();
  await expect(page.getByRole("menu")).toBeHidden();
  await more(page, "Short").click();
  await page.locator(".content").click({ position: { x: 5, y: 300 } });
  await expect(page.getByRole("menu")).toBeHidden();
  // What is typed counts when the focus goes elsewhere.
  await more(page, "Short").click();
  await item(page, "Rename").click();
  await page.getByRole("textbox", { name: "Title" }).fill("Shorter");
  // A page that is loaded anew sooner takes the request back.
  const stored = page.waitForResponse((answer) => answer.url().endsWith("/fn/rename"));
  await chat.box.click();
  await expect(rows(page).first()).toHaveText("Shorter");
  await stored;
  await page.reload();
  await expect(rows(page).first()).toHaveText("Shorter");
});

test("16-list: a title that is too long is refused with a sentence, and the old one stays", async ({ page, chat, server, watch }) => {
  watch.allow(/422/);
  await make(page, server.url, ["Short"]);
  await chat.open();
  await page.locator(".sidebar .history li").first().hover();
  await more(page, "Short").click();
  await item(page, "Rename").click();
  const field = page.getByRole("textbox", { name: "Title" });
  await field.evaluate((field: HTMLInputElement) => field.removeAttribute("maxlength"));
  await field.fill("x".repeat(201));
  await field.press("Enter");
  await expect(page.getByRole("alert")).toContainText("200");
  await expect(rows(page)).toHaveText(["Short"]);
});

test.describe("on a touch screen", () => {
  test.use({ viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true });

  test("16-list: each row's button is there, and large enough for a finger", async ({ page, chat, server }) => {
    await make(page, server.url, ["Leeks"]);
    await chat.open();
    await page.locator(".top-bar label[for=open-sidebar]").tap();
    const button = more(page, "Leeks");
    await expect(button).toHaveCSS("opacity", "1");
    const box = (await button.boundingBox())!;
    expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(44);
    await button.tap();
    await expect(page.getByRole("menu")).toBeInViewport({ ratio: 1 });
    expect((await item(page, "Pin").boundingBox())!.height).toBeGreaterThanOrEqual(44);
    await item(page, "Pin").tap();
    await expect(page.locator('.sidebar [data-day="day-pinned"]')).toBeVisible();
  });
});
