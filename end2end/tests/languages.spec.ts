// The site is in the reader's language: that of the account, that chosen before signing in, or that of the browser.
import { expect, test, type User } from "../support/test.ts";
import type { Page } from "@playwright/test";

const CHINESE = "简体中文";
/** Names that are the same in every language. */
const NAMES = /Inglenook|API|TOTP|QR|Enter|Shift|tokens?\b|openai(\/[\w-]+)?|OpenAI|Top-p|\bAda\b|[\w-]+@example\.org/g;

/**
 * The texts of the page in Latin letters, but for these: names, what people and models wrote, and the button for English.
 */
async function english(page: Page, ...names: string[]): Promise<string[]> {
  const said = await page.evaluate(() => {
    const theirs = ".prose, .question-text, .history .title, .picker-button, option, noscript, script, button[lang=en]";
    const texts = [document.title];
    const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (nodes.nextNode()) {
      const { parentElement, textContent } = nodes.currentNode;
      if (!parentElement?.closest(theirs)) texts.push(textContent ?? "");
    }
    for (const element of document.querySelectorAll("[title], [aria-label], [placeholder]")) {
      if (element.closest(theirs)) continue;
      for (const name of ["title", "aria-label", "placeholder"]) texts.push(element.getAttribute(name) ?? "");
    }
    return texts.map((text) => text.trim());
  });
  const rest = (text: string) => names.reduce((text, name) => text.replaceAll(name, ""), text).replace(NAMES, "");
  return said.filter((text) => /[a-z]{2}/i.test(rest(text)));
}

async function isChinese(page: Page, heading: string | RegExp, ...names: string[]) {
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
  expect(await english(page, ...names)).toEqual([]);
}

async function signIn(page: Page, user: User) {
  await page.getByLabel("邮箱").fill(user.email);
  await page.getByLabel("密码").fill(user.password);
  await page.getByRole("button", { name: "登录" }).click();
  await expect(page.getByRole("heading", { level: 2, name: `你好，${user.name.split(" ")[0]}` })).toBeVisible();
}

async function ask(page: Page, text: string, model: string) {
  const picker = page.locator(".picker-button");
  if (await picker.isVisible()) {
    await picker.click();
    await page.locator(`#sheet [data-model="openai/${model}"]`).click();
  } else {
    await page.getByRole("combobox", { name: "模型" }).selectOption(`openai/${model}`);
  }
  await page.getByRole("textbox", { name: "消息", exact: true }).fill(text);
  await page.getByRole("button", { name: "发送", exact: true }).click();
}

