// Whatever happens in a room, a page that hears of it shows in the end what a page shows that is opened then: with a WebSocket,
// with a stream, and by polling. SEED chooses what happens.
import type { APIRequestContext, Page } from "@playwright/test";
import { expect, test, type Person } from "../support/test.ts";
import { byPolling, byStream } from "../support/way.ts";

const ACTS = 40;

/** Numbers from 0 on, below `most`, the same for the same seed (mulberry32). */
function dice(seed: number) {
  let state = seed;
  return (most: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % most;
  };
}

/** What a reader sees of the messages, and where the elements stand that show it. */
function thread(page: Page) {
  return page.locator("#messages").evaluate((messages) => {
    const lines: string[] = [];
    const walk = (element: Element, depth: number) => {
      const style = getComputedStyle(element);
      if (style.display === "none") return;
      const words = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.textContent!.replace(/\s+/g, " ").trim());
      const text = words.filter(Boolean).join(" ");
      const id = element.classList.contains("message") ? ` #${element.id}` : "";
      lines.push(`${"  ".repeat(depth)}${element.tagName.toLowerCase()}.${[...element.classList].sort().join(".")}${id} ${text}`);
      for (const child of element.children) walk(child, depth + 1);
    };
    for (const message of messages.children) walk(message, 0);
    return lines;
  });
}

class Member {
  constructor(
    readonly page: Page,
    private readonly request: APIRequestContext,
    private readonly url: string,
  ) {}

  async send(method: string, path: string, data?: unknown, statuses = [200, 201, 204]) {
    for (;;) {
      const answer = await this.request.fetch(`${this.url}/api/v1${path}`, { method, data, headers: { origin: this.url } });
      // Nobody may do much at once.
      if (answer.status() === 429) {
        await this.page.waitForTimeout(1000 * Number(answer.headers()["retry-after"]));
        continue;
      }
      expect(statuses, `${method} ${path}: ${await answer.text()}`).toContain(answer.status());
      return answer.status() === 204 ? undefined : answer.json();
    }
  }
}

const seeds = process.env.SEED ? [Number(process.env.SEED)] : [1, 2];

for (const seed of seeds) {
  test(`pages that heard of everything show what new ones show (${seed})`, async ({ page, context, user: _, server, newPerson, watch }) => {
    test.setTimeout(180_000);
    watch.allow(/ERR_INTERNET_DISCONNECTED/);
    const pick = dice(seed);
    const phone = await newPerson();
    await phone.page.setViewportSize({ width: 390, height: 844 });
    await byStream(phone.page);
    const poller = await newPerson();
    await byPolling(poller.page);
    const member = ({ page, context }: Pick<Person, "page" | "context">) => new Member(page, context.request, server.url);
    const members = [member({ page, context }), member(phone), member(poller)];
    const room = await members[0].send("POST", "/rooms", { name: "Kitchen", listed: true, answers: "asked" });
    for (const other of members.slice(1)) await other.send("POST", `/rooms/${room.id}/join`);
    for (const { page } of members) {
      await page.goto(`/c/${room.id}`);
      await expect(page.getByRole("heading", { name: "Kitchen", level: 1 })).toBeVisible();
    }

    const said: { id: string; by: Member }[] = [];
    const acts = {
      async say(by: Member, text: string) {
        const answered = said.length && pick(3) === 0 ? said[pick(said.length)].id : undefined;
        const post = (reply_to?: string) =>
          by.send("POST", `/conversations/${room.id}/messages`, { content: text, reply_to }, [201, 422]);
        let posted = await post(answered);
        // Nobody answers a message that is deleted.
        if (!posted.message) posted = await post();
        said.push({ id: posted.message.id, by });
      },
      // A message that is deleted meanwhile refuses.
      async edit(_: Member, text: string) {
        const { id, by } = said[pick(said.length)];
        await by.send("PATCH", `/messages/${id}`, { content: `*${text}*` }, [200, 404, 409, 422]);
      },
      async erase(_: Member) {
        const { id, by } = said[pick(said.length)];
        await by.send("DELETE", `/messages/${id}`, undefined, [200, 204, 404]);
      },
      async react(by: Member) {
        const emoji = ["👍", "🎉", "❤️"][pick(3)];
        const { id } = said[pick(said.length)];
        await by.send("PUT", `/messages/${id}/reactions`, { emoji, on: pick(3) > 0 }, [200, 204, 404, 409, 422]);
      },
      async pin(_: Member) {
        const { id } = said[pick(said.length)];
        await members[0].send("PUT", `/messages/${id}/pin`, { on: pick(3) > 0 }, [200, 204, 404, 409, 422]);
      },
      async ask(by: Member, text: string) {
        const posted = await by.send("POST", `/conversations/${room.id}/messages`, { content: `${text}, model?`, asks: true });
        said.push({ id: posted.message.id, by });
      },
      // The page misses what happens meanwhile.
      async away(by: Member) {
        await by.page.context().setOffline(true);
        await acts.say(members[0], "said while somebody is away");
        await by.page.context().setOffline(false);
      },
    };
    const often = [acts.say, acts.say, acts.say, acts.edit, acts.edit, acts.erase, acts.react, acts.react, acts.pin, acts.ask, acts.away];
    await acts.say(members[0], "The first");
    for (let act = 0; act < ACTS; act++) await often[pick(often.length)](members[pick(3)], `text ${act}`);
    await acts.say(members[0], "The last");

    for (const [at, { page }] of members.entries()) {
      await expect(page.locator("#messages > .message").last(), `member ${at}`).toContainText("The last", { timeout: 30_000 });
    }
    // The answers are there, and no question waits.
    const pending = async () => {
      const { items } = await members[0].send("GET", `/conversations/${room.id}/queue`);
      const { running } = await members[0].send("GET", `/conversations/${room.id}`);
      return [items.length, running];
    };
    await expect.poll(pending, { timeout: 60_000 }).toEqual([0, false]);
    for (const [at, { page }] of members.entries()) {
      const shown = await thread(page);
      await page.reload();
      const opened = await thread(page);
      expect(shown, `member ${at}, seed ${seed}`).toEqual(opened);
    }
  });
}
