// Editing, choosing a version, writing again, continuing and deleting, by mouse and by keyboard.
import { numbered } from "../support/chat.ts";
import { expect, test } from "../support/test.ts";

test("an edited question is a branch of its own, and the arrows lead between them", async ({ page, chat }) => {
  await chat.begin("First words", "echo");
  await chat.ended();
  await chat.ask("Below the first");
  await expect(chat.answers).toHaveCount(2);
  await chat.ended();

  const field = await chat.edit(chat.questions.first());
  await expect(field).toBeFocused();
  await expect(field).toHaveValue("First words");
  await field.fill("Better words");
  await field.press("Enter");
  await expect(chat.questions).toHaveText([/Better words/]);
  await chat.expectText("Better words");
  await chat.ended();
  await expect(chat.versions(chat.questions.first())).toHaveText(/2\/2/);
  await expect(chat.next(chat.questions.first())).toBeDisabled();

  await chat.previous(chat.questions.first()).click();
  await expect(chat.questions).toHaveText([/First words/, /Below the first/]);
  await expect(chat.versions(chat.questions.first())).toHaveText(/1\/2/);
  for (const round of ["as chosen", "after a reload"]) {
    await expect(chat.questions, round).toHaveText([/First words/, /Below the first/]);
    await chat.expectText("Below the first");
    await chat.reload();
  }
  // The next question follows the branch on screen.
  await chat.ask("Further");
  await expect(chat.questions).toHaveText([/First words/, /Below the first/, /Further/]);
  await chat.ended();
  await chat.next(chat.questions.first()).click();
  await expect(chat.questions).toHaveText([/Better words/]);
  await chat.previous(chat.questions.first()).click();
  await expect(chat.questions).toHaveText([/First words/, /Below the first/, /Further/]);
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("an edit that is cancelled or refused changes nothing, and no text is lost", async ({ page, chat, server, watch }) => {
  watch.allow(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|network error/);
  await chat.begin("First words", "echo");
  await chat.ended();
  await expect(chat.title).toHaveText("A short title");
  let field = await chat.edit(chat.questions.first());
  await field.fill("Other words");
  await field.press("Escape");
  await expect(field).toBeHidden();
  await expect(chat.questions.first().getByTitle("Edit message")).toBeFocused();
  await expect(chat.questions).toHaveText([/First words/]);
  field = await chat.edit(chat.questions.first());
  await expect(field).toHaveValue("First words");
  await page.getByRole("link", { name: "Cancel" }).click();
  await expect(field).toBeHidden();

  field = await chat.edit(chat.questions.first());
  await field.fill("Other words");
  await server.kill();
  await page.locator(".edit-form").getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("alert")).toHaveText(/The server cannot be reached/);
  await expect(field).toHaveValue("Other words");
  await server.up();
  await page.locator(".edit-form").getByRole("button", { name: "Send" }).click();
  await expect(chat.questions).toHaveText([/Other words/]);
  await chat.expectText("Other words");
  await expect(chat.versions(chat.questions.first())).toHaveText(/2\/2/);
});

test("an answer is written again beside the old one", async ({ chat, upstream }) => {
  await chat.begin("Tell me", "story");
  await chat.ended();
  await chat.answer.hover();
  await chat.answer.getByRole("button", { name: "Regenerate", exact: true }).click();
  await expect(chat.versions(chat.answer)).toHaveText(/2\/2/);
  await chat.ended();
  await expect(chat.answers).toHaveCount(1);
  expect((await upstream.calls()).filter((call: any) => !call.title)).toHaveLength(2);
  await chat.previous(chat.answer).click();
  await expect(chat.versions(chat.answer)).toHaveText(/1\/2/);
  await expect(chat.answer).toContainText("That is all.");
});

test("a stopped answer does not grow back, and goes on in the same place", async ({ page, chat }) => {
  await chat.begin("Count", "tokens-200-20");
  await chat.grown(100);
  await page.keyboard.press("Escape");
  const stopped = page.locator(".answer-end").getByText("You stopped this answer");
  await expect(stopped).toBeVisible();
  const kept = await chat.text();
  const id = await chat.answer.getAttribute("id");
  await page.waitForTimeout(1500);
  expect(await chat.text()).toBe(kept);
  await chat.reload();
  await expect(stopped).toBeVisible();
  expect(await chat.text()).toBe(kept);

  await chat.continue.click();
  await expect(stopped).toBeHidden();
  await chat.grown(kept.length + 20);
  expect((await chat.text()).startsWith(kept)).toBe(true);
  await chat.ended();
  // The continuation begins with the first word, because the fake model always counts from the beginning.
  for (const round of ["as it arrived", "after a reload"]) {
    await chat.expectText(`${kept} ${numbered(200)}`);
    await expect(chat.answers, round).toHaveCount(1);
    await expect(chat.answer, round).toHaveAttribute("id", id!);
    await expect(chat.continue, round).toHaveCount(0);
    await chat.reload();
  }
});

for (const model of ["length", "max-tokens"]) {
  test(`${model}: an answer that was cut at its length says so and goes on`, async ({ page, chat }) => {
    await chat.begin("Count", model);
    const cut = page.locator(".answer-end").getByText("reached the model’s limit");
    await expect(cut).toBeVisible();
    await chat.expectText(numbered(20));
    await chat.reload();
    await expect(cut).toBeVisible();
    await chat.continue.click();
    await chat.expectText(`${numbered(20)} ${numbered(20)}`);
    await expect(cut).toBeVisible();
    // An answer that is no longer the newest has no Continue.
    await chat.ask("And now?", "tokens-3-0");
    await expect(chat.answers).toHaveCount(2);
    await chat.ended();
    await expect(chat.continue).toBeHidden();
    await chat.reload();
    await expect(chat.continue).toHaveCount(0);
  });
}

test("one message is deleted, and the others stay", async ({ page, chat }) => {
  await chat.begin("First words", "echo");
  await chat.ended();
  await chat.ask("Second words");
  await expect(chat.answers).toHaveCount(2);
  await chat.ended();
  await chat.delete(chat.answers.first());
  await expect(chat.answers).toHaveCount(1);
  await expect(chat.questions).toHaveText([/First words/, /Second words/]);
  await chat.delete(chat.questions.last());
  await expect(chat.questions).toHaveText([/First words/]);
  await chat.expectText("Second words");
  await chat.reload();
  await expect(chat.questions).toHaveText([/First words/]);
  await chat.delete(chat.answers.first());
  await expect(chat.answers).toHaveCount(0);
  await chat.delete(chat.questions.first());
  await expect(chat.questions).toHaveCount(0);
  await chat.ask("Anew");
  await expect(chat.questions).toHaveText([/Anew/]);
  await chat.expectText("Anew");
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("a change of the conversation while an answer runs is refused with a reason", async ({ page, chat, upstream, watch }) => {
  watch.allow(/status of 409/);
  // The answer takes long enough that a slow machine is in time.
  await chat.begin("Count", "tokens-450-20");
  await chat.grown(20);
  await chat.delete(chat.questions.first());
  await expect(page.getByRole("alert")).toHaveText(/still being written/);
  await chat.ended();
  await expect(page.getByRole("alert")).toHaveCount(0);
  expect((await upstream.calls()).filter((call: any) => !call.title)).toHaveLength(1);
});

test("everything by keyboard", async ({ page, chat }) => {
  await chat.begin("First words", "echo");
  await chat.ended();
  await chat.box.focus();
  await page.keyboard.press("ArrowUp");
  const field = chat.questions.first().getByRole("textbox", { name: "Your message" });
  await expect(field).toBeFocused();
  await page.keyboard.type(" and more");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("below");
  await page.keyboard.press("Enter");
  await expect(chat.questions).toHaveText([/First words and more\nbelow/]);
  await chat.ended();
  await chat.previous(chat.questions.first()).focus();
  await page.keyboard.press("Enter");
  await expect(chat.questions).toHaveText([/First words/]);
  // The focus is on the arrow that leads back.
  await expect(chat.next(chat.questions.first())).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(chat.questions).toHaveText([/First words and more/]);
  // With text in the field, ArrowUp moves the cursor and opens nothing.
  await chat.box.fill("text");
  await page.keyboard.press("ArrowUp");
  await expect(chat.box).toBeFocused();
  // The Tab key reaches each button of a message, and the button can be seen.
  await chat.answer.getByRole("button", { name: "Copy answer" }).focus();
  await page.keyboard.press("Tab");
  await expect(chat.answer.getByRole("button", { name: "Regenerate", exact: true })).toBeFocused();
  for (const name of ["Regenerate with another model", "Fork from here", "Delete message"]) {
    await page.keyboard.press("Tab");
    await expect(chat.answer.getByTitle(name)).toBeFocused();
    await expect(chat.answer.getByTitle(name)).toBeInViewport({ ratio: 1 });
  }
  await page.keyboard.press("Enter");
  await expect(chat.answers).toHaveCount(0);
  await page.getByRole("button", { name: "Undo" }).press("Enter");
  await expect(chat.answers).toHaveCount(1);
});

test("a draft and an edit survive a reload", async ({ page, chat }) => {
  await chat.open();
  await chat.box.fill("Not sent yet");
  await chat.reload();
  await expect(chat.box).toHaveValue("Not sent yet");
  await chat.begin("First words", "echo");
  await expect(chat.box).toHaveValue("");
  await chat.ended();
  await chat.box.fill("Not sent either");
  const field = await chat.edit(chat.questions.first());
  await field.fill("Half an edit");
  await chat.reload();
  await expect(chat.box).toHaveValue("Not sent either");
  await expect(field).toBeVisible();
  await expect(field).toHaveValue("Half an edit");
  await chat.send.click();
  await expect(chat.questions).toHaveCount(2);
  await chat.reload();
  await expect(chat.box).toHaveValue("");
  // Another conversation has its own draft, and a new conversation has none.
  await page.goto("/");
  await chat.ready();
  await expect(chat.box).toHaveValue("");
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 360, height: 640 }, hasTouch: true });

  test("edit, versions and delete fit", async ({ page, chat }) => {
    const fits = async () => {
      const wide = await page.evaluate(() => {
        const all = (selector: string) => [...document.querySelectorAll(selector)];
        const scrolls = [document.documentElement, ...all(".thread, .menu[open] .menu-content")];
        const outside = (element: Element) => {
          const { left, right } = element.getBoundingClientRect();
          return left < -1 || right > innerWidth + 1;
        };
        return [
          ...scrolls.filter((element) => element.scrollWidth > element.clientWidth + 1),
          ...all(".message, .actions, .menu[open] .menu-content").filter(outside),
        ].map((element) => `${element.className} ${element.scrollWidth}`);
      });
      expect(wide).toEqual([]);
    };
    await chat.begin("Some words ".repeat(40), "echo");
    await chat.ended();
    await chat.questions.first().getByTitle("Edit message").tap();
    const field = chat.questions.first().getByRole("textbox", { name: "Your message" });
    await expect(field).toBeInViewport();
    await fits();
    await field.fill("Fewer words");
    await page.locator(".edit-form").getByRole("button", { name: "Send" }).tap();
    await expect(chat.versions(chat.questions.first())).toHaveText(/2\/2/);
    await chat.ended();
    await chat.answer.getByTitle("Delete message").tap();
    const undo = page.getByRole("button", { name: "Undo" });
    await expect(undo).toBeInViewport({ ratio: 1 });
    await fits();
    await undo.tap();
    await expect(chat.answers).toHaveCount(1);
    await page.getByLabel("Conversation menu").tap();
    await fits();
    // A tap beside the menu closes it.
    await chat.title.tap();
    await expect(page.getByRole("textbox", { name: "Title" })).toBeHidden();
    await chat.previous(chat.questions.first()).tap();
    await expect(chat.questions.first()).toContainText("Some words");
  });
});

