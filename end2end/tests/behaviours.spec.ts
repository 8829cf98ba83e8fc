// How a chat should behave: each test is one behaviour, numbered as in the list that they come from. Those that other specs
// hold are named there: 2 and 3 in typing.spec.ts, 23 in resume.spec.ts.
import type { Page } from "@playwright/test";

import { Chat } from "../support/chat.ts";
import { expect, test } from "../support/test.ts";

const active = (page: Page) => page.evaluate(() => (document.activeElement as HTMLInputElement | null)?.name ?? document.activeElement?.tagName);
const scrollTop = (page: Page) => page.locator("#thread").evaluate((thread) => thread.scrollTop);
const below = (page: Page) =>
  page.locator("#thread").evaluate((thread) => thread.scrollHeight - thread.scrollTop - thread.clientHeight);
const top = (page: Page, selector: string) =>
  page.locator(selector).first().evaluate((element) => Math.round(element.getBoundingClientRect().top));

test("1: the focus is in the composer on load, after sending, and after moving to another conversation", async ({ page, chat }) => {
  await chat.open();
  await expect.poll(() => active(page)).toBe("text");
  await chat.ask("First", "json");
  expect(await active(page)).toBe("text");
  await chat.ended();
  await chat.sidebar.getByRole("link", { name: "New conversation" }).click();
  await expect(page).toHaveURL(/\/$/);
  expect(await active(page)).toBe("text");
});

test.describe("on a touch screen", () => {
  test.use({ viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true });

  test("1: nothing has the focus on load", async ({ page, chat }) => {
    await chat.open();
    await page.waitForTimeout(300);
    expect(await active(page)).toBe("BODY");
  });

  test("14: no field is smaller than 16 pixels, and the keyboard shrinks the page", async ({ page, chat }) => {
    await chat.open();
    const small = await page.evaluate(() =>
      [...document.querySelectorAll("input:not([type=hidden]):not([type=checkbox]), textarea, select")]
        .filter((field) => parseFloat(getComputedStyle(field).fontSize) < 16)
        .map((field) => field.outerHTML.slice(0, 80)),
    );
    expect(small).toEqual([]);
    expect(await page.locator("meta[name=viewport]").getAttribute("content")).toContain("interactive-widget=resizes-content");
  });

  test("38: Back closes the list of conversations first", async ({ page, chat }) => {
    await chat.begin("First", "json");
    await chat.ended();
    const path = new URL(page.url()).pathname;
    await page.locator(".top-bar label[for=open-sidebar]").click();
    await expect(page.locator("#open-sidebar")).toBeChecked();
    await page.goBack();
    await expect(page.locator("#open-sidebar")).not.toBeChecked();
    expect(new URL(page.url()).pathname).toBe(path);
  });
});

test("4: the composer grows to twelve lines and then scrolls", async ({ chat }) => {
  await chat.open();
  const height = () => chat.box.evaluate((box) => box.clientHeight);
  const one = await height();
  await chat.box.fill(Array(6).fill("line").join("\n"));
  const six = await height();
  expect(six).toBeGreaterThan(one * 2);
  await chat.box.fill(Array(40).fill("line").join("\n"));
  const most = await height();
  expect(most).toBeGreaterThan(six);
  expect(await chat.box.evaluate((box) => box.scrollHeight > box.clientHeight)).toBe(true);
  await chat.box.fill(Array(80).fill("line").join("\n"));
  expect(await height()).toBe(most);
});

test("5: a draft belongs to its conversation, in every tab, and outlives a reload", async ({ page, chat, context }) => {
  await chat.begin("First", "json");
  await chat.ended();
  await chat.box.fill("half a thought");
  await chat.sidebar.getByRole("link", { name: "New conversation" }).click();
  await expect(chat.box).toHaveValue("");
  await chat.box.fill("a new one");
  await page.goBack();
  await expect(chat.box).toHaveValue("half a thought");
  await chat.reload();
  await expect(chat.box).toHaveValue("half a thought");
  const other = await context.newPage();
  await other.goto(page.url());
  await expect(other.locator(".composer textarea")).toHaveValue("half a thought");
});

