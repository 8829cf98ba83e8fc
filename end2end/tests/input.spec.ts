// Odd and hostile texts of people and of models.
import { expect, test } from "../support/test.ts";

test("a blank question cannot be sent", async ({ page, chat, upstream }) => {
  await chat.open();
  for (const text of ["", "   \n\t "]) {
    await chat.box.fill(text);
    await chat.box.press("Enter");
    await chat.send.click();
  }
  await page.waitForTimeout(300);
  await expect(page).toHaveURL(/\/$/);
  expect(await upstream.lastCall()).toBeUndefined();
});

test("a paste of 1 MB is refused in words, and stays in the box", async ({ page, chat, watch }) => {
  watch.allow(/status of 413/);
  const text = "words and words ".repeat(65_536);
  await chat.open();
  await chat.box.fill(text);
  await chat.send.click();
  await expect(page.getByRole("alert")).toContainText(/too long.*at most 256 KB/i);
  expect((await chat.box.inputValue()).length).toBe(text.length);
  // A shorter text is sent.
  await chat.box.fill("words");
  await chat.send.click();
  await page.waitForURL(/\/c\//);
  await expect(chat.questions).toHaveText([/words/]);
});

test("in an open conversation a message above its own limit and below that of bodies is refused in words", async ({ page, chat, watch }) => {
  watch.allow(/status of 413/);
  await chat.begin("First", "json");
  await chat.ended();
  const text = "x".repeat(300_000);
  await chat.ask(text);
  await expect(page.getByRole("alert")).toContainText(/too long.*at most 256 KB/i);
  expect((await chat.box.inputValue()).length).toBe(text.length);
  await expect(chat.questions).toHaveCount(1);
});

const texts = {
  "emoji and other scripts": "👩‍👩‍👧‍👦 🇪🇺 e\u0301 日本語 𝔘𝔫𝔦",
  "right to left": "مرحبا بالعالم! كيف الحال؟ (abc)",
  "HTML": "<b>bold</b> <script>alert(1)</script> <img src=x onerror=alert(1)> &amp; </div></article>",
  "lines and blanks": "one\n\n   two  three\n\ttab",
};

for (const [name, text] of Object.entries(texts)) {
  test(`${name} in a question are shown as written`, async ({ page, chat }) => {
    const dialogs: string[] = [];
    page.on("dialog", (dialog) => (dialogs.push(dialog.message()), dialog.dismiss()));
    const body = () => chat.questions.last().locator(".question-text");
    await chat.begin(text, "json");
    await chat.ended();
    expect(await body().textContent()).toBe(text);
    await chat.ask(`again ${text}`);
    await expect(chat.questions).toHaveCount(2);
    expect(await body().textContent()).toBe(`again ${text}`);
    await chat.ended();
    await chat.reload();
    expect(await body().textContent()).toBe(`again ${text}`);
    expect(dialogs).toEqual([]);
  });
}

test("right-to-left text runs from the right", async ({ chat }) => {
  await chat.begin(texts["right to left"], "echo");
  await chat.ended();
  await expect(chat.prose).toContainText("مرحبا");
  const direction = await chat.questions.first().locator(".question-text").evaluate((body) => getComputedStyle(body).direction);
  expect(direction).toBe("rtl");
});

test("hostile markdown in an answer runs nothing and loads nothing", async ({ page, chat, context, server }) => {
  const foreign: string[] = [];
  const dialogs: string[] = [];
  context.on("request", (request) => {
    if (!request.url().startsWith(server.url) && !/^(data|blob|about):/.test(request.url())) foreign.push(request.url());
  });
  page.on("dialog", (dialog) => (dialogs.push(dialog.message()), dialog.dismiss()));
  const answer = [
    "Before.",
    "<script>window.hacked = 1; alert(1)</script>",
    "<img src=x onerror=\"window.hacked = 2; alert(2)\">",
    "<img src=\"https://tracker.example/pixel.png\"> ![remote](https://tracker.example/image.png \"title\")",
    "<svg onload=\"window.hacked = 3\"><script>window.hacked = 4</script></svg>",
    "<iframe src=\"https://tracker.example/frame\"></iframe><object data=\"https://tracker.example/o\"></object>",
    "<style>@import url(https://tracker.example/style.css); body { display: none }</style>",
    "<link rel=stylesheet href=https://tracker.example/link.css><base href=https://tracker.example/>",
    "<form action=\"https://tracker.example/form\"><button>Send</button></form>",
    "<div style=\"background: url(https://tracker.example/style.png)\" onmouseover=\"window.hacked = 5\">styled</div>",
    "[one](javascript:window.hacked=6) [two](JaVaScRiPt:alert(7)) [three](data:text/html,<script>alert(8)</script>) [four](vbscript:x)",
    "[five](<java&#10;script:alert(9)>) <a href=\"javascript:alert(10)\">six</a> <javascript:alert(11)>",
    "```html\n</code></pre><script>window.hacked = 12</script>\n```",
    "```\"><script>window.hacked=13</script>\ncode\n```",
    "[a good one](https://example.com/page)",
    "After.",
  ].join("\n\n");
  await chat.begin(answer, "echo");
  await chat.ended();
  for (const round of ["as it arrived", "as it was loaded"]) {
    await expect(chat.prose, round).toContainText("Before.");
    await expect(chat.prose, round).toContainText("After.");
    const links = await chat.prose.locator("a").evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).protocol));
    expect(links.filter((protocol) => !["http:", "https:", "mailto:"].includes(protocol)), round).toEqual([]);
    await expect(chat.prose.getByRole("link", { name: "a good one" })).toHaveAttribute("rel", /noopener|noreferrer/);
    const bad = "script, iframe, object, embed, style, link, base, form, svg, [style], [onerror], [onload], [onmouseover]";
    await expect(chat.prose.locator(bad), round).toHaveCount(0);
    for (const link of await chat.prose.getByText(/^(one|two|three|four|five|six)$/).all()) await link.click({ trial: false });
    await page.waitForTimeout(200);
    expect(await page.evaluate(() => (window as any).hacked), round).toBeUndefined();
    expect(dialogs, round).toEqual([]);
    expect(foreign, round).toEqual([]);
    await chat.reload();
  }
});

test("a web page instead of an answer is never shown", async ({ page, chat }) => {
  await chat.begin("Hello", "html");
  await expect(chat.answer.getByRole("status")).toContainText("OpenAI");
  await expect(page.getByText("Welcome to nginx")).toHaveCount(0);
});
