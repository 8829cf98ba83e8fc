// After each run of a server its log is searched for the secrets that the tests used with it.
import { expect, type BrowserContext, type Page } from "@playwright/test";

/** What is a secret by its form: tokens of sessions, API keys, and the seeds of second factors. */
const FORMS = [/eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/, /ink_[0-9A-Z]{26}_[\w-]{43}/, /\b[A-Z2-7]{32}\b/];
/** Addresses with a code. */
const WITH_CODE = /\/(?:join|reset|device)\/([\w-]{8,})|[?&]first=([\w-]{8,})/;

export class Secrets {
  readonly #known = new Set<string>();

  add(...secrets: (string | undefined)[]) {
    for (const secret of secrets) if (secret && secret.length >= 8) this.#known.add(secret);
  }

  /** Notes the codes in the addresses that this context opens. */
  watch(context: BrowserContext) {
    context.on("request", (request) => this.address(request.url()));
    context.on("page", (page: Page) => page.on("framenavigated", (frame) => this.address(frame.url())));
  }

  address(url: string) {
    const found = WITH_CODE.exec(url);
    // In groups and without them.
    const code = found?.[1] ?? found?.[2];
    this.add(code, code?.replaceAll("-", ""));
  }

  /** Notes the cookies of this context, as they are now. */
  async cookies(context: BrowserContext) {
    for (const { value } of await context.cookies()) this.add(value);
  }

  expectNoneIn(log: string) {
    const forms = FORMS.map((form) => form.exec(log)?.[0]).filter((found) => found !== undefined);
    const known = [...this.#known].filter((secret) => log.includes(secret));
    expect([...forms, ...known], "secrets in the log of the server").toEqual([]);
    expect(log.length, "a log that says nothing proves nothing").toBeGreaterThan(0);
  }
}
