// Code blocks wrap and fold without a script.
import { expect, test } from "../support/test.ts";

test("code wraps and folds", async ({ page, chat }) => {
  await page.goto("/");
  const fence = "`".repeat(3);
  const lines = Array.from({ length: 40 }, (_, i) => `let a${i} = ${"1".repeat(i === 3 ? 200 : 1)};`).join("\n");
  await chat.ask(`${fence}js\n${lines}\n${fence}\n\nThat is all.`, "echo");
  const figure = chat.answer.locator("figure");
  await expect(chat.send).toBeVisible();
  await expect(figure.getByRole("button", { name: "Copy" })).toBeHidden();
  const size = () => figure.locator("pre").boundingBox();
  const before = await size();
  await figure.getByText("Fold", { exact: true }).click();
  expect((await size())!.height).toBeLessThan(before!.height / 2);
  await figure.getByText("Fold", { exact: true }).click();
  await figure.getByText("Wrap", { exact: true }).click();
  expect((await size())!.height).toBeGreaterThan(before!.height);
});
