// Reading an answer: its code, its tables, its links. Tests have the numbers of the behaviours that they hold.
import { readFile } from "node:fs/promises";

import type { Download, Locator, Page } from "@playwright/test";

import { expect, test } from "../support/test.ts";

const FENCE = "`".repeat(3);
const LINES = Array.from({ length: 45 }, (_, i) => `const a${i} = ${i}; // ${"wide ".repeat(i === 3 ? 90 : 1)}`).join("\n") + "\n";
const CODE = `${FENCE}js title="x"\n${LINES}${FENCE}\n`;
const TABLE = `| Name | Sum |
|------|----:|
| say "hi", **both** | -5 |
| =1+1 | [docs](https://docs.example/) |
`;

/** What the next click saves: the name of the file, and what is in it. */
async function saved(page: Page, button: Locator) {
  const [download]: [Download, void] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

test("28: code has its language and buttons, is saved under a name, and scrolls inside its box", async ({ chat, page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await chat.begin(CODE, "echo");
  await chat.ended();
  const figure = chat.prose.locator("figure");
  const box = chat.prose.getByRole("group", { name: "Code" });
  await expect(figure.locator("header > span")).toHaveText("js");
  expect(await saved(page, figure.getByRole("button", { name: "Download" }))).toEqual({ name: "code.js", text: LINES });
  await figure.getByRole("button", { name: "Copy" }).click();
  await expect(page.locator("#spoken")).toHaveText("Copied");
  await expect(figure.locator("button.copied")).toHaveCount(1);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(LINES);
  // Both are over some seconds later.
  await expect(figure.locator("button.copied")).toHaveCount(0);
  await expect(page.locator("#spoken")).toHaveText("");
  // A wheel goes to the end of the box and no further; keys move it, too.
  await expect(box).toHaveCSS("overscroll-behavior-x", "contain");
  const left = () => box.evaluate((pre) => Math.round(pre.scrollWidth - pre.clientWidth - pre.scrollLeft));
  await box.hover({ position: { x: 40, y: 80 } });
  for (let turn = 0; turn < 3; turn++) await page.mouse.wheel(3_000, 0);
  await expect.poll(left).toBeLessThan(2);
  expect(await page.locator("#thread").evaluate((thread) => thread.scrollLeft)).toBe(0);
  await box.focus();
  await page.keyboard.press("ArrowLeft");
  await expect.poll(left).toBeGreaterThan(2);
  await figure.getByText("Wrap", { exact: true }).click();
  expect(await box.evaluate((pre) => pre.scrollWidth - pre.clientWidth)).toBeLessThan(2);
  const tall = (await box.boundingBox())!.height;
  await figure.getByText("Fold", { exact: true }).click();
  expect((await box.boundingBox())!.height).toBeLessThan(tall / 2);
});

test("27: a copied table pastes as a table, and is saved as CSV", async ({ chat, page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await chat.begin(TABLE, "echo");
  await chat.ended();
  const table = chat.prose.locator(".table");
  await expect(table.getByRole("group", { name: "Table" })).toHaveAttribute("tabindex", "0");
  await table.getByRole("button", { name: "Copy table" }).click();
  await expect(page.locator("#spoken")).toHaveText("Copied");
  await expect(table.locator("button.copied")).toHaveText("Copy table");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('Name\tSum\nsay "hi", both\t-5\n=1+1\tdocs\n');
  // A program that takes more than text gets rows and cells.
  await page.evaluate(() => {
    const paper = document.createElement("div");
    paper.id = "paper";
    paper.contentEditable = "true";
    document.body.append(paper);
    paper.focus();
  });
  await page.keyboard.press("Control+v");
  const cells = page.locator("#paper tr").locator("th, td");
  await expect(cells).toHaveText(["Name", "Sum", 'say "hi", both', "-5", "=1+1", "docs"]);
  await expect(page.locator("#paper strong, #paper b")).toHaveCount(1);
  // Saved, a sign that a spreadsheet would calculate with is a text, and a number is a number.
  expect(await saved(page, table.getByRole("button", { name: "Download CSV" }))).toEqual({
    name: "table.csv",
    text: "\ufeffName,Sum\r\n\"say \"\"hi\"\", both\",-5\r\n'=1+1,docs\r\n",
  });
});

test("27: a selection with code, a table and a formula is copied without their buttons", async ({ chat, page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await chat.begin(`Then $x^2$, see [docs](https://docs.example/).\n\n${CODE}\n${TABLE}`, "echo");
  await chat.ended();
  await chat.prose.evaluate((prose) => getSelection()!.selectAllChildren(prose));
  await page.keyboard.press("Control+c");
  const { text, html } = await page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    const of = async (kind: string) => (await item.getType(kind)).text();
    return { text: await of("text/plain"), html: await of("text/html") };
  });
  expect(text).toContain("Then $x^2$, see [docs](https://docs.example/).");
  expect(text).toContain(`${FENCE}js\nconst a0`);
  expect(text).toContain("| Name | Sum |");
  expect(html).toContain("<table");
  for (const word of ["Download", "Copy", "Wrap", "docs docs"]) {
    expect(text).not.toContain(word);
    expect(html).not.toContain(word);
  }
});

test("32: links show their host and open beside the page; a picture from elsewhere loads on a click", async ({ chat, page, context }) => {
  const asked: string[] = [];
  await context.route(/\.example\//, (route) => {
    asked.push(route.request().url());
    return route.fulfill({ contentType: "text/plain", body: "a cat" });
  });
  const links = [
    ["[the docs](https://www.docs.example/a)", "the docs docs.example"],
    ['[bank.example](https://other.example/ "Sign in")', "bank.example other.example"],
    ["[own.example](https://own.example/b)", "own.example"],
    ["https://bare.example/", "https://bare.example/"],
    ["![a cat](https://pics.example/cat.png)", "a cat pics.example"],
    ["[write](mailto:a@b.example)", "write"],
  ];
  await chat.begin(links.map(([text]) => `- ${text}`).join("\n"), "echo");
  await chat.ended();
  const streamed = await chat.prose.innerHTML();
  for (const round of ["streamed", "from the store"]) {
    await test.step(round, async () => {
      for (const [, name] of links) {
        const link = chat.prose.getByRole("link", { name, exact: true });
        await expect(link).toHaveAttribute("target", "_blank");
        await expect(link).toHaveAttribute("rel", "noopener noreferrer nofollow");
      }
      await expect(chat.prose.getByRole("link")).toHaveCount(links.length);
      await expect(chat.prose.locator("img")).toHaveCount(0);
      expect(asked).toEqual([]);
    });
    if (round === "streamed") await chat.reload();
  }
  expect(await chat.prose.innerHTML()).toBe(streamed);
  const [tab] = await Promise.all([context.waitForEvent("page"), chat.prose.getByRole("link", { name: "a cat" }).click()]);
  await expect(tab.getByText("a cat")).toBeVisible();
  expect(await tab.evaluate(() => [window.opener, document.referrer])).toEqual([null, ""]);
  expect(asked.filter((url) => !url.endsWith("/favicon.ico"))).toEqual(["https://pics.example/cat.png"]);
  expect(page.url()).toContain("/c/");
});

test("an answer says its language where it is another than that of the page", async ({ chat }) => {
  await chat.begin("Plain words.\n\n日本語も大丈夫です。\n\n한국어로 답합니다.\n\n这个答案是用中文写的，而且写得足够长。", "echo");
  await chat.ended();
  const languages = await chat.prose.locator("> p").evaluateAll((all) => all.map((each) => each.getAttribute("lang")));
  expect(languages).toEqual([null, "ja", "ko", "zh"]);
});

test.describe("in Chinese", () => {
  test.use({ locale: "zh-CN" });

  test("boxes and buttons have their names in the language of the page", async ({ page, server, user }) => {
    expect(user.name).toBeTruthy();
    await page.goto(server.url);
    await page.getByRole("textbox", { name: "消息", exact: true }).fill("hello");
    await page.getByRole("button", { name: "发送", exact: true }).click();
    const prose = page.locator(".answer .prose");
    await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
    for (const name of ["代码", "表格"]) await expect(prose.getByRole("group", { name }).first()).toHaveAttribute("tabindex", "0");
    for (const name of ["下载", "复制", "复制表格", "下载 CSV"]) {
      await expect(prose.getByRole("button", { name, exact: true }).first()).toBeVisible();
    }
  });
});

test("who listens is told how an answer ended", async ({ page, chat }) => {
  const spoken = page.locator("#spoken");
  await chat.begin("Question", "json");
  await expect(spoken).toHaveText("Answer complete, 5 words");
  await chat.ask("Question", "500");
  await expect(chat.answers).toHaveCount(2);
  await expect(spoken).toHaveText(await chat.answer.locator(".answer-end > span").first().innerText());
  await chat.ask("Question", "slow");
  await expect(chat.answers).toHaveCount(3);
  await chat.grown(1);
  await chat.stop.click();
  await expect(spoken).toHaveText("You stopped this answer.");
});

test("over plain http, a text that the browser did not copy is not said to be copied", async ({ page, chat }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, "isSecureContext", { get: () => false });
    document.execCommand = () => (window as any).copies === true;
  });
  await chat.begin("Question", "json");
  await chat.ended();
  const copy = chat.answer.getByTitle("Copy answer");
  await chat.answer.hover();
  await copy.click();
  await expect(page.getByRole("alert")).toContainText("does not let this page copy");
  await expect(copy).not.toHaveClass(/copied/);
  await expect(copy).toBeFocused();
  await page.evaluate(() => ((window as any).copies = true));
  await copy.click();
  await expect(copy).toHaveClass(/copied/);
});
