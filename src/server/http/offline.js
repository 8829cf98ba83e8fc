// The service worker. It keeps one page, which says that the server cannot be reached, and nothing else: no page, no answer
// and no file of a person is ever stored by it.
const STORE = "offline";
const PAGE = "/offline";

const kept = () => caches.match(PAGE, { cacheName: STORE, ignoreVary: true });

async function keep() {
  const answer = await fetch(PAGE, { cache: "no-store" });
  if (answer.ok) await (await caches.open(STORE)).put(PAGE, answer);
}

self.addEventListener("install", (event) => {
  // Where browsers know this, what is no page goes to the network without waking the worker.
  const others = { condition: { not: { requestMode: "navigate" } }, source: "network" };
  const routes = Promise.resolve()
    .then(() => event.addRoutes?.([others]))
    .catch(() => {});
  event.waitUntil(Promise.all([keep(), routes]).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([self.clients.claim(), self.registration.navigationPreload?.enable()]));
});

// A page says in which language it is, and the page that is kept follows.
self.addEventListener("message", (event) => {
  const follow = async () => {
    const language = (await kept())?.headers.get("content-language");
    if (language !== event.data) await keep();
  };
  event.waitUntil(follow().catch(() => {}));
});

// Only pages that are opened, not forms that are sent: a request must reach the server as the browser made it.
self.addEventListener("fetch", (event) => {
  if (event.request.mode !== "navigate" || event.request.method !== "GET") return;
  const answer = async () => {
    try {
      return (await event.preloadResponse) ?? (await fetch(event.request));
    } catch (error) {
      const page = await kept();
      if (page) return page;
      throw error;
    }
  };
  event.respondWith(answer());
});
