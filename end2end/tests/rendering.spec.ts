// Answers as they are rendered: complete, in place, and harmless.
import type { APIRequestContext, Page } from "@playwright/test";

import { ABUSE, cases, commonmark, type Case } from "../support/texts.ts";
import { forbidden } from "../support/strict.ts";
import { expect, test, type User } from "../support/test.ts";

const FENCE = "`".repeat(3);
const LONG = Array.from({ length: 45 }, (_, i) => `const a${i} = ${i}; // ${"wide ".repeat(i === 3 ? 60 : 1)}`).join("\n");
const ANSWER = `# Euler

Then $e^{i\\pi} = -1$ and

\\[
\\int_0^1 x^2 \\, dx
= \\frac{1}{3}
\\]

It costs $5 and $10.

## The code

${FENCE}js
${LONG}
${FENCE}

## The code

| a | b |
|---|--:|
| $|x|$ | 2 |

שלום, right to left.
`;

/** A program that asks the model `echo` as the person of the test, and gets the HTML of the answers. */
class Program {
  private constructor(
    private request: APIRequestContext,
    private api: string,
    private headers: Record<string, string>,
  ) {}

  static async signIn(request: APIRequestContext, url: string, user: User): Promise<Program> {
    const api = `${url}/api/v1`;
    const answer = await request.post(`${api}/auth/login`, { data: { email: user.email, password: user.password } });
    expect(answer.ok(), await answer.text()).toBe(true);
    return new Program(request, api, { authorization: `Bearer ${(await answer.json()).token}` });
  }

  async conversation(): Promise<string> {
    const answer = await this.request.post(`${this.api}/conversations`, { headers: this.headers, data: { model: "openai/echo" } });
    expect(answer.status(), await answer.text()).toBe(201);
    return (await answer.json()).id;
  }

  /** The HTML of the answer that says `content`. */
  async echo(conversation: string, content: string): Promise<string> {
    const path = `${this.api}/conversations/${conversation}/messages`;
    const asked = await this.request.post(path, { headers: this.headers, data: { content, model: "openai/echo" } });
    expect(asked.status(), await asked.text()).toBe(202);
    const { id } = (await asked.json()).assistant_message;
    let html = "";
    await expect
      .poll(
        async () => {
          const { items } = await (await this.request.get(`${path}?format=html&limit=4`, { headers: this.headers })).json();
          const answer = items.find((item: any) => item.id === id);
          html = answer?.html;
          return answer?.status;
        },
        { intervals: [10, 20, 50], timeout: 30_000 },
      )
      .toBe("complete");
    return html;
  }
}

/** Collects everything that a page does although no answer may make it do that. */
function watchOver(page: Page, origin: string): string[] {
  const done: string[] = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && !["data:", "blob:"].includes(url.protocol)) done.push(`request to ${url}`);
  });
  page.on("dialog", (dialog) => (done.push(`dialog ${dialog.message()}`), dialog.dismiss()));
  page.on("popup", (popup) => done.push(`popup ${popup.url()}`));
  return done;
}

test("formulas, headings, code and tables are what they should be", async ({ chat, page }) => {
  await chat.begin(ANSWER, "echo");
  await chat.ended();
  for (const round of ["streamed", "from the store"]) {
    await test.step(round, async () => {
      await expect(chat.prose.locator("math")).toHaveCount(3);
      await expect(chat.prose.locator('math[display="block"] mfrac')).toBeVisible();
      await expect(chat.prose.getByText("It costs $5 and $10.")).toBeVisible();
      const box = await chat.prose.locator('math[display="block"]').boundingBox();
      expect(box!.height).toBeGreaterThan(25);
      // The ids of headings are unique on the page, and links lead to them.
      const links = chat.prose.getByRole("link", { name: "The code" });
      await expect(links).toHaveCount(2);
      const names = await links.evaluateAll((all) => all.map((a) => a.getAttribute("href")!.slice(1)));
      expect(new Set(names).size).toBe(2);
      for (const name of names) expect(await page.locator(`[id="${name}"]`).count()).toBe(1);
      await expect(chat.prose.locator('p[dir="rtl"]')).toHaveText(/שלום/);
      // What scrolls sideways is reached by keys and has a name.
      await expect(chat.prose.getByRole("group", { name: "Table" })).toHaveAttribute("tabindex", "0");
      await expect(chat.prose.getByRole("group", { name: "Code" })).toHaveAttribute("tabindex", "0");
      await expect(chat.prose.locator('math[display="block"]')).toHaveAttribute("tabindex", "0");
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    });
    if (round === "streamed") await chat.reload();
  }
});

