// How what others write comes to a page: through a WebSocket, where that does not get through as a stream, and else by polling.
import type { Page } from "@playwright/test";

import { expect, test, type Person } from "../support/test.ts";
import { hideable } from "../support/visibility.ts";

const field = (page: Page) => page.getByRole("textbox", { name: "Message" });
const typing = (page: Page) => page.locator("#typing");

async function say(page: Page, text: string) {
  await field(page).fill(text);
  await field(page).press("Enter");
  await expect(field(page)).toHaveValue("");
}

/** A room of `page`'s person, in which the other takes part; both have it open. */
async function room(page: Page, other: Person) {
  await page.goto("/rooms/new");
  await page.getByLabel("Name", { exact: true }).fill("Kitchen");
  await page.getByRole("button", { name: "Make room" }).click();
  await expect(page.getByRole("heading", { name: "Kitchen", level: 1 })).toBeVisible();
  const address = page.url();
  await page.goto(`/rooms/${address.split("/").pop()}/invite`);
  await page.getByRole("button", { name: "Make invitation" }).click();
  const link = await page.locator(".code-link").getAttribute("href");
  await other.page.goto(link!);
  await other.page.getByRole("button", { name: "Join" }).click();
  await expect(other.page).toHaveURL(address);
  await page.goto(address);
  return address;
}

/** Counts what the page opens, from now on. */
function opened(page: Page) {
  const counts = { sockets: 0, streams: 0, polls: 0 };
  page.on("websocket", () => void counts.sockets++);
  page.on("request", (request) => {
    if (!request.url().endsWith("/fn/follow")) return;
    if (request.postData()?.includes("hidden=true")) counts.polls++;
    else counts.streams++;
  });
  return counts;
}

const texts = (page: Page) => page.locator(".said").allInnerTexts();

/** What is said comes once and in this order. */
async function expectSaid(page: Page, expected: string[]) {
  await expect.poll(async () => (await texts(page)).map((text) => expected.find((one) => text.includes(one)))).toEqual(expected);
}

test("two people see each other's messages through one WebSocket", async ({ page, user, newPerson }) => {
  const other = await newPerson();
  const address = await room(page, other);
  // The page has opened what it opens before anything is counted, and nothing comes of the page before it any more.
  await page.goto("/settings");
  const begun = page.waitForEvent("websocket");
  await page.goto(address);
  await begun;
  const counts = opened(page);
  await page.reload();
  for (const [from, text] of [[page, "One"], [other.page, "Two"], [page, "Three"], [other.page, "Four"]] as const) await say(from, text);
  for (const one of [page, other.page]) await expectSaid(one, ["One", "Two", "Three", "Four"]);
  expect(counts, "one socket, no stream and no poll").toEqual({ sockets: 1, streams: 0, polls: 0 });
});

test("who is writing stands above the composer, until the message comes or nothing more is typed", async ({ page, user, newPerson }) => {
  const other = await newPerson();
  await room(page, other);
  await expect(typing(page)).toBeHidden();
  await field(other.page).pressSequentially("Hello");
  await expect(typing(page)).toHaveText(`${other.user.name} is typing`);
  await expect(typing(other.page)).toBeHidden();
  await field(other.page).press("Enter");
  await expectSaid(page, ["Hello"]);
  await expect(typing(page)).toBeHidden();
  await field(other.page).pressSequentially("Never sent");
  await expect(typing(page)).toBeVisible();
  await expect(typing(page)).toBeHidden({ timeout: 9_000 });
});

test("members see who is online", async ({ page, user, newPerson }) => {
  const other = await newPerson();
  const address = await room(page, other);
  const members = `/rooms/${address.split("/").pop()}/members`;
  await expect(async () => {
    await page.goto(members);
    await expect(page.locator(".member-list li", { hasText: other.user.name })).toContainText("Online", { timeout: 500 });
  }).toPass();
  await other.page.goto("/settings");
  await other.page.getByLabel("Show others when I am online").uncheck();
  await other.page.locator("#presence").getByRole("button", { name: "Save" }).click();
  await expect(other.page.getByText("Nobody sees when you are online.")).toBeVisible();
  await page.reload();
  await expect(page.locator(".member-list li", { hasText: other.user.name })).not.toContainText("Online");
});

test("where WebSockets do not get through, a stream brings what was written meanwhile once and in order", async ({ page, user, newPerson, watch }) => {
  watch.allow(/WebSocket/);
  const other = await newPerson();
  const address = await room(page, other);
  await page.goto("/");
  await page.routeWebSocket(/\/ws$/, (socket) => socket.close({ code: 1011 }));
  const counts = opened(page);
  await say(other.page, "While away");
  await page.goto(address);
  await say(other.page, "One");
  await expectSaid(page, ["While away", "One"]);
  await say(page, "Two");
  await say(other.page, "Three");
  for (const one of [page, other.page]) await expectSaid(one, ["While away", "One", "Two", "Three"]);
  expect(counts.streams).toBeGreaterThan(0);
  expect(counts.polls).toBe(0);
  // The way that works is remembered.
  await page.reload();
  await say(other.page, "Four");
  await expectSaid(page, ["While away", "One", "Two", "Three", "Four"]);
  expect(await page.evaluate(() => localStorage.getItem("inglenook:way"))).toMatch(/^stream \d/);
});

test("where streams do not get through either, the page polls", async ({ page, user, newPerson, watch }) => {
  watch.allow(/WebSocket|ERR_FAILED|fn\/follow/);
  const other = await newPerson();
  const address = await room(page, other);
  await page.goto("/");
  await page.routeWebSocket(/\/ws$/, (socket) => socket.close({ code: 1011 }));
  await page.route("**/fn/follow", (route) =>
    route.request().postData()?.includes("hidden=true") ? route.continue() : route.abort(),
  );
  const counts = opened(page);
  await page.goto(address);
  await say(other.page, "One");
  await expectSaid(page, ["One"]);
  await say(page, "Two");
  await say(other.page, "Three");
  await expectSaid(page, ["One", "Two", "Three"]);
  expect(counts.polls).toBeGreaterThan(0);
  await expect(page.locator("#connection-lost")).toBeHidden();
});

test("a room that is hidden goes on hearing what others write", async ({ page, user, newPerson }) => {
  const hide = await hideable(page);
  const other = await newPerson();
  await room(page, other);
  await say(page, "One");
  await hide(true);
  await say(other.page, "Two");
  await expectSaid(page, ["One", "Two"]);
});
