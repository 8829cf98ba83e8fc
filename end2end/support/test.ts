// What every test gets: a pair of servers for each worker, a user of its own, and a watch that fails the test when a browser
// complains about anything.
import { test as base, expect, type Browser, type BrowserContext, type Page } from "@playwright/test";

import { ROOT } from "./admin.ts";
import { Chat } from "./chat.ts";
import { Secrets } from "./secrets.ts";
import { Inglenook, Upstream } from "./servers.mjs";

export interface User {
  name: string;
  email: string;
  password: string;
}

/** A person with a browser of their own. */
export interface Person {
  user: User;
  context: BrowserContext;
  page: Page;
  chat: Chat;
}

export interface Watch {
  /** Permits a complaint that the test provokes, such as the status of a refused request. */
  allow(pattern: RegExp): void;
  /** Watches every page of another context, too. */
  context(context: BrowserContext): Promise<void>;
}

interface Fixtures {
  watch: Watch;
  /** Signs `page` in as a new user. */
  user: User;
  chat: Chat;
  /** Opens another browser, signed in as a new user. */
  newPerson: () => Promise<Person>;
}

interface WorkerFixtures {
  /** Environment variables to add for the server; a spec that sets some gets a server of its own. */
  serverEnv: Record<string, string>;
  upstream: Upstream;
  server: Inglenook;
  /** What the server's log must not hold. */
  secrets: Secrets;
}

let people = 0;

export async function register(context: BrowserContext, url: string): Promise<User> {
  const number = `${process.pid}-${Date.now()}-${++people}`;
  const user = { name: `Ada ${people}`, email: `ada-${number}@example.org`, password: `open sesame ${number}` };
  const answer = await context.request.post(`${url}/fn/register`, {
    form: { ...user },
    headers: { accept: "text/html" },
    maxRedirects: 0,
  });
  expect(answer.status(), await answer.text()).toBe(302);
  return user;
}

// Runs in every page before its own scripts. It notes when the island listens, and writes what the content security policy
// refused to the console, because browsers do not always do so.
function beforeScripts() {
  const add = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (this: EventTarget, ...rest: Parameters<typeof add>) {
    if (rest[0] === "submit") (window as any).composerListens = true;
    return add.apply(this, rest);
  } as typeof add;
  document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
  );
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  serverEnv: [{}, { scope: "worker", option: true }],

  upstream: [
    async ({}, use) => {
      const upstream = await Upstream.start();
      await use(upstream);
      await upstream.stop();
    },
    { scope: "worker" },
  ],

  secrets: [async ({}, use) => use(new Secrets()), { scope: "worker" }],

  server: [
    async ({ upstream, serverEnv, secrets }, use) => {
      const server = await Inglenook.start(upstream, serverEnv);
      try {
        // The first account is the administrator's, so that the users of the tests are members.
        const body = new URLSearchParams(ROOT);
        await fetch(`${server.url}/fn/register`, { method: "POST", body, headers: { accept: "text/html" }, redirect: "manual" });
        secrets.add(ROOT.password);
        await use(server);
      } finally {
        await server.stop();
      }
      secrets.expectNoneIn(server.log);
    },
    { scope: "worker" },
  ],

  baseURL: async ({ server }, use) => use(server.url),

  watch: [
    async ({ context, upstream, server, secrets }, use, info) => {
      await upstream.forget();
      const seen: string[] = [];
      const allowed: RegExp[] = [];
      const from = server.log.length;
      const watch: Watch = {
        allow: (pattern) => allowed.push(pattern),
        async context(context) {
          secrets.watch(context);
          context.on("console", (message) => {
            const { url } = message.location();
            if (message.type() === "error") seen.push(`${message.text()} (${url})`);
            if (message.type() === "warning" && /hydrat|island|leptos/i.test(message.text())) seen.push(message.text());
          });
          context.on("weberror", (error) => seen.push(`uncaught: ${error.error().stack ?? error.error()}`));
          await context.addInitScript(beforeScripts);
        },
      };
      await watch.context(context);
      await use(watch);
      await secrets.cookies(context);
      if (info.status !== info.expectedStatus) {
        await info.attach("server.log", { body: server.log.slice(from), contentType: "text/plain" });
      }
      const unexpected = seen.filter((line) => !allowed.some((pattern) => pattern.test(line)));
      expect(unexpected, "what the browser complained about").toEqual([]);
    },
    { auto: true },
  ],

  user: async ({ context, server, watch, secrets }, use) => {
    void watch;
    const user = await register(context, server.url);
    secrets.add(user.password);
    await use(user);
  },

  chat: async ({ page, user }, use) => {
    void user;
    await use(new Chat(page));
  },

  newPerson: async ({ browser, server, watch, secrets }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async () => {
      const context = await browser.newContext({ baseURL: server.url, locale: "en-GB" });
      contexts.push(context);
      await watch.context(context);
      const user = await register(context, server.url);
      secrets.add(user.password);
      const page = await context.newPage();
      return { user, context, page, chat: new Chat(page) };
    });
    for (const context of contexts) await context.close();
  },
});

/** A browser in which the administrator is signed in. */
export async function administrator(browser: Browser, url: string, watch: Watch): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL: url });
  await watch.context(context);
  const answer = await context.request.post(`${url}/fn/login`, {
    form: { email: ROOT.email, password: ROOT.password },
    headers: { accept: "text/html" },
    maxRedirects: 0,
  });
  expect(answer.status()).toBe(302);
  return context;
}

export { expect };