test("Escape closes the edit that is in use, and none that holds a changed text", async ({ page, chat }) => {
  await chat.begin("First", "json");
  await chat.ended();
  await chat.ask("Second");
  await expect(chat.answers).toHaveCount(2);
  await chat.ended();
  const first = await chat.edit(chat.questions.first());
  await first.fill("A long text");
  const second = await chat.edit(chat.questions.last());
  await second.fill("Another text");
  await second.press("Escape");
  await expect(second).toHaveCount(0);
  await expect(first).toHaveValue("A long text");
  // A menu closes before an edit that the focus is not in.
  await page.locator(".top-bar details.menu > summary").click();
  await page.keyboard.press("Escape");
  await expect(page.locator(".top-bar details.menu[open]")).toHaveCount(0);
  await expect(first).toHaveValue("A long text");
  // In the composer, Escape stops the answer.
  await chat.ask("Third", "slow");
  await expect(chat.answers).toHaveCount(3);
  await chat.grown(1);
  await page.keyboard.press("Escape");
  await expect(chat.answer).toContainText("You stopped this answer.");
  await expect(first).toHaveValue("A long text");
  // One in which nothing was typed closes from anywhere.
  await first.fill("First");
  await chat.box.focus();
  await page.keyboard.press("Escape");
  await expect(first).toHaveCount(0);
});
