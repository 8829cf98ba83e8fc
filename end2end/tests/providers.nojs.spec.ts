// Without a script an administrator adds providers of models, puts them in an order and removes them.
import { expect, test } from "../support/test.ts";
import { signInAsAdmin } from "../support/admin.ts";
import { API_KEY } from "../support/servers.mjs";

test("two providers are added, put in another order and removed", async ({ page, upstream }) => {
  await signInAsAdmin(page);
  for (const name of ["one", "two"]) {
    await page.goto("/admin/models");
    await page.getByLabel("Address of the API").fill(upstream.url);
    await page.locator('input[name="name"]').fill(name);
    await page.getByLabel("API key").fill(API_KEY);
    await page.getByRole("button", { name: "Try and add" }).click();
    await expect(page.getByText("The provider is saved, and its models can be asked.")).toBeVisible();
  }
  const names = page.getByRole("link", { name: /^(one|two)$/ });
  await expect(names).toHaveText(["one", "two"]);
  await page.getByRole("button", { name: "Move two up" }).click();
  await expect(names).toHaveText(["two", "one"]);
  for (const name of ["one", "two"]) {
    await page.getByRole("link", { name, exact: true }).click();
    await page.getByText("Remove it…").click();
    await page.getByRole("button", { name: "Remove the provider" }).click();
    await expect(page.getByText("The provider is removed.")).toBeVisible();
  }
  await expect(names).toHaveCount(0);
});
