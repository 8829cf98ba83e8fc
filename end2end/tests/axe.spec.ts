// axe-core finds nothing wrong with any page, in any of its states (support/axe.ts says at which sizes and in which colours).
import { expectAccessible } from "../support/axe.ts";
import { expect, test } from "../support/test.ts";
import { RICH } from "../support/texts.ts";

test("pages for people who are not signed in", async ({ page, context, user, watch }) => {
  // The documentation of the API is a long page.
  test.slow();
  watch.allow(/status of 404/);
  await page.goto("/history?q=nothing-is-called-so");
  await expect(page.locator(".nothing")).toBeVisible();
  await expectAccessible(page, "a search that finds nothing");
  await context.clearCookies();
  await page.goto("/login");
  await expectAccessible(page, "sign-in");
  await page.getByLabel("E-mail").fill(user.email);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expectAccessible(page, "a wrong password");
  await page.goto("/register");
  await expectAccessible(page, "register");
  await page.goto("/no-such-page");
  await expectAccessible(page, "not found");
  await page.goto("/offline");
  await expectAccessible(page, "offline");
  await page.goto("/api/docs");
  await expectAccessible(page, "the documentation of the API");
});

test("the start page and the settings", async ({ page, chat }) => {
  await chat.open();
  await expectAccessible(page, "the start page of somebody new");
  await page.goto("/history");
  await expectAccessible(page, "the history of somebody new");
  for (const path of ["/settings", "/settings/appearance", "/settings/chat", "/settings/sign-in"]) {
    await page.goto(path);
    await expectAccessible(page, path);
  }
  await page.goto("/settings/appearance");
  await page.getByRole("button", { name: "Save appearance" }).click();
  await expect(page.getByRole("status")).toBeVisible();
  await expectAccessible(page, "saved settings");
  await page.goto("/settings/chat");
  await page.getByLabel("Temperature").fill("9");
  await page.getByRole("button", { name: "Save parameters" }).click();
  await expect(page.getByLabel("Temperature")).toBeFocused();
  await expectAccessible(page, "a refused parameter");
  await page.goto("/settings/sign-in");
  await page.getByLabel("Current password").fill("not this one");
  await page.getByLabel("New password").fill("a better one, really");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.locator(".field-error")).toBeVisible();
  await expectAccessible(page, "refused settings");
});

test("a conversation, and what can be opened on it", async ({ page, chat }) => {
  await chat.begin("A short one", "json");
  await chat.ended();
  await expectAccessible(page, "a short conversation");
  await page.getByLabel("Conversation menu").click();
  await expectAccessible(page, "the menu of a conversation");
  await page.keyboard.press("Escape");
  await chat.edit(chat.questions.first());
  await expectAccessible(page, "the edit of a question");
  await page.keyboard.press("Escape");

  await chat.model.click();
  await expect(page.getByRole("dialog").getByRole("searchbox")).toBeFocused();
  await expectAccessible(page, "the list of models");
  await page.getByRole("searchbox").fill("nothing is called so");
  await expect(page.locator(".picker-none")).toBeVisible();
  await expectAccessible(page, "a list of models without any");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog").getByRole("searchbox")).toBeFocused();
  await page.getByRole("searchbox").fill("short");
  await expect(page.getByRole("dialog").locator("mark")).toBeVisible();
  await expectAccessible(page, "the palette");
  await page.keyboard.press("Escape");
  await chat.box.blur();
  await page.keyboard.press("?");
  await expect(page.getByRole("heading", { name: "Shortcuts" })).toBeVisible();
  await expectAccessible(page, "the sheet of shortcuts");
  await page.keyboard.press("Escape");

  await page.setViewportSize({ width: 360, height: 740 });
  await page.locator(".top-bar label[for=open-sidebar]").click();
  await expectAccessible(page, "the open drawer", { not: "desktop" });
  await page.locator(".sidebar-head label[for=open-sidebar]").click();

  await page.goto(`${new URL(page.url()).pathname}/settings`);
  await expectAccessible(page, "the settings of a conversation");
  await page.goto("/history");
  await expectAccessible(page, "the history");
});

