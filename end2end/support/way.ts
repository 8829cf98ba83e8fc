// How a page hears of what happens.
import type { Page } from "@playwright/test";

/** Lets the page follow its conversation with a stream from now on, as where a network lets no WebSocket through. */
export const byStream = (page: Page) => by(page, "stream");

/** Lets the page ask from time to time, as where a network holds streams back, too. */
export const byPolling = (page: Page) => by(page, "poll");

async function by(page: Page, way: string) {
  await page.routeWebSocket(/\/ws$/, (socket) => socket.close({ code: 1011 }));
  await page.addInitScript((way) => localStorage.setItem("inglenook:way", `${way} ${Date.now() + 500_000}`), way);
}