test("code is copied, wrapped and folded; an answer is copied as it was written", async ({ chat, page, context, watch }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await chat.begin(ANSWER, "echo");
  await chat.ended();
  const figure = chat.prose.locator("figure");
  await expect(figure.locator("header > span")).toHaveText("js");
  await figure.getByRole("button", { name: "Copy" }).click();
  await expect.poll(copied).toBe(`${LONG}\n`);
  const code = figure.locator("pre");
  const size = () => code.evaluate((pre) => ({ height: pre.clientHeight, wide: pre.scrollWidth > pre.clientWidth }));
  const before = await size();
  expect(before.wide).toBe(true);
  await figure.getByText("Wrap", { exact: true }).click();
  expect((await size()).wide).toBe(false);
  await figure.getByText("Fold", { exact: true }).click();
  expect((await size()).height).toBeLessThan(before.height / 2);
  await chat.answer.hover();
  await chat.answer.getByRole("button", { name: "Copy answer" }).click();
  await expect.poll(async () => (await copied()).trim()).toBe(ANSWER.trim());
  // Without a connection the text that is shown is copied.
  await page.route("**/fn/source", (route) => route.abort());
  watch.allow(/ERR_FAILED/);
  await chat.answer.getByRole("button", { name: "Copy answer" }).click();
  await expect.poll(copied).toContain("It costs $5 and $10.");
  expect(await copied()).not.toContain("# Euler");
});

test("no answer holds a forbidden element, attribute or scheme", async ({ request, server, user }) => {
  test.setTimeout(300_000);
  const program = await Program.signIn(request, server.url, user);
  const single: Case[] = [...ABUSE, ...cases("abuse.json"), ...cases("github.json")];
  const many: Case[] = commonmark();
  // Forty short cases go into one message, so that one case may close what another leaves open.
  const joined = Array.from({ length: Math.ceil(many.length / 40) }, (_, i) =>
    many.slice(i * 40, i * 40 + 40).map((each) => each.markdown).join("\n\n"),
  );
  let conversation = await program.conversation();
  for (const [number, markdown] of [...single.map((each) => each.markdown), ...joined].entries()) {
    if (!markdown.trim()) continue;
    // A conversation has twenty questions at most, because the prompt of the echo grows with each.
    if (number % 20 === 0) conversation = await program.conversation();
    expect(forbidden(await program.echo(conversation, markdown)), markdown).toEqual([]);
  }
});

test("pages of hostile answers ask nobody, run nothing and say nothing", async ({ page, request, server, user, watch }) => {
  test.setTimeout(300_000);
  // The browser may log what it refuses to do, because this test checks only what it does.
  watch.allow(/./);
  const done = watchOver(page, server.url);
  const program = await Program.signIn(request, server.url, user);
  const all = [...ABUSE, ...cases("abuse.json")];
  for (let from = 0; from < all.length; from += 20) {
    const conversation = await program.conversation();
    const some = all.slice(from, from + 20);
    for (const { markdown } of some) await program.echo(conversation, markdown);
    await page.goto(`/c/${conversation}`);
    await expect(page.getByRole("article", { name: "Answer" }).first()).toBeVisible();
    // Some attacks wait for hover or focus.
    for (const link of await page.locator(".prose a, .prose figure").all()) await link.hover({ timeout: 2_000 }).catch(() => {});
    const active = await page.locator(".prose").evaluateAll((all) => {
      const inside = all.flatMap((prose) => [...prose.querySelectorAll("*")]);
      const acts = (element: Element) =>
        /^(script|style|iframe|object|embed|form|link|meta|base|svg)$/i.test(element.localName) ||
        [...element.attributes].some(({ name }) => name.startsWith("on") || name === "style");
      return inside.filter(acts).map((element) => element.outerHTML.slice(0, 100));
    });
    expect(active).toEqual([]);
    // No element has taken a name that scripts use.
    expect(await page.evaluate(() => [document.forms, document.body, window.location, document.cookie].map((each) => Object.prototype.toString.call(each)))).toEqual([
      "[object HTMLCollection]", "[object HTMLBodyElement]", "[object Location]", "[object String]",
    ]);
  }
  expect(done).toEqual([]);
});

test("a hostile answer is as harmless while it streams", async ({ chat, page, server, watch }) => {
  watch.allow(/./);
  const done = watchOver(page, server.url);
  await chat.begin(ABUSE.map((each) => each.markdown).join("\n\n"), "echo");
  await chat.ended();
  expect(done).toEqual([]);
});