test("6: a question stands in the thread before the network is asked, and comes back with the reason", async ({ page, chat, watch }) => {
  watch.allow(/ERR_FAILED|Failed to load/);
  await chat.begin("First", "json");
  await chat.ended();
  await page.route("**/fn/ask", async (route) => {
    await new Promise((done) => setTimeout(done, 1_500));
    await route.abort();
  });
  await chat.box.fill("Is it there?");
  const shown = await chat.box.evaluate(
    (box: HTMLTextAreaElement) =>
      new Promise((done) => {
        box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
        requestAnimationFrame(() =>
          done([box.value, [...document.querySelectorAll(".message.user")].at(-1)?.querySelector(".question-text")?.textContent]),
        );
      }),
  );
  expect(shown).toEqual(["", "Is it there?"]);
  await expect(chat.box).toHaveValue("Is it there?");
  await expect(chat.questions).toHaveCount(1);
  await expect(page.getByRole("alert")).toBeVisible();
});

test("7: the up arrow in the empty composer edits the last question, and Escape leads back to the draft", async ({ page, chat }) => {
  await chat.begin("First", "json");
  await chat.ended();
  await chat.box.press("ArrowUp");
  const field = chat.questions.last().getByRole("textbox");
  await expect(field).toBeFocused();
  await field.press("Escape");
  await expect(field).toHaveCount(0);
  expect(await active(page)).toBe("text");
});

test("8: a long paste becomes a chip that can be put into the text after all", async ({ page, chat }) => {
  await chat.open();
  const text = "word ".repeat(600);
  await chat.box.evaluate((box, text) => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  }, text);
  await expect(chat.box).toHaveValue("");
  await expect(page.locator(".quotes li")).toContainText("3,000 characters");
  await chat.reload();
  await page.getByRole("button", { name: "Insert as text" }).click();
  await expect(chat.box).toHaveValue(text);
  await expect(page.locator(".quotes li")).toHaveCount(0);
});

test("11: Stop is where Send was, of the same size, and Escape stops", async ({ page, chat }) => {
  await chat.open();
  const send = await page.locator(".send:visible").boundingBox();
  await chat.ask("Count", "tokens-2000-20");
  await chat.grown(50);
  const stop = await page.locator(".send:visible").boundingBox();
  expect([stop!.width, stop!.height]).toEqual([send!.width, send!.height]);
  await page.keyboard.press("Escape");
  await expect(page.locator(".answer-end").getByText("You stopped this answer")).toBeVisible();
});

test("12: what is sent while an answer runs waits, can be changed, survives a reload, and is asked", async ({ page, chat }) => {
  await chat.begin("Count", "tokens-200-20");
  await chat.grown(20);
  await chat.box.fill("Then this");
  await chat.box.press("Enter");
  const queued = page.locator(".queued textarea");
  await expect(queued).toHaveValue("Then this");
  await expect(chat.box).toHaveValue("");
  await chat.reload();
  await expect(queued).toHaveValue("Then this");
  await queued.fill("Then that");
  await queued.blur();
  await expect(chat.questions).toHaveCount(2, { timeout: 20_000 });
  await expect(chat.questions.last()).toContainText("Then that");
  await expect(queued).toHaveCount(0);
  await chat.ended();
  expect(await chat.answers.count()).toBe(2);
});

test("12: after Stop the questions that wait say so, and are asked when somebody wants it", async ({ page, chat }) => {
  await chat.begin("Count", "slow");
  await chat.grown(20);
  for (const [at, text] of ["Then this", "Then that"].entries()) {
    await chat.box.fill(text);
    await chat.box.press("Enter");
    await expect(page.locator(".queued")).toHaveCount(at + 1);
  }
  await expect(page.locator("#queue-waits")).toBeHidden();
  await chat.stop.click();
  await expect(page.locator("#queue-waits")).toBeVisible();
  await expect(chat.questions).toHaveCount(1);
  await chat.choose("json");
  await page.locator(".queued").first().getByRole("button", { name: "Send now" }).click();
  await expect(page.locator("#queue-waits")).toBeHidden();
  await expect(chat.questions.nth(1)).toContainText("Then this");
});

test("13: a selection in an answer can be quoted", async ({ page, chat }) => {
  await chat.begin("A quiet evening by the fire", "echo");
  await chat.ended();
  await chat.prose.locator("p").first().evaluate((paragraph) => getSelection()!.selectAllChildren(paragraph));
  await page.getByRole("button", { name: "Reply" }).click();
  await expect(page.locator(".quotes li")).toContainText("A quiet evening by the fire");
  await chat.ask("Why quiet?");
  await chat.ended();
  await expect(chat.questions.last()).toContainText("> A quiet evening by the fire");
});

