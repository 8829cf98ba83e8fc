// The main paths with JavaScript off that plain.nojs and steering.nojs do not take: where to begin, finding what was said,
// what a person chooses, and long conversations.
import type { Page } from "@playwright/test";

import { expect, test } from "../support/test.ts";

/** Makes conversations or questions faster than by clicks: posts the form that the page has. */
async function post(page: Page, path: string, form: Record<string, string>) {
  const origin = new URL(page.url()).origin;
  const answer = await page.request.post(`${origin}${path}`, { form, headers: { accept: "text/html", origin }, maxRedirects: 0 });
  expect(answer.status(), await answer.text()).toBe(302);
  return new URL(answer.headers().location, origin).href;
}

/** Waits until no answer is being written in the conversation at this address. */
async function ended(page: Page, address: string) {
  const part = address.replace("/c/", "/fn/part?conversation=");
  await expect.poll(async () => (await (await page.request.get(part)).json()).shown.generating).toBe(null);
}

test("begin with an example, and with a model that is chosen", async ({ page, chat, upstream }) => {
  await page.goto("/");
  const example = page.getByRole("group", { name: "Examples" }).getByRole("link").first();
  const text = (await example.innerText()).trim();
  await example.click();
  await expect(chat.box).toHaveValue(text);
  await chat.choose("json");
  await chat.send.click();
  await expect(chat.questions).toHaveText([new RegExp(text.slice(0, 20).replace(/\W/g, "."))]);
  await expect(chat.answer).toContainText("The whole answer at once.");
  expect((await upstream.lastCall()).model).toBe("json");
  // The next conversation begins with what was chosen last, until that is forgotten.
  await page.goto("/");
  await expect(page.getByRole("combobox", { name: "Model" })).toHaveValue("openai/json");
  await page.goto("/settings/chat");
  await page.getByRole("button", { name: "Begin with the default model" }).click();
  await page.goto("/");
  await expect(page.getByRole("combobox", { name: "Model" })).toHaveValue("openai/story");
});

test("search the history, and turn its pages", async ({ page, user }) => {
  void user;
  await page.goto("/");
  const many = 55;
  for (let at = 0; at < many; at++) await post(page, "/fn/ask", { text: `Kettle number ${at}`, model: "openai/json", key: `key-${at}-${Date.now()}` });
  await page.goto("/history");
  const rows = page.getByRole("main").locator(".history a:not(.row-more)");
  const first = await rows.count();
  expect(first).toBeLessThan(many);
  await page.getByRole("link", { name: "Older conversations" }).click();
  expect(first + (await rows.count())).toBeLessThanOrEqual(many);
  await page.getByRole("searchbox").fill("no such kettle");
  await page.getByRole("main").getByRole("button", { name: "Search" }).click();
  await expect(page.getByRole("status")).toBeVisible();
  await expect(rows).toHaveCount(0);
});