test("text of many languages, tags and code in code are what they should be", async ({ chat, page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const nested = `# Read me\n\n${FENCE}python\nx = 1\n${FENCE}\n\nEnd.\n`;
  await chat.begin(
    [
      "**测试。**后文，**단어(word)**는，见https://example.com查看。",
      "H<sub>2</sub>O, x<sup>2</sup>, <kbd>Ctrl</kbd>, $ x^2 $ for $ 5 to $ 10.",
      "\\begin{align}\na &= b \\\\\n&= c\n\\end{align}",
      `${FENCE}markdown\n${nested}${FENCE}`,
      "<details>\n<summary>More</summary>\n\n- hidden **at first**\n\n</details>",
      "<sub onclick=alert(1)>not</sub> a tag, and <kbd>never closed",
    ].join("\n\n"),
    "echo",
  );
  await chat.ended();
  for (const round of ["streamed", "from the store"]) {
    await test.step(round, async () => {
      const prose = chat.prose;
      await expect(prose.locator("strong", { hasText: "测试。" })).toHaveText("测试。");
      await expect(prose.locator("strong", { hasText: "단어" })).toHaveText("단어(word)");
      await expect(prose.getByRole("link")).toHaveAttribute("href", "https://example.com");
      await expect(prose.locator("sub")).toHaveText("2");
      await expect(prose.locator("kbd")).toHaveText("Ctrl");
      await expect(prose.locator("math")).toHaveCount(2);
      await expect(prose.locator("figure")).toHaveCount(1);
      await prose.getByRole("button", { name: "Copy" }).click();
      await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(nested);
      await expect(prose.getByText("hidden at first")).toBeHidden();
      await prose.getByText("More", { exact: true }).click();
      await expect(prose.getByText("hidden at first")).toBeVisible();
      await expect(prose.getByText("<sub onclick=alert(1)>not</sub> a tag, and <kbd>never closed")).toBeVisible();
    });
    if (round === "streamed") await chat.reload();
  }
});

test("a source that is named at the end is linked where the answer refers to it", async ({ chat }) => {
  await chat.begin("So says [1], and [the other][b].\n\nMore of it.\n\n[1]: https://one.example/\n[b]: https://two.example/", "echo");
  await chat.ended();
  for (const round of ["streamed", "from the store"]) {
    await test.step(round, async () => {
      await expect(chat.prose.getByRole("link", { name: "1 one.example" })).toHaveAttribute("href", "https://one.example/");
      await expect(chat.prose.getByRole("link", { name: "the other" })).toHaveAttribute("href", "https://two.example/");
      await expect(chat.prose.locator("> *")).toHaveCount(2);
    });
    if (round === "streamed") await chat.reload();
  }
});

test("20: half-typed markdown does not flash", async ({ chat, page }) => {
  await page.addInitScript(() => {
    const seen: string[] = ((window as any).seen = []);
    new MutationObserver(() => {
      for (const prose of document.querySelectorAll<HTMLElement>("#messages .prose")) {
        const text = prose.cloneNode(true) as HTMLElement;
        for (const part of text.querySelectorAll("code, annotation, header, button")) part.remove();
        seen.push(text.textContent ?? "");
      }
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
  const parts = "Here is **bold text**, *one*, ~~gone~~, `code`, [a link](https://example.com/a_b) and $x^2 + y$, then ";
  await chat.begin(`${parts.repeat(12)}\n\n| a | **b** |\n|---|---|\n| c | [d](https://example.com) |\n`, "echo");
  await chat.ended();
  const seen: string[] = await page.evaluate(() => (window as any).seen);
  expect(seen.length).toBeGreaterThan(0);
  expect(seen.filter((text) => /[*`~[\]|$]/.test(text))).toEqual([]);
});

test("a note looks like the other alerts", async ({ chat }) => {
  await chat.begin("> [!NOTE]\n> One\n\n> [!TIP]\n> Two", "echo");
  await chat.ended();
  const looks = await chat.prose.locator("blockquote").evaluateAll((all) =>
    all.map((alert) => {
      const { fontSize, textAlign } = getComputedStyle(alert);
      return { fontSize, textAlign };
    }),
  );
  expect(looks).toHaveLength(2);
  expect(looks[0]).toEqual(looks[1]);
});

test("a wide formula can be read to its end on a phone", async ({ chat, page }) => {
  await page.setViewportSize({ width: 390, height: 700 });
  const wide = String.raw`\sum_{i=1}^{n} a_i = \int_0^1 f(x)\,dx + \lim_{k\to\infty} g_k(x) + h(x) + z_{20} + z_{21} + z_{22}`;
  await chat.begin(`Then $${wide}$ holds.\n\n- so does $${wide}$\n\n$$${wide}$$`, "echo");
  await chat.ended();
  const formulas = chat.prose.locator("math");
  await expect(formulas).toHaveCount(3);
  for (const formula of await formulas.all()) {
    const { hidden, end, edge } = await formula.evaluate((math) => {
      let scroller: Element = math;
      while (getComputedStyle(scroller).overflowX === "visible") scroller = scroller.parentElement!;
      scroller.scrollLeft = scroller.scrollWidth;
      const last = math.querySelector("semantics > :first-child")!.lastElementChild!;
      return { hidden: scroller.scrollWidth - scroller.clientWidth, end: last.getBoundingClientRect().right, edge: innerWidth };
    });
    expect(hidden).toBeGreaterThan(20);
    expect(end).toBeLessThanOrEqual(edge);
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  expect(await page.locator("#thread").evaluate((thread) => thread.scrollWidth <= thread.clientWidth)).toBe(true);
});
