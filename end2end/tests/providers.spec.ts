// An administrator adds a provider of models with the keyboard alone, and asks one of its models.
import { expect, test } from "../support/test.ts";
import { expectAccessible } from "../support/axe.ts";
import { signInAsAdmin } from "../support/admin.ts";
import { Chat } from "../support/chat.ts";
import { API_KEY } from "../support/servers.mjs";

test("a provider is added, asked, moved and removed with the keyboard alone", async ({ page, upstream }) => {
  const chat = new Chat(page);
  await signInAsAdmin(page);
  await page.goto("/admin/models");
  await expect(page.getByText("From the configuration").first()).toBeVisible();
  await expectAccessible(page);
  const type = async (field: string, text: string) => {
    await page.locator(`input[name="${field}"]`).focus();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type(text);
  };
  await type("base_url", "http://127.0.0.1:9/v1");
  await type("name", "second");
  await page.keyboard.press("Enter");
  await expect(page.getByText(/cannot be reached/)).toBeVisible();
  await expect(page.locator('input[name="name"]')).toHaveValue("second");
  await expect(page.getByRole("button", { name: "Save anyway" })).toBeVisible();
  await type("base_url", upstream.url);
  await type("api_key", API_KEY);
  await page.keyboard.press("Enter");
  await expect(page.getByText("The provider is saved, and its models can be asked.")).toBeVisible();
  await expect(page.getByText("Has a key").last()).toBeVisible();
  await expect(page.getByRole("button", { name: "Move second up" })).toBeDisabled();
  await page.goto("/");
  await chat.model.click();
  await page.locator('#sheet [data-model="second/echo"]').click();
  await chat.ask("Hello to the second");
  await chat.expectText("Hello to the second");
  await page.goto("/admin/models");
  await page.getByRole("link", { name: "second", exact: true }).press("Enter");
  await page.getByText("Remove it…").press("Enter");
  await page.getByRole("button", { name: "Remove the provider" }).press("Enter");
  await expect(page.getByText("The provider is removed.")).toBeVisible();
  await expect(page.getByRole("link", { name: "second", exact: true })).toHaveCount(0);
});
