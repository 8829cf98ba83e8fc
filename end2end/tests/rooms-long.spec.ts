// A page that stays in a busy room for long keeps only so many of its messages.
import { expect, test } from "../support/test.ts";

test("a page that follows a room lets its oldest messages go, and has them back when asked", async ({ page, user: _, server }) => {
  test.slow();
  const post = async (path: string, form: Record<string, string>) => {
    const answer = await page.request.post(`${server.url}/fn/${path}`, {
      form,
      headers: { accept: "text/html", origin: server.url },
      maxRedirects: 0,
    });
    expect(answer.status(), await answer.text()).toBe(302);
    return answer.headers().location;
  };
  const texts = Array.from({ length: 420 }, (_, at) => `Words ${at}`);
  const messages = texts.flatMap((text, at) => [
    [`messages[${at}][role]`, at % 2 ? "assistant" : "user"],
    [`messages[${at}][text]`, text],
  ]);
  const kept = await post("keep-temporary", Object.fromEntries(messages));
  const room = await post("bring-in", { conversation_id: kept.split("/c/")[1], name: "Long", answers: "asked" });
  await page.goto(room);
  const said = page.locator("#messages > .message");
  const earlier = page.locator(".earlier a");
  while (await earlier.count()) {
    const before = await said.count();
    await earlier.click();
    await expect.poll(() => said.count()).toBeGreaterThan(before);
  }
  await expect(said).toHaveCount(texts.length);

  // Whoever reads earlier messages keeps them.
  const field = page.getByRole("textbox", { name: "Message", exact: true });
  const other = await page.context().newPage();
  await other.goto(room);
  const write = async (text: string) => {
    await other.getByRole("textbox", { name: "Message", exact: true }).fill(text);
    await other.getByRole("button", { name: "Send" }).click();
    await expect(other.locator(".said.own:not(.posting)").last()).toContainText(text);
  };
  await write("One more");
  await expect(said).toHaveCount(texts.length + 1);

  await field.focus();
  await page.locator("#thread").evaluate((thread) => (thread.scrollTop = thread.scrollHeight));
  await write("And another");
  await expect(said.last()).toContainText("And another");
  await expect(said).toHaveCount(200 + 1);
  await expect(said.last()).toBeInViewport();

  await earlier.click();
  await expect.poll(() => said.count()).toBeGreaterThan(201);
  const ids = await said.evaluateAll((all) => all.map((one) => one.id));
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
});
