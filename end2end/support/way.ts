// How a page hears of what happens.
import type { Page } from "@playwright/test";

/** Lets the page follow its conversation with a stream from now on, as where a network lets no WebSocket through. */
export async function byStream(page: Page) {
  await page.routeWebSocket(/\/ws$/, (socket) => socket.close({ code: 1011 }));
  await page.addInitScript(() => localStorage.setItem("inglenook:way", `stream ${Date.now() + 500_000}`));
}