for (const [name, gesture] of [
  ["a wheel", async (page: Page) => page.mouse.wheel(0, -53)],
  ["PageUp", async (page: Page) => page.keyboard.press("PageUp")],
] as const) {
  test(`15: ${name} upward ends following at once, without a fight`, async ({ page, chat }) => {
    await chat.begin("Count", "answer-5000-5");
    await chat.grown(4_000);
    await page.locator(".to-latest").click();
    await expect.poll(() => below(page)).toBeLessThan(3);
    await page.mouse.move(600, 300);
    await gesture(page);
    await page.waitForTimeout(60);
    const left = await scrollTop(page);
    await page.waitForTimeout(1_000);
    expect(Math.abs((await scrollTop(page)) - left)).toBeLessThan(3);
    expect(await below(page)).toBeGreaterThan(50);
  });
}

test("16: a button leads to the latest message, and so does the End key", async ({ page, chat }) => {
  await chat.begin("Count", "fast");
  await chat.ended();
  await expect(page.locator(".to-latest")).toBeVisible();
  await page.locator(".to-latest").click();
  expect(await below(page)).toBeLessThan(3);
  await expect(page.locator(".to-latest")).toBeHidden();
  await page.locator("#thread").evaluate((thread) => (thread.scrollTop = 0));
  await expect(page.locator(".to-latest")).toBeVisible();
  await page.keyboard.press("End");
  await expect.poll(() => below(page)).toBeLessThan(3);
});

test("17: the question goes to the top of the view, and the answer grows below it without moving it", async ({ page, chat }) => {
  await chat.begin("First", "story");
  await chat.ended();
  await chat.ask("Second", "answer-5000-5");
  await chat.grown(100);
  const question = chat.questions.last();
  const place = () => question.evaluate((element) => Math.round(element.getBoundingClientRect().top));
  const thread = await top(page, "#thread");
  const before = await place();
  expect(Math.abs(before - thread)).toBeLessThan(30);
  await chat.grown(4_000);
  expect(await place()).toBe(before);
  await chat.stop.click();
  await expect(page.locator(".answer-end").getByText("You stopped this answer")).toBeVisible();
  expect(await place()).toBe(before);
});

test("18: content above that changes its height does not move the line that is read", async ({ page, chat }) => {
  await chat.begin("Count", "fast");
  await chat.ended();
  await page.locator("#thread").evaluate((thread) => (thread.scrollTop = 1_000));
  await page.waitForTimeout(300);
  const before = await top(page, ".answer .prose p");
  await page.locator(".message.user").evaluate((element) => (element.style.minHeight = "400px"));
  await expect.poll(async () => Math.abs((await top(page, ".answer .prose p")) - before)).toBeLessThan(3);
});

test("19: finished blocks are never replaced, and what is selected in them stays", async ({ page, chat }) => {
  await chat.begin("Tell", "story");
  const block = chat.prose.locator(":scope > *").first();
  await expect(chat.prose.locator(":scope > *")).not.toHaveCount(1, { timeout: 10_000 });
  await block.evaluate((element) => {
    (window as any).kept = element;
    getSelection()!.selectAllChildren(element);
  });
  const selected = await page.evaluate(() => getSelection()!.toString());
  await chat.ended();
  await page.waitForTimeout(300);
  expect(await block.evaluate((element) => element === (window as any).kept)).toBe(true);
  expect(await page.evaluate(() => getSelection()!.toString())).toBe(selected);
});

test("22: before the first words a line says after some seconds what is waited for", async ({ page, chat }) => {
  await chat.begin("Anybody?", "hang-first");
  await expect(page.locator(".waiting")).toBeVisible();
  await expect(page.locator(".waiting")).toHaveText(/Waiting for hang-first … \d+ seconds/, { timeout: 8_000 });
  await chat.stop.click();
  await expect(page.locator(".answer-end").getByText("You stopped this answer")).toBeVisible();
});

test("24: a reload in mid-answer shows the same place, and the answer goes on", async ({ page, chat }) => {
  await chat.begin("Count", "answer-5000-5");
  await chat.grown(4_000);
  await page.mouse.move(600, 300);
  await page.mouse.wheel(0, 300);
  await page.waitForTimeout(500);
  const before = await scrollTop(page);
  expect(before).toBeGreaterThan(100);
  await page.reload();
  await chat.ready();
  expect(Math.abs((await scrollTop(page)) - before)).toBeLessThan(4);
  const length = (await chat.text()).length;
  await chat.grown(length + 100);
});

test("25: the arrows between versions keep the question where it is, and the focus", async ({ page, chat }) => {
  await chat.begin("Count", "answer-800-0");
  await chat.ended();
  await chat.answer.hover();
  await chat.answer.getByTitle("Regenerate", { exact: true }).click();
  await expect(chat.versions(chat.answer)).toContainText("2/2");
  await chat.ended();
  await chat.previous(chat.answer).scrollIntoViewIfNeeded();
  const before = await top(page, ".message.user");
  await chat.previous(chat.answer).click();
  await expect(chat.versions(chat.answer)).toContainText("1/2");
  expect(Math.abs((await top(page, ".message.user")) - before)).toBeLessThan(3);
  await expect(chat.next(chat.answer)).toBeFocused();
});

