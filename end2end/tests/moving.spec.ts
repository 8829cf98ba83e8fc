// What is under way when a person moves to another conversation or to an older page of one.
import { expect, test } from "../support/test.ts";

test("a question that cannot be sent after its conversation was left becomes its draft", async ({ page, chat, watch }) => {
  watch.allow(/ERR_FAILED/);
  await chat.begin("Leeks", "json");
  await chat.ended();
  const first = page.url();
  await page.getByRole("link", { name: "New conversation" }).first().click();
  await chat.ask("Stars", "json");
  await chat.ended();
  const second = page.url();
  await page.locator(`.sidebar a[href="${new URL(first).pathname}"]`).click();
  await expect(chat.questions).toHaveText([/Leeks/]);
  let refuse = () => {};
  const refused = new Promise<void>((done) => (refuse = done));
  await page.route("**/fn/ask", async (route) => {
    await refused;
    await route.abort("failed");
  });
  await chat.ask("And potatoes?");
  await expect(chat.questions).toHaveCount(2);
  await page.locator(`.sidebar a[href="${new URL(second).pathname}"]`).click();
  await expect(chat.questions).toHaveText([/Stars/]);
  await chat.box.fill("A draft of the other");
  refuse();
  await expect(page.getByRole("alert")).toContainText("cannot be reached");
  await expect(chat.box).toHaveValue("A draft of the other");
  await page.goBack();
  await expect(chat.questions).toHaveText([/Leeks/]);
  await expect(chat.box).toHaveValue("And potatoes?");
});

test("what is asked on a page of older messages is shown among the newest", async ({ page, chat }) => {
  await chat.begin("First", "json");
  await chat.ended();
  await chat.ask("Second", "json");
  await chat.ended();
  await expect(chat.answers).toHaveCount(2);
  const address = page.url();
  const second = await chat.questions.last().getAttribute("id");
  await chat.open(`${new URL(address).pathname}?before=${second}`);
  await expect(chat.questions).toHaveText([/First/]);
  await chat.ask("Third", "json");
  await expect(page).toHaveURL(address);
  await expect(chat.questions).toHaveText([/First/, /Second/, /Third/]);
  await chat.ended();
  await expect(chat.answers).toHaveCount(3);
});

test("a limit counts down until the provider takes requests again", async ({ page, chat, watch }) => {
  watch.allow(/429/);
  await chat.open();
  await chat.ask("Now", "429");
  await expect(page.locator(".retry-in")).toHaveText(/^Retry in [\d,]+ s$/);
});
