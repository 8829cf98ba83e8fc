// Finding one's way in a long conversation: the time of each message, and the outline of all questions.
import type { Page } from "@playwright/test";

import type { Chat } from "../support/chat.ts";
import { expect, test } from "../support/test.ts";

/** A conversation with this many turns; more than a window has are not loaded when it opens. */
async function long(page: Page, chat: Chat, url: string, turns: number): Promise<string> {
  await chat.begin("Question 1", "json");
  await chat.ended();
  const id = page.url().split("/").at(-1)!;
  for (let at = 2; at <= turns; at++) {
    const form = { conversation_id: id, text: `Question ${at}`, model: "openai/json" };
    await page.request.post(`${url}/fn/ask`, { form, headers: { accept: "application/json", origin: url } });
    const part = async () => (await page.request.get(`${url}/fn/part?conversation=${id}`)).json();
    await expect.poll(async () => (await part()).shown.generating, { intervals: [20, 50, 100] }).toBe(null);
  }
  await chat.reload();
  return id;
}

const sheet = (page: Page) => page.locator("#sheet");
const links = (page: Page) => sheet(page).locator(".outline a");
const focusedQuestion = (page: Page) => page.evaluate(() => document.activeElement?.querySelector(".question-text")?.textContent);

test("29: the time of a message is there on hover, in its name, and nothing moves", async ({ page, chat }) => {
  await chat.begin("First", "json");
  await chat.ended();
  await chat.ask("Second");
  await chat.ended();
  const question = chat.questions.first();
  const time = question.locator("time.time");
  const clock = await page.evaluate(() => {
    const two = (n: number) => String(n).padStart(2, "0");
    return [0, 1].map((ago) => new Date(Date.now() - ago * 60_000)).map((then) => `${two(then.getHours())}:${two(then.getMinutes())}`);
  });
  expect(clock).toContain((await time.textContent())!.trim());
  await expect(question).toHaveAttribute("aria-label", /^You, \d\d:\d\d$/);
  await expect(question.getByRole("heading")).toHaveText(/^You, \d\d:\d\d$/);
  await expect(chat.answers.first()).toHaveAttribute("aria-label", /^Answer, \d\d:\d\d$/);
  await expect(time).toHaveAttribute("title", /^\d{1,2} \p{L}+ 20\d\d, \d\d:\d\d$/u);
  await expect(time).toHaveAttribute("datetime", /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  await question.scrollIntoViewIfNeeded();
  await page.mouse.move(0, 0);
  await expect(question.locator(".actions")).toHaveCSS("opacity", "0");
  const tops = () => page.locator(".message").evaluateAll((all) => all.map((each) => each.getBoundingClientRect().top));
  const before = await tops();
  await question.hover();
  await expect(question.locator(".actions")).toHaveCSS("opacity", "1");
  await expect(time).toBeVisible();
  expect(await tops()).toEqual(before);
  // All of it is of today, so that no day is named.
  await expect(page.locator(".day")).toHaveCount(0);
});

test("30: the outline leads to a question that is loaded, and to one that is not", async ({ page, chat, server }) => {
  const id = await long(page, chat, server.url, 30);
  await expect(chat.questions).toHaveCount(25);
  await page.getByRole("link", { name: "Questions" }).click();
  await expect(links(page)).toHaveCount(30);
  await expect(links(page).first()).toContainText("Question 1");
  await links(page).filter({ hasText: "Question 28" }).click();
  await expect(sheet(page)).toBeHidden();
  const near = chat.questions.filter({ hasText: "Question 28" });
  await expect(near).toBeFocused();
  await expect(near).toBeInViewport();
  await expect(page).toHaveURL(new RegExp(`/c/${id}#${await near.getAttribute("id")}$`));

  // By key, with the search, to what is not loaded; the document stays.
  await page.evaluate(() => ((window as any).same = true));
  await page.keyboard.press("o");
  await expect(sheet(page).getByRole("searchbox")).toBeFocused();
  await page.keyboard.type("question 3");
  const names = links(page).filter({ visible: true }).locator(".picker-name");
  await expect(names).toHaveText(["Question 3", "Question 13", "Question 23", "Question 30"]);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect.poll(() => focusedQuestion(page)).toBe("Question 3");
  const far = chat.questions.filter({ has: page.locator(".question-text").getByText("Question 3", { exact: true }) });
  await expect(far).toBeInViewport();
  const address = new RegExp(`/c/${id}\\?at=${await far.getAttribute("id")}$`);
  await expect(page).toHaveURL(address);
  expect(await page.evaluate(() => (window as any).same)).toBe(true);

  // The address opens there, and Back leads to where one was.
  await chat.reload();
  await expect(page).toHaveURL(address);
  await expect(far).toBeInViewport();
  await page.goBack();
  await expect(near).toBeInViewport();
  await expect(page).not.toHaveURL(/at=/);

  // From an older window, the newest messages are one click away.
  await page.goForward();
  await expect(far).toBeInViewport();
  await page.getByRole("link", { name: "Back to the newest messages" }).click();
  await expect(chat.questions.last()).toContainText("Question 30");
  await expect(page).toHaveURL(new RegExp(`/c/${id}$`));
});

test("30: the outline is closed by Escape and by Back, and the shortcuts name its key", async ({ page, chat }) => {
  await chat.begin("Only one", "json");
  await chat.ended();
  await page.getByRole("link", { name: "Questions" }).press("Enter");
  await expect(links(page)).toHaveText([/Only one/]);
  await page.keyboard.press("Escape");
  await expect(sheet(page)).toBeHidden();
  await expect(page.getByRole("link", { name: "Questions" })).toBeFocused();
  await page.keyboard.press("o");
  await expect(links(page)).toHaveCount(1);
  await page.goBack();
  await expect(sheet(page)).toBeHidden();
  await page.keyboard.press("?");
  await expect(sheet(page).getByText("The questions of this conversation")).toBeVisible();
});
