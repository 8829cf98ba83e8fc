// The composer's tools: the gauge of the context, instructions and parameters; and what it does with what cannot be sent.
import { expect, test } from "../support/test.ts";

test("instructions and parameters open over the page, and are kept with a mark", async ({ page, chat, upstream, watch }) => {
  watch.allow(/422/);
  await chat.begin("First", "echo");
  await chat.ended();
  const tools = page.locator(".composer").getByRole("link", { name: "Instructions and parameters" });
  await expect(tools).toBeVisible();
  await expect(tools.locator(".differs")).toHaveCount(0);
  await chat.box.fill("A draft");
  await tools.click();
  const sheet = page.getByRole("dialog");
  await expect(sheet.getByRole("heading", { name: "Conversation settings" })).toBeVisible();
  await sheet.getByLabel("Instructions for this conversation").fill("Be brief.");
  await sheet.getByLabel("Temperature").fill("9");
  await sheet.getByRole("button", { name: "Save" }).click();
  // What is wrong is said below its field, and nothing is lost.
  const field = sheet.getByLabel("Temperature");
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(field).toBeFocused();
  await expect(sheet.getByRole("alert")).toContainText("0 to 2");
  await expect(sheet.getByLabel("Instructions for this conversation")).toHaveValue("Be brief.");
  await field.fill("0,5");
  await sheet.getByRole("button", { name: "Save" }).click();
  await expect(sheet).toBeHidden();
  await expect(page).toHaveURL(/\/c\/\w+$/);
  await expect(tools.locator(".differs")).toBeVisible();
  await expect(chat.box).toHaveValue("A draft");
  await expect(chat.box).toBeFocused();
  await chat.box.press("Enter");
  await expect(chat.answers).toHaveCount(2);
  await chat.ended();
  expect((await upstream.lastCall()).prompt[0]).toBe("Be brief.");
  // Elsewhere they are those of that conversation, and Back shows these again.
  await chat.sidebar.getByRole("link", { name: "New conversation" }).click();
  await expect(chat.questions).toHaveCount(0);
  await expect(tools.locator(".differs")).toHaveCount(0);
  await page.goBack();
  await expect(chat.questions).toHaveCount(2);
  await expect(tools.locator(".differs")).toBeVisible();
});

test("before the first question they are those for all conversations", async ({ page, chat, upstream }) => {
  await chat.open();
  const tools = page.locator(".composer").getByRole("link", { name: "Instructions and parameters" });
  await tools.click();
  const sheet = page.getByRole("dialog");
  await expect(sheet).toContainText("They count for every conversation that decides nothing else.");
  await sheet.getByLabel("Instructions for every conversation").fill("Answer in rhymes.");
  await sheet.getByRole("button", { name: "Save" }).click();
  await expect(sheet).toBeHidden();
  await expect(tools.locator(".differs")).toBeVisible();
  await chat.ask("First", "echo");
  await chat.ended();
  expect((await upstream.lastCall()).prompt[0]).toBe("Answer in rhymes.");
});

test("the gauge says how much of the context is used", async ({ page, chat }) => {
  await chat.begin("First", "small-context");
  await chat.ended();
  const gauge = page.locator(".composer .gauge");
  await expect(gauge).toHaveAccessibleName(/^About [\d,]+ of 4,096 tokens used$/);
  const before = await gauge.getAttribute("title");
  await chat.ask("A second one, which takes more");
  await expect(chat.answers).toHaveCount(2);
  await chat.ended();
  await expect(gauge).not.toHaveAttribute("title", before!);
  await gauge.click();
  await expect(page.getByRole("dialog")).toContainText("of 4,096 tokens used");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
});

test("a model that is gone is named, and the text comes back", async ({ page, chat, watch }) => {
  watch.allow(/422/);
  await chat.open();
  await chat.model.click();
  const row = page.locator('#sheet [data-model="openai/echo"]');
  await row.evaluate((row) => row.setAttribute("data-model", "openai/vanished"));
  await page.locator('#sheet [data-model="openai/vanished"]').click();
  await chat.box.fill("Not lost");
  await chat.box.press("Enter");
  await expect(page.getByRole("alert")).toContainText("openai/vanished");
  await expect(chat.box).toHaveValue("Not lost");
  await expect(chat.questions).toHaveCount(0);
  await chat.choose("echo");
  await chat.box.press("Enter");
  await chat.expectText("Not lost");
});

test("a draft of 1 MB is refused with a sentence, and stays", async ({ page, chat, watch }) => {
  watch.allow(/413/);
  await chat.open();
  const text = "word ".repeat(200_000);
  await chat.box.fill(text);
  await chat.send.click();
  await expect(page.getByRole("alert")).toContainText(/too long|at most/);
  expect(await chat.box.inputValue()).toBe(text);
  await expect(chat.questions).toHaveCount(0);
  await chat.reload();
  expect(await chat.box.inputValue()).toBe(text);
  await chat.box.fill("Shorter");
  await chat.box.press("Enter");
  await expect(page).toHaveURL(/\/c\/\w+$/);
});
