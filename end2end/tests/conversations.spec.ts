import { chromium, type Page } from "@playwright/test";

import { launchOptions } from "../support/browser.mjs";
import { Chat } from "../support/chat.ts";
import { expect, register, test } from "../support/test.ts";

test("rename", async ({ page, chat }) => {
  await chat.begin("Something");
  await expect(chat.title).toHaveText("A short title");
  await page.getByLabel("Conversation menu").click();
  await page.getByLabel("Title", { exact: true }).fill("Über <b>das</b> Feuer 🔥");
  await page.getByRole("button", { name: "Rename" }).click();
  await expect(chat.title).toHaveText("Über <b>das</b> Feuer 🔥");
  await expect(page).toHaveTitle("Über <b>das</b> Feuer 🔥 · Inglenook");
  await expect(chat.sidebar.getByRole("link", { name: "Über <b>das</b> Feuer 🔥" })).toBeVisible();
  await page.reload();
  await expect(chat.title).toHaveText("Über <b>das</b> Feuer 🔥");
  await expect(chat.answer).toContainText("That is all.");
});

test("delete, at once, and it can be undone", async ({ page, chat, watch }) => {
  await chat.begin("Something");
  await expect(chat.title).toHaveText("A short title");
  const gone = page.url();
  await page.getByLabel("Conversation menu").click();
  const left = async (item: string) => (await page.locator(`.menu-content ${item}`).first().boundingBox())!.x;
  await expect(page.locator(".confirm > summary")).toHaveText("Delete");
  const edges = await Promise.all([left("form button"), left("> a"), left(".confirm > summary")]);
  expect(Math.max(...edges) - Math.min(...edges)).toBeLessThan(1);
  await page.locator(".confirm > summary").click();
  await page.waitForURL((url) => url.pathname === "/");
  await page.getByRole("button", { name: "Undo" }).click();
  await page.waitForURL(gone);
  await expect(chat.questions).toHaveText([/Something/]);
  await page.getByLabel("Conversation menu").click();
  await page.locator(".confirm > summary").click();
  await page.waitForURL((url) => url.pathname === "/");
  await expect(chat.sidebar.getByRole("link", { name: "A short title" })).toHaveCount(0);
  watch.allow(/status of 404/);
  const answer = await page.goto(gone);
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole("heading", { name: "Not found" })).toBeVisible();
});

async function signOut(page: Page) {
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(/\/login/);
}

