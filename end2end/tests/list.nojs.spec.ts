// The hands of the list and the outline with JavaScript off: links and plain forms.
import { expect, test } from "../support/test.ts";

test("16-list: rename, pin, archive and delete without JavaScript", async ({ page, chat }) => {
  await page.goto("/");
  await chat.ask("Leeks", "json");
  await chat.expectText("The whole answer at once.");
  await expect(chat.send).toBeVisible();
  const row = chat.sidebar.getByRole("listitem");
  const open = async () => {
    await row.hover();
    await row.getByRole("link", { name: /^More for/ }).click();
  };
  await open();
  await page.getByRole("textbox", { name: "Title" }).fill("Winter");
  await page.getByRole("button", { name: "Rename" }).click();
  await expect(row).toHaveText(/Winter/);
  await open();
  await page.getByRole("button", { name: "Pin", exact: true }).click();
  await expect(page.getByRole("status")).toBeVisible();
  await expect(page.locator('.sidebar [data-day="day-pinned"]')).toHaveText(/Winter/);
  await page.getByRole("button", { name: "Unpin" }).click();
  await page.getByRole("button", { name: "Archive", exact: true }).click();
  await expect(row).toHaveCount(0);
  await page.goto("/history");
  await page.getByRole("link", { name: "Archived" }).click();
  const archived = page.locator(".content").getByRole("listitem");
  await expect(archived).toHaveText(/Winter/);
  await archived.getByRole("button", { name: "Unarchive “Winter”" }).click();
  await expect(row).toHaveText(/Winter/);
  await expect(page.getByRole("status")).toContainText("is back in the list");
  await open();
  await page.locator(".content").getByRole("button", { name: "Delete", exact: true }).click();
  await expect(row).toHaveCount(0);

  // It ends where it can be restored, also later, and then the conversation is a click away.
  await expect(chat.title).toHaveText("Deleted");
  await expect(page.getByRole("status")).toContainText("You can restore it here");
  await page.goto("/history");
  await page.getByRole("link", { name: "Deleted" }).click();
  await expect(page.locator(".content").getByRole("listitem")).toContainText(/Winter.*Gone for good on \d+ \w+ \d{4}/s);
  await page.getByRole("button", { name: "Restore “Winter”" }).click();
  await expect(row).toHaveText(/Winter/);
  await expect(page.locator(".content").getByRole("listitem")).toHaveCount(0);
  await page.getByRole("status").getByRole("link", { name: "Winter" }).click();
  await chat.expectText("The whole answer at once.");
});

test("30: the outline is a page of links without JavaScript", async ({ page, chat }) => {
  await page.goto("/");
  for (const text of ["The first question", "The second question"]) {
    await chat.ask(text, "json");
    await expect(chat.questions.last()).toContainText(text);
    await expect(chat.send).toBeVisible();
  }
  await page.getByRole("link", { name: "Questions" }).click();
  const links = page.locator(".outline").getByRole("link");
  await expect(links).toHaveText([/The first question/, /The second question/]);
  await links.first().click();
  await expect(page).toHaveURL(/\/c\/\w+\?at=\w+#\w+$/);
  await expect(chat.questions.first()).toBeInViewport();
});
