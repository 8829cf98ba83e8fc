// The chat as a person sees it: what is on the page, found by role and label, and what a person does there.
import { expect, type Locator, type Page } from "@playwright/test";

/** The answer of the models that count, such as `tokens-200-20`. */
export const numbered = (count: number) => Array.from({ length: count }, (_, i) => `w${i}`).join(" ");

export class Chat {
  constructor(readonly page: Page) {}

  get box(): Locator {
    return this.page.getByRole("textbox", { name: "Message", exact: true });
  }
  get send(): Locator {
    // Not that of an edit, which is in its message.
    return this.page.getByRole("button", { name: "Send", exact: true }).and(this.page.locator(":not(.message *)"));
  }
  get stop(): Locator {
    return this.page.getByRole("button", { name: "Stop", exact: true });
  }
  get retry(): Locator {
    return this.page.getByRole("button", { name: "Retry" });
  }
  get continue(): Locator {
    return this.page.getByRole("button", { name: "Continue" });
  }
  get lost(): Locator {
    return this.page.getByText("Reconnecting …");
  }
  /** The button that opens the list of models. */
  get model(): Locator {
    return this.page.locator(".picker-button");
  }
  get questions(): Locator {
    return this.page.getByRole("article", { name: "You" });
  }
  get answers(): Locator {
    return this.page.getByRole("article", { name: "Answer" });
  }
  /** The newest answer and its text. */
  get answer(): Locator {
    return this.answers.last();
  }
  get prose(): Locator {
    return this.answer.locator(".prose");
  }
  get title(): Locator {
    return this.page.getByRole("heading", { level: 1 });
  }
  get sidebar(): Locator {
    return this.page.getByRole("navigation", { name: "Conversations" });
  }

  /** Waits until the island listens; for pages with JavaScript. */
  async ready() {
    await expect(this.box).toBeVisible();
    await this.page.waitForFunction(() => (window as any).composerListens);
  }

  async open(path = "/") {
    await this.page.goto(path);
    await this.ready();
  }

  async reload() {
    await this.page.reload();
    await this.ready();
  }

  /** Asks the first question of a conversation, and waits for the page of the conversation. */
  async begin(text: string, model = "story") {
    await this.open();
    await this.choose(model);
    await this.box.fill(text);
    await this.send.click();
    await this.page.waitForURL(/\/c\/\w+/);
    await this.ready();
  }

  /** Chooses a model of the fake provider: in the list, or without a script in the form. */
  async choose(model: string) {
    await expect(this.box).toBeVisible();
    if (!(await this.model.isVisible())) {
      await this.page.getByRole("combobox", { name: "Model" }).selectOption(`openai/${model}`);
      return;
    }
    await this.model.click();
    await this.page.locator(`#sheet [data-model="openai/${model}"]`).click();
    await expect(this.page.locator("#sheet")).toBeHidden();
  }

  /** Asks in the conversation that is open. */
  async ask(text: string, model?: string) {
    if (model) await this.choose(model);
    await this.box.fill(text);
    await this.send.click();
  }

  /** Waits until no answer is being written. */
  async ended() {
    await expect(this.send).toBeVisible({ timeout: 30_000 });
    await expect(this.page.locator('[aria-busy="true"]')).toHaveCount(0);
  }

  /** The arrows between the versions of a message. */
  versions(of: Locator): Locator {
    return of.getByRole("group", { name: "Versions" });
  }
  previous(of: Locator): Locator {
    return of.getByRole("button", { name: "Previous version" });
  }
  next(of: Locator): Locator {
    return of.getByRole("button", { name: "Next version" });
  }

  /** Opens the edit of a question, and gives its field. */
  async edit(question: Locator): Promise<Locator> {
    await question.hover();
    await question.getByTitle("Edit message").click();
    return question.getByRole("textbox", { name: "Your message" });
  }

  /** Deletes a message: a script does so at once, without one a menu asks before. */
  async delete(message: Locator) {
    await message.hover();
    await message.getByTitle("Delete message").click();
    const sure = message.getByRole("button", { name: "Delete message" });
    if (!(await sure.isVisible())) return;
    // Without a script, the page loads itself anew while an answer is written, and the menu is closed then.
    await expect(async () => {
      if (!(await sure.isVisible())) await message.getByTitle("Delete message").click({ timeout: 1_000 });
      await sure.click({ timeout: 1_000 });
    }).toPass();
  }

  /** The text of the newest answer, words separated by single blanks. */
  async text(): Promise<string> {
    return (await this.prose.innerText()).replace(/\s+/g, " ").trim();
  }

  async expectText(text: string) {
    await expect.poll(() => this.text(), { timeout: 30_000 }).toBe(text);
  }

  /** Waits until the newest answer has more than `more` characters, and gives its text. */
  async grown(more: number): Promise<string> {
    await expect.poll(async () => (await this.text()).length, { timeout: 20_000 }).toBeGreaterThan(more);
    return this.text();
  }
}