test("earlier messages, page by page, and back to the newest", async ({ page, chat }) => {
  await page.goto("/");
  const address = (await post(page, "/fn/ask", { text: "Question 1", model: "openai/json", key: `key-1-${Date.now()}` })).split(/[?#]/)[0];
  const id = address.split("/").at(-1)!;
  for (let at = 2; at <= 30; at++) {
    await ended(page, address);
    await post(page, "/fn/ask", { conversation_id: id, text: `Question ${at}`, model: "openai/json", key: `key-${at}-${Date.now()}` });
  }
  await ended(page, address);
  await page.goto(address);
  await expect(chat.questions.last()).toContainText("Question 30");
  await expect(page.getByText("Question 1", { exact: true })).toHaveCount(0);
  await page.getByRole("link", { name: "Earlier messages" }).click();
  await expect(chat.questions.first()).toContainText("Question 1");
  await page.getByRole("link", { name: "Back to the newest messages" }).click();
  await expect(chat.questions.last()).toContainText("Question 30");
});

test("fork a conversation, and go on in the copy", async ({ page, chat }) => {
  await page.goto("/");
  await chat.ask("First words", "echo");
  await chat.expectText("First words");
  await expect(chat.send).toBeVisible();
  const path = new URL(page.url()).pathname;
  await chat.ask("Second words");
  await expect(chat.answers).toHaveCount(2);
  await chat.expectText("Second words");
  await expect(chat.send).toBeVisible();
  await chat.answers.first().hover();
  await chat.answers.first().getByRole("button", { name: "Fork from here" }).click();
  await expect(page).toHaveURL((url) => url.pathname.startsWith("/c/") && url.pathname !== path);
  await expect(chat.questions).toHaveText([/First words/]);
  await chat.ask("Other words");
  await expect(chat.questions).toHaveText([/First words/, /Other words/]);
  await chat.expectText("Other words");
  await page.goto(path);
  await expect(chat.questions).toHaveText([/First words/, /Second words/]);
});

test("choose colours, a language and instructions", async ({ page, chat, upstream }) => {
  await page.goto("/settings/appearance");
  await page.getByRole("radiogroup", { name: "Theme" }).getByText("Dark").click();
  await page.getByRole("radiogroup", { name: "Colours" }).getByText("Sea").click();
  await page.getByRole("button", { name: "Save appearance" }).click();
  await expect(page.getByRole("status")).toBeVisible();
  const html = page.locator("html");
  const looks = async () => {
    await expect(html).toHaveAttribute("data-theme", "dark");
    await expect(html).toHaveAttribute("data-palette", "sea");
  };
  await looks();
  await page.getByRole("link", { name: "Chat", exact: true }).click();
  await page.getByLabel("Instructions for every conversation").fill("Answer like a pirate.");
  await page.getByRole("button", { name: "Save instructions" }).click();
  await expect(page.getByRole("status")).toBeVisible();
  await page.goto("/");
  await looks();
  await chat.ask("Something", "json");
  await expect(chat.answer).toContainText("The whole answer at once.");
  expect((await upstream.lastCall()).prompt[0]).toContain("Answer like a pirate.");
  await page.goto(`${new URL(page.url()).pathname}/settings`);
  await page.locator("#instructions textarea").fill("Answer like a poet.");
  await page.getByRole("button", { name: "Save instructions" }).click();
  await expect(page.getByRole("status")).toBeVisible();
  await page.getByRole("main").getByRole("link").first().click();
  await chat.ask("Something else");
  await expect(chat.answers).toHaveCount(2);
  await expect(chat.send).toBeVisible();
  expect((await upstream.lastCall()).prompt[0]).toContain("Answer like a poet.");

  await page.goto("/settings/appearance");
  await page.getByRole("combobox").first().selectOption("zh-CN");
  await page.getByRole("button", { name: "Save language" }).click();
  await expect(html).toHaveAttribute("lang", "zh-CN");
  // The browser keeps what somebody chose there for whoever signs in next.
  await page.locator("form[action='/fn/logout'] button").click();
  await page.goto("/login");
  await looks();
  await expect(html).toHaveAttribute("lang", "zh-CN");
});

test("a question that waits is seen, and no button on the page does nothing", async ({ page, chat, server }) => {
  await page.goto("/");
  await chat.ask("Count", "tokens-2000-20");
  await expect(chat.stop).toBeVisible();
  const id = new URL(page.url()).pathname.split("/").at(-1)!;
  await page.request.post(`${server.url}/fn/queue-add`, {
    form: { conversation_id: id, text: "And then this", model: "openai/json" },
    headers: { accept: "application/json", origin: server.url },
  });
  await expect(page.locator(".queued textarea")).toHaveValue("And then this", { timeout: 10_000 });
  await expect(page.locator("button[type=button]:visible")).toHaveCount(0);
  // What needs a script is said.
  await expect(page.locator(".without-script")).toBeVisible();
  await chat.stop.click();
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 360, height: 740 } });

  test("the list of conversations opens and closes", async ({ page, chat }) => {
    await page.goto("/");
    await chat.ask("First words", "json");
    await expect(chat.answer).toContainText("The whole answer at once.");
    await expect(chat.sidebar).toBeHidden();
    await page.locator(".top-bar label[for=open-sidebar]").click();
    await expect(chat.sidebar.locator(".history a:not(.row-more)")).toBeInViewport();
    await page.locator(".sidebar-head label[for=open-sidebar]").click();
    await expect(chat.sidebar).toBeHidden();
  });
});
