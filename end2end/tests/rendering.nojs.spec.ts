// Code blocks wrap and fold without a script.
import { expect, test } from "../support/test.ts";

test("code wraps and folds; no button is shown that needs a script", async ({ page, chat }) => {
  await page.goto("/");
  const fence = "`".repeat(3);
  const lines = Array.from({ length: 40 }, (_, i) => `let a${i} = ${"1".repeat(i === 3 ? 200 : 1)};`).join("\n");
  await chat.ask(`${fence}js\n${lines}\n${fence}\n\n|a|\n|-|\n|b|\n\nThat is all.`, "echo");
  const figure = chat.answer.locator("figure");
  await expect(chat.send).toBeVisible();
  for (const act of ["copy", "download", "copy-table", "csv"]) {
    await expect(chat.answer.locator(`[data-act="${act}"]`)).toHaveCount(1);
    await expect(chat.answer.locator(`[data-act="${act}"]`)).toBeHidden();
  }
  const size = () => figure.locator("pre").boundingBox();
  const before = await size();
  await figure.getByText("Fold", { exact: true }).click();
  expect((await size())!.height).toBeLessThan(before!.height / 2);
  await figure.getByText("Fold", { exact: true }).click();
  await figure.getByText("Wrap", { exact: true }).click();
  expect((await size())!.height).toBeGreaterThan(before!.height);
});
