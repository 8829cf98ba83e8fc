// Keys of input methods and of touch screens, and things that are dropped onto the page.
import type { Locator } from "@playwright/test";

import { expect, test } from "../support/test.ts";

/** Sends a keydown as a browser reports it; returns whether the page left it to the input method. */
const press = (field: Locator, init: KeyboardEventInit) =>
  field.evaluate(
    (field, init) => field.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init })),
    init,
  );

const enters: [string, KeyboardEventInit][] = [
  ["Chrome", { key: "Enter", keyCode: 229, isComposing: true }],
  ["Firefox", { key: "Enter", keyCode: 13, isComposing: true }],
  ["Safari, after compositionend", { key: "Enter", keyCode: 229, isComposing: false }],
  ["Safari with Command", { key: "Enter", keyCode: 229, metaKey: true }],
];

for (const [browser, init] of enters) {
  test(`Enter that chooses a word does not send: ${browser}`, async ({ page, chat }) => {
    await chat.begin("First", "json");
    await chat.ended();
    await chat.box.fill("にほん");
    expect(await press(chat.box, init)).toBe(true);
    const field = await chat.edit(chat.questions.first());
    expect(await press(field, init)).toBe(true);
    await expect(field).toBeVisible();
    // Escape drops the word, and the edit stays open.
    expect(await press(field, { ...init, key: "Escape" })).toBe(true);
    await page.waitForTimeout(300);
    await expect(field).toHaveValue("First");
    await expect(chat.questions).toHaveCount(1);
    await expect(chat.box).toHaveValue("にほん");
    // ArrowUp moves in the list of words and opens no edit.
    await field.press("Escape");
    await expect(field).toHaveCount(0);
    await chat.box.fill("");
    expect(await press(chat.box, { ...init, key: "ArrowUp" })).toBe(true);
    await expect(field).toHaveCount(0);
  });
}

test("with Control or Command Enter sends", async ({ chat }) => {
  await chat.begin("First", "json");
  await chat.ended();
  for (const [count, keys] of [[2, "Control+Enter"], [3, "Meta+Enter"]] as const) {
    await chat.box.fill(`Question ${count}`);
    await chat.box.press(keys);
    await expect(chat.questions).toHaveCount(count);
    await chat.ended();
  }
  await expect(chat.page.getByText("Shift+Enter for a new line")).toBeVisible();
  await expect(chat.box).toHaveAttribute("enterkeyhint", "send");
});

test.describe("on a touch screen", () => {
  test.use({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } });

  test("Enter breaks the line, and the button sends", async ({ chat }) => {
    await chat.open();
    await expect(chat.page.getByText("Answers can be wrong.")).toBeVisible();
    await expect(chat.page.getByText("Shift+Enter")).toBeHidden();
    await chat.begin("First", "json");
    await chat.ended();
    await expect(chat.page.getByText("Answers can be wrong.")).toBeHidden();
    await expect(chat.box).toHaveAttribute("enterkeyhint", "enter");
    await chat.box.pressSequentially("one");
    await chat.box.press("Enter");
    await chat.box.pressSequentially("two");
    await expect(chat.box).toHaveValue("one\ntwo");
    await expect(chat.questions).toHaveCount(1);
    await chat.send.tap();
    await expect(chat.questions).toHaveCount(2);
    expect(await chat.questions.last().locator(".question-text").innerText()).toBe("one\ntwo");
    await chat.ended();
    const field = await chat.edit(chat.questions.first());
    await expect(field).toHaveAttribute("enterkeyhint", "enter");
    await field.press("End");
    await field.press("Enter");
    await field.pressSequentially("more");
    await expect(field).toHaveValue("First\nmore");
    await field.press("Control+Enter");
    await expect(chat.questions).toHaveText([/First\s+more/]);
  });
});

/** Drags something over an element and drops it there; returns for each event whether the page prevented its default. */
const drag = (place: Locator, what: "file" | "text" | "link") =>
  place.evaluate((place, what) => {
    const dataTransfer = new DataTransfer();
    if (what === "file") dataTransfer.items.add(new File(["x"], "notes.txt", { type: "text/plain" }));
    if (what === "text") dataTransfer.setData("text/plain", "dragged");
    if (what === "link") dataTransfer.setData("text/uri-list", "https://example.com/");
    return ["dragenter", "dragover", "drop"].map((name) => {
      const init = { bubbles: true, cancelable: true, composed: true, dataTransfer };
      return !place.dispatchEvent(new DragEvent(name, init));
    });
  }, what);

test("a file that is dropped is not opened in place of the page", async ({ page, chat }) => {
  await chat.open();
  await chat.box.fill("a draft");
  const places = [page.locator("body"), page.locator("#thread"), chat.sidebar, chat.send, chat.box];
  for (const place of places) {
    expect(await drag(place, "file")).toEqual([true, true, true]);
    await expect(page.getByRole("alert")).toHaveText(/Files cannot be added/);
    expect(await drag(place, "link")).toEqual([true, true, true]);
  }
  // Text may be dropped into fields.
  expect(await drag(chat.box, "text")).toEqual([false, false, false]);
  expect(await drag(page.locator("#thread"), "text")).toEqual([true, true, true]);
  await expect(chat.box).toHaveValue("a draft");
});

test("in the palette the input method has its keys, and Enter takes what was searched for", async ({ page, chat }) => {
  for (const text of ["Leeks", "Winter"]) {
    await chat.begin(text, "json");
    await chat.ended();
    await expect(chat.title).toHaveText("A short title");
    const id = page.url().split("/").at(-1)!;
    const form = { conversation_id: id, title: text };
    await page.request.post("/fn/rename", { form, headers: { accept: "application/json", origin: new URL(page.url()).origin } });
  }
  await page.keyboard.press("Control+k");
  const search = page.locator(".palette-search");
  await expect(page.locator("#palette-rows")).toContainText("Leeks");
  const address = page.url();
  for (const [, init] of enters) {
    expect(await press(search, init)).toBe(true);
    expect(await press(search, { ...init, key: "ArrowDown" })).toBe(true);
  }
  await expect(search).toBeFocused();
  expect(page.url()).toBe(address);
  // Enter comes before the rows do.
  let answer = () => {};
  const answered = new Promise<void>((done) => (answer = done));
  await page.route("**/fn/sheet/palette?rows=*", async (route) => {
    await answered;
    await route.continue();
  });
  const asked = page.waitForRequest(/palette\?rows=/);
  await search.fill("Leeks");
  await asked;
  await search.press("Enter");
  answer();
  await expect(chat.questions).toHaveText([/Leeks/]);
});
