// Without JavaScript no page can hold a conversation, and nothing must be stored by mistake.
import { expect, test } from "../support/test.ts";

test("a temporary conversation says that it needs JavaScript", async ({ page, chat }) => {
  await page.goto("/");
  await page.getByRole("link", { name: "Temporary" }).click();
  await expect(page.getByText("Temporary conversations need JavaScript")).toBeVisible();
  await expect(chat.box).toBeHidden();
  await expect(page.getByRole("link", { name: "New conversation" }).first()).toBeVisible();
});