test("26: the actions of a message come without moving anything", async ({ page, chat }) => {
  await chat.begin("First", "json");
  await chat.ended();
  const before = await top(page, ".answer");
  const actions = chat.questions.first().locator(".actions");
  await expect(actions).toHaveCSS("opacity", "0");
  const { x, y } = (await chat.questions.first().locator(".question-text").boundingBox())!;
  await page.mouse.move(x + 5, y + 5);
  await expect(actions).toHaveCSS("opacity", "1");
  expect(await top(page, ".answer")).toBe(before);
  await expect(chat.answer.locator(".actions")).toHaveCSS("opacity", "1");
});

test("27: copying says so by icon and in words, and a copied selection is markdown", async ({ page, chat, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await chat.begin("Tell", "story");
  await chat.ended();
  await chat.answer.getByTitle("Copy answer").click();
  await expect(page.locator("#spoken")).toHaveText("Copied");
  await chat.prose.evaluate((prose) => getSelection()!.selectAllChildren(prose));
  await page.keyboard.press("Control+c");
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain("**bold**");
  expect(copied).toContain("| Name | Size |");
  expect(copied).toContain("```rust\nfn main() {");
  expect(copied).toMatch(/- one\n- two/);
});

test("30: keys go from message to message, and the address says which", async ({ page, chat }) => {
  await chat.begin("First", "json");
  await chat.ended();
  await chat.ask("Second");
  await chat.ended();
  await page.locator("body").evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.keyboard.press("k");
  const id = await page.evaluate(() => document.activeElement?.id);
  expect(page.url()).toContain(`#${id}`);
  await page.keyboard.press("Alt+ArrowUp");
  expect(await page.evaluate(() => document.activeElement?.id)).not.toBe(id);
});

test("33: a new conversation stands in the list at once, with its first words as title", async ({ page, chat }) => {
  await chat.open();
  await chat.choose("hang-first");
  await chat.box.fill("What can I cook with leeks?");
  const row = await chat.box.evaluate((box) => {
    box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    return document.querySelector(".sidebar .history .title")?.textContent;
  });
  expect(row).toBe("What can I cook with leeks?");
  await page.waitForURL(/\/c\/\w+/);
  await expect(chat.title).toHaveText("What can I cook with leeks?");
  await chat.stop.click();
});

test("34: one field finds conversations and actions", async ({ page, chat }) => {
  await chat.begin("Leeks and potatoes", "hang-first");
  await chat.stop.click();
  await chat.sidebar.getByRole("link", { name: "New conversation" }).click();
  await page.keyboard.press("Control+k");
  const field = page.getByRole("dialog").getByRole("searchbox");
  await expect(field).toBeFocused();
  await field.fill("potat");
  await expect(page.getByRole("dialog").locator("mark")).toHaveText("potat");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/c\/\w+/);
  await expect(chat.questions).toHaveText([/Leeks and potatoes/]);
  await page.keyboard.press("Control+k");
  await field.fill("no such thing");
  await expect(page.getByRole("dialog")).toContainText("Nothing is called so.");
});

test("35: moving to another conversation loads no page, and Back is where one was", async ({ page, chat }) => {
  await chat.begin("First one", "fast");
  await chat.ended();
  await page.locator("#thread").evaluate((thread) => (thread.scrollTop = 1_500));
  await page.waitForTimeout(400);
  const first = page.url();
  await page.evaluate(() => ((window as any).same = true));
  await chat.sidebar.getByRole("link", { name: "New conversation" }).click();
  await expect(page).toHaveURL(/\/$/);
  await chat.ask("Second one", "json");
  await chat.ended();
  await page.goBack();
  await page.goBack();
  await expect(page).toHaveURL(first);
  await expect(chat.questions).toHaveText([/First one/]);
  await expect.poll(async () => Math.abs((await scrollTop(page)) - 1_500)).toBeLessThan(4);
  expect(await page.evaluate(() => (window as any).same)).toBe(true);
});

test("36: deleting is immediate and can be undone", async ({ page, chat }) => {
  await chat.begin("First", "json");
  await chat.ended();
  await chat.answer.hover();
  await chat.answer.getByTitle("Delete message").click();
  await expect(chat.answers).toHaveCount(0);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(chat.answers).toHaveCount(1);
});