async function signIn(page: Page, email: string, password: string) {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("after signing out nothing is shown, and signing in leads back", async ({ page, chat, user, server }) => {
  await chat.begin("My secret");
  await chat.ended();
  const path = new URL(page.url()).pathname;
  const cookies = await page.context().cookies();
  await signOut(page);
  await page.goBack();
  await expect(page).toHaveURL(/\/login/);
  await expect(page.getByText("My secret")).toHaveCount(0);
  await page.goto(path);
  await expect(page).toHaveURL(/\/login\?next=/);
  await signIn(page, user.email, user.password);
  await page.waitForURL((url) => url.pathname === path);
  await expect(chat.questions).toHaveText([/My secret/]);

  // The server has ended the session: its cookie counts no more.
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const answer = await fetch(server.url + path, { headers: { cookie, accept: "text/html" }, redirect: "manual" });
  expect(answer.status).toBe(303);
});

test("a browser that keeps whole pages for Back shows nothing after signing out", async ({ server, watch }) => {
  // Playwright starts its browsers without the cache of pages that Back uses, so this test starts one with it.
  const browser = await chromium.launch({ ...launchOptions, ignoreDefaultArgs: ["--disable-back-forward-cache"] });
  try {
    const context = await browser.newContext({ baseURL: server.url });
    await watch.context(context);
    await register(context, server.url);
    const page = await context.newPage();
    const chat = new Chat(page);
    await chat.begin("My secret");
    await chat.ended();
    await expect(chat.title).toHaveText("A short title");
    await signOut(page);
    await page.evaluate(() => history.back());
    await page.waitForTimeout(1000);
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await expect(page.getByText("My secret")).toHaveCount(0);
  } finally {
    await browser.close();
  }
});

test("two people see only their own, and what is not theirs looks like nothing", async ({ page, chat, newPerson, watch }) => {
  await chat.begin("Ada's question");
  await expect(chat.title).toHaveText("A short title");
  const theirs = page.url();
  const bob = await newPerson();
  await bob.chat.open();
  await expect(bob.chat.sidebar.getByRole("link", { name: "A short title" })).toHaveCount(0);
  watch.allow(/status of 404/);
  const answer = await bob.page.goto(theirs);
  expect(answer?.status()).toBe(404);
  await expect(bob.page.getByRole("heading", { level: 1, name: "Not found" })).toBeVisible();
  await expect(bob.page.getByText("Ada's question")).toHaveCount(0);
  const missing = await bob.page.goto("/c/00000000000000000000000000");
  expect(missing?.status()).toBe(404);
  await bob.page.getByRole("link", { name: "Back to your conversations" }).click();
  await bob.chat.ready();
  await bob.chat.begin("Bob's question");
  await bob.chat.ended();
  await page.goto("/");
  await expect(chat.sidebar.getByRole("link", { name: "A short title" })).toHaveCount(1);
});

test("a conversation of 120 messages opens at its end and pages back to its beginning", async ({ page, chat, context, server }) => {
  const ask = async (text: string, conversation_id?: string) => {
    for (;;) {
      const form: Record<string, string> = { text, model: "openai/json" };
      if (conversation_id) form.conversation_id = conversation_id;
      const headers = { origin: server.url, accept: "application/json" };
      const answer = await context.request.post("/fn/ask", { form, headers });
      if (answer.status() === 200) return (await answer.json()).conversation_id as string;
      // The server refuses a question while the answer before it is being written.
      expect(answer.status(), await answer.text()).toBe(409);
      await new Promise((done) => setTimeout(done, 10));
    }
  };
  const id = await ask("question 1.");
  for (let number = 2; number <= 60; number++) await ask(`question ${number}.`, id);
  await chat.open(`/c/${id}`);
  await chat.ended();
  const shown = async () => (await chat.questions.locator(".question-text").allInnerTexts()).map((text) => parseInt(text.slice(9)));
  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
  await expect(chat.questions.last()).toContainText("question 60.");
  await expect(chat.answer).toBeInViewport();
  await expect(page.getByRole("link", { name: "Earlier messages" })).toHaveCount(1);
  let seen = await shown();
  expect(seen).toEqual(range(36, 60));
  for (let pages = 0; pages < 5 && seen[0] !== 1; pages++) {
    await page.getByRole("link", { name: "Earlier messages" }).click();
    await expect.poll(async () => (await shown())[0]).toBeLessThan(seen[0]);
    const more = await shown();
    // The windows overlap or touch; none of the questions is missing between them.
    seen = [...new Set([...more, ...seen])];
    expect(seen).toEqual(range(seen[0], 60));
  }
  expect(seen[0]).toBe(1);
  await expect(page.getByRole("link", { name: "Earlier messages" })).toHaveCount(0);
});

test("all conversations, and a search in their titles", async ({ page, chat }) => {
  await chat.begin("Something");
  await expect(chat.title).toHaveText("A short title");
  await page.goto("/history");
  const main = page.getByRole("main");
  await page.getByLabel("Search titles").fill("short");
  await page.getByLabel("Search titles").press("Enter");
  await page.waitForURL(/q=short/);
  await expect(main.getByRole("link", { name: "A short title", exact: true })).toBeVisible();
  await page.getByLabel("Search titles").fill("nothing like it");
  await page.getByLabel("Search titles").press("Enter");
  await expect(main.getByText("No title has these words.")).toBeVisible();
});