test("what the list and a long conversation open, and a temporary conversation", async ({ page, chat }) => {
  await chat.begin("A row with a menu", "json");
  await chat.ended();
  await chat.ask("A second question");
  await chat.ended();
  const rows = page.locator(".sidebar .history .title");
  const more = page.getByRole("button", { name: /^More for/ });
  await more.click();
  await expect(page.getByRole("menu")).toBeVisible();
  await expectAccessible(page, "the menu of a row", { not: "phone" });
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await expect(page.getByRole("textbox", { name: "Title" })).toBeFocused();
  await expectAccessible(page, "a row that is being renamed", { not: "phone" });
  await page.keyboard.press("Escape");
  await more.click();
  await page.getByRole("menuitem", { name: "Pin" }).click();
  await expect(page.locator(".history [data-day=day-pinned]")).toBeVisible();
  await more.click();
  await expect(page.getByRole("menuitem", { name: "Unpin" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expectAccessible(page, "a list with a pinned row");
  await page.getByRole("link", { name: "Questions" }).click();
  await expect(page.locator("#sheet .outline a")).toHaveCount(2);
  await expectAccessible(page, "the outline");
  await page.keyboard.press("Escape");
  await page.goto(`${new URL(page.url()).pathname}/outline`);
  await expectAccessible(page, "the page of the outline");
  await chat.open();
  await more.click();
  await page.getByRole("menuitem", { name: "Archive" }).click();
  await expect(rows).toHaveCount(0);
  await expectAccessible(page, "an archived row with Undo");
  await page.goto("/history?archived=true");
  await expectAccessible(page, "the archive");

  await chat.open("/temporary");
  await expectAccessible(page, "a temporary conversation without a question");
  await chat.ask(RICH, "echo");
  await chat.ended();
  await expect(page.getByRole("button", { name: "Keep this conversation" })).toBeVisible();
  await expectAccessible(page, "a temporary conversation");
});

test("long answers, and versions of them", async ({ page, chat }) => {
  await chat.begin(RICH, "echo");
  await chat.ended();
  await chat.answer.hover();
  await chat.answer.getByRole("button", { name: "Regenerate", exact: true }).click();
  await expect(chat.versions(chat.answer)).toHaveText(/2\/2/);
  await chat.ended();
  await chat.ask("Think first", "think");
  await chat.ended();
  await page.locator(".reasoning > summary").last().click();
  await expectAccessible(page, "a conversation with every kind of text");
  await page.locator("#thread").evaluate((thread) => (thread.scrollTop = 0));
  await expect(page.locator(".to-latest")).toBeVisible();
  await expectAccessible(page, "the beginning of a long conversation");
  await chat.prose.first().locator("p").first().evaluate((paragraph) => getSelection()!.selectAllChildren(paragraph));
  await page.getByRole("button", { name: "Reply" }).click();
  await expect(page.locator(".quotes li")).toBeVisible();
  await expectAccessible(page, "a quote in the composer");
  await chat.open();
  await expectAccessible(page, "the start page with conversations");
});

test("an answer on its way, and how one ends", async ({ page, chat, watch }) => {
  watch.allow(/ERR_INTERNET_DISCONNECTED/);
  await chat.begin("Anybody?", "hang-first");
  await expect(page.locator(".waiting")).toHaveText(/Waiting for/, { timeout: 8_000 });
  await expectAccessible(page, "an answer that is waited for");
  await chat.box.fill("And then this");
  await chat.box.press("Enter");
  await expect(page.locator(".queued textarea")).toHaveValue("And then this");
  await chat.box.fill("And then that");
  await chat.box.press("Enter");
  await expect(page.locator(".queued")).toHaveCount(2);
  await expectAccessible(page, "questions that wait");
  for (const left of [1, 0]) {
    await page.locator(".queued").first().getByRole("button", { name: "Remove" }).click();
    await expect(page.locator(".queued")).toHaveCount(left);
  }
  await chat.stop.click();
  await expect(page.locator(".answer-end").getByText("You stopped this answer")).toBeVisible();
  await expectAccessible(page, "an answer that was stopped");
  await chat.ask("Count", "tokens-2000-20");
  await chat.grown(50);
  await expectAccessible(page, "an answer that is being written");
  await chat.stop.click();
  await chat.ended();
  await chat.ask("Does it work?", "500");
  await expect(chat.answer.locator(".answer-end.alert")).toBeVisible();
  await expectAccessible(page, "an answer that failed");
  await chat.delete(chat.answer);
  await expect(page.locator(".toast")).toBeVisible();
  await expectAccessible(page, "a deleted message with Undo");
  await page.context().setOffline(true);
  await expect(chat.lost).toBeVisible();
  await expectAccessible(page, "a page without a connection");
  await page.context().setOffline(false);
});