test("37: an answer that ended while nobody looked is marked, and seeing it clears the mark", async ({ page, chat, context }) => {
  await chat.begin("First", "json");
  await chat.ended();
  await chat.ask("Count", "tokens-200-20");
  await chat.sidebar.getByRole("link", { name: "New conversation" }).click();
  await expect(page).toHaveURL(/\/$/);
  const other = await context.newPage();
  await other.goto("/");
  await expect
    .poll(async () => {
      await other.reload();
      return other.locator(".history .unread").count();
    }, { timeout: 20_000 })
    .toBe(1);
  await other.locator(".history a").first().click();
  await expect(other.locator(".message.user")).toHaveCount(2);
  await expect
    .poll(async () => {
      await page.reload();
      return page.locator(".history .unread").count();
    })
    .toBe(0);
});

test("37: an answer that ends before one's eyes is not marked", async ({ page, chat }) => {
  const answered: string[] = [];
  page.on("response", (response) => answered.push(new URL(response.url()).pathname));
  await chat.begin("First", "story");
  await chat.ended();
  // The list that is read when the answer has ended.
  await expect.poll(() => answered.lastIndexOf("/fn/list") > answered.indexOf("/fn/seen")).toBe(true);
  await expect(chat.title).toHaveText("A short title");
  await expect(page.locator(".history .unread")).toHaveCount(0);
  await chat.sidebar.getByRole("link", { name: "New conversation" }).click();
  await expect(page).toHaveURL(/\/$/);
  await expect(page.locator(".history .unread")).toHaveCount(0);
});

test("40: a failure has one sentence and its button, and another model can be chosen for the retry", async ({ page, chat }) => {
  await chat.begin("Does it work?", "500");
  await chat.ended();
  await expect(chat.answer.locator(".answer-end")).toBeVisible();
  await expect(chat.answer.getByRole("button", { name: "Retry" })).toHaveCount(1);
  await chat.choose("json");
  await chat.retry.click();
  await chat.expectText("The whole answer at once.");
});

test("an earlier page of messages is put above, and the message that is read stays where it is", async ({ page, chat, server, context }) => {
  await chat.begin("Question 1", "json");
  await chat.ended();
  const id = page.url().split("/").at(-1)!;
  for (let at = 2; at <= 30; at++) {
    const form = { conversation_id: id, text: `Question ${at}`, model: "openai/json" };
    await context.request.post(`${server.url}/fn/ask`, { form, headers: { accept: "application/json", origin: server.url } });
    await expect
      .poll(async () => (await context.request.get(`${server.url}/fn/part?conversation=${id}`)).json().then((part: any) => part.shown.generating))
      .toBe(null);
  }
  await chat.reload();
  await page.locator("#thread").evaluate((thread) => (thread.scrollTop = 0));
  const first = await page.locator(".message").first().getAttribute("id");
  const before = await top(page, `[id="${first}"]`);
  // However often the link is clicked, they come once.
  const asked: string[] = [];
  await page.route("**/fn/part?*before=*", async (route) => {
    asked.push(route.request().url());
    const answer = await route.fetch();
    await expect(page.locator(".earlier [aria-busy]")).toHaveCount(1);
    await route.fulfill({ response: answer });
  });
  await page.getByRole("link", { name: "Earlier messages" }).dblclick();
  await expect(chat.questions).toHaveCount(30);
  expect(asked).toHaveLength(1);
  expect(Math.abs((await top(page, `[id="${first}"]`)) - before)).toBeLessThan(60);
});

test("12: what is typed in a waiting question that is asked meanwhile is not lost, and the focus stays where it is", async ({ page, chat, context }) => {
  await chat.begin("Count", "tokens-450-20");
  await chat.grown(20);
  await chat.choose("json");
  await chat.box.fill("Then this");
  await chat.box.press("Enter");
  const queued = page.locator(".queued textarea");
  await expect(queued).toHaveValue("Then this");
  // Another page changes the queue, and takes the focus of this one nowhere.
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  const other = new Chat(await context.newPage());
  await other.open(new URL(page.url()).pathname);
  await other.box.fill("And that");
  await other.box.press("Enter");
  await expect(queued).toHaveCount(2);
  expect(await page.evaluate(() => document.activeElement === document.body)).toBe(true);
  await queued.first().fill("Then this, in other words");
  await expect(chat.questions).toHaveText([/Count/, /Then this/, /And that/], { timeout: 30_000 });
  await expect(chat.box).toHaveValue("Then this, in other words");
  await expect(chat.box).toBeFocused();
});