test.describe("a browser that asks for Chinese", () => {
  test.use({ locale: "zh-CN" });

  test("reads every page in it", async ({ page, user, context, watch }) => {
    watch.allow(/404/);
    await context.clearCookies();
    await page.goto("/register");
    await isChinese(page, "注册账号");
    await page.goto("/no-such-page");
    await isChinese(page, "找不到页面");
    await page.goto("/login");
    await isChinese(page, "登录");
    await signIn(page, user);
    await isChinese(page, "新对话", user.name);
    await expect(page.getByText("回答可能有误。")).toHaveText("回答可能有误。按 Enter 发送，Shift+Enter 换行。");
    await page.goto("/history");
    await isChinese(page, "全部对话", user.name);
    for (const path of ["/settings/appearance", "/settings/chat", "/settings/sign-in", "/settings"]) {
      await page.goto(path);
      await isChinese(page, "设置", user.name);
    }
    await page.getByRole("button", { name: "保存名字" }).click();
    await expect(page.getByRole("status")).toHaveText("名字已保存。");
  });

  test("reads in it what happens while the page is open, too", async ({ page, user, context, watch }) => {
    watch.allow(/ERR_INTERNET_DISCONNECTED|ERR_INCOMPLETE_CHUNKED_ENCODING|network error/);
    const listens = () => page.waitForFunction(() => (window as any).composerListens);
    await page.goto("/");
    await listens();
    await ask(page, "数一数", "tokens-200-20");
    await expect(page).toHaveURL(/\/c\/\w+/);
    await listens();
    await expect(page.getByRole("button", { name: "停止" })).toBeVisible();
    const box = page.getByRole("textbox", { name: "消息", exact: true });
    await box.fill("讲个故事");
    await box.press("Enter");
    await expect(page.getByRole("textbox", { name: "排队的问题" })).toHaveValue("讲个故事");
    await page.getByRole("button", { name: "移除" }).click();
    await expect(page.getByRole("textbox", { name: "排队的问题" })).toHaveCount(0);
    await page.getByRole("button", { name: "停止" }).click();
    const answer = page.getByRole("article", { name: "回答" }).last();
    await expect(answer.getByRole("status")).toContainText("你已停止生成。");
    await expect(answer.getByRole("button", { name: "继续生成" })).toBeVisible();
    await expect(answer.getByRole("button", { name: "重试" })).toBeVisible();
    await ask(page, "讲个故事", "story");
    await expect(answer).toContainText("That is all.");
    await expect(answer.locator("figure").first().getByRole("button", { name: "复制" })).toBeVisible();
    await expect(answer.getByTitle("复制回答")).toBeAttached();
    await expect(answer.locator(".meta")).toHaveText(/^story · [\d,]+ 个 token( ·|$)/);
    await isChinese(page, "数一数", user.name, "story");
    await ask(page, "为什么失败？", "401");
    await expect(answer.getByRole("status")).toContainText("OpenAI 不允许本站访问。");
    await isChinese(page, "数一数", user.name, "story");
    const question = page.getByRole("article", { name: /^你，/ }).last();
    await question.hover();
    await question.getByTitle("编辑消息").click();
    await expect(question.getByRole("textbox", { name: "你的消息" })).toHaveValue("为什么失败？");
    await expect(question.getByRole("button", { name: "发送", exact: true })).toBeVisible();
    await question.getByRole("link", { name: "取消" }).click();
    // The page of the server says the same as the island did.
    const said = await answer.innerText();
    await page.reload();
    await listens();
    expect(await answer.innerText()).toBe(said);
    await context.setOffline(true);
    await expect(page.getByText("正在重新连接…")).toBeVisible();
    await context.setOffline(false);
  });
});

test("the switch on the sign-in page holds after it, and the settings have the last word", async ({ page, user, context }) => {
  await context.clearCookies();
  await page.goto("/login");
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  expect(await english(page)).toEqual(expect.arrayContaining(["Sign in", "E-mail", "Choose a language", "Create an account"]));
  await page.getByRole("button", { name: CHINESE }).click();
  await expect(page).toHaveURL(/\/login$/);
  await isChinese(page, "登录");
  await page.getByRole("link", { name: "注册账号" }).click();
  await isChinese(page, "注册账号");
  await page.getByRole("link", { name: "登录" }).click();
  await signIn(page, user);
  await isChinese(page, "新对话", user.name);
  await page.goto("/settings/appearance");
  await page.getByLabel("选择语言").selectOption("English");
  await page.getByRole("button", { name: "保存语言" }).click();
  await expect(page.getByRole("status")).toHaveText("Your language is saved.");
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await page.getByLabel("Choose a language").selectOption(CHINESE);
  await page.getByRole("button", { name: "Save language" }).click();
  await expect(page.getByRole("status")).toHaveText("语言已保存。");
  // A browser that asks for English gets the language of the account.
  await context.clearCookies({ name: "inglenook_lang" });
  await page.reload();
  await isChinese(page, "设置", user.name);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the switch works, and so does a conversation in Chinese", async ({ page, user, context }) => {
    await context.clearCookies();
    await page.goto("/login");
    await page.getByRole("button", { name: CHINESE }).click();
    await isChinese(page, "登录");
    await signIn(page, user);
    await ask(page, "为什么失败？", "401");
    const answer = page.getByRole("article", { name: "回答" });
    await expect(answer.getByRole("status")).toContainText("OpenAI 不允许本站访问。");
    await expect(answer.getByRole("button", { name: "重试" })).toBeVisible();
    await isChinese(page, /./, user.name);
  });
});
