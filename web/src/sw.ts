// The service worker: the app opens without a network, the copy of the account follows the server,
// and what is not in it is shown as it was last seen. Signing out deletes the copy and the caches
// that begin with "data".
import { at, isOwn, own, ROOT } from "./base.js";
import { ExpirationPlugin } from "workbox-expiration";
import { createHandlerBoundToURL, precacheAndRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";
import { NetworkFirst } from "workbox-strategies";
import { doubt, follow, forget, type Wish } from "./data/copy/follow.js";

declare const self: ServiceWorkerGlobalScope & {
  __WB_MANIFEST: { url: string; revision: string | null }[];
};

const below = (what: string) => new RegExp("^" + ROOT.replaceAll(".", "\\.") + what);
const APP = below(
  "/(?:$|index\\.html$|(?:search|tabs|bookmarks|history|sites|account|themes)(?:/|$))",
);
// A list, so that nothing is kept that was not thought about. Keystrokes of a search are not.
const KEPT = below(
  "/api/v1/(?:me|tabs|devices|bookmarks|tags|history|pages|settings|search)(?:/|$)",
);

// (Not cleanupOutdatedCaches(): to a Hearth at / it is old what one at /hearth/ keeps.)
precacheAndRoute(self.__WB_MANIFEST);
registerRoute(
  new NavigationRoute(createHandlerBoundToURL(at("/index.html")), { allowlist: [APP] }),
);
registerRoute(
  ({ url, request }) =>
    url.origin === self.location.origin &&
    request.method === "GET" &&
    KEPT.test(url.pathname) &&
    !url.searchParams.get("q"),
  new NetworkFirst({
    cacheName: own("data-1"),
    networkTimeoutSeconds: 6,
    plugins: [
      { cacheWillUpdate: async ({ response }) => (response.status === 200 ? response : null) },
      new ExpirationPlugin({
        maxEntries: 120,
        maxAgeSeconds: 30 * 24 * 3600,
        purgeOnQuotaError: true,
      }),
    ],
  }),
);

type Message = Wish | { type: "forget" } | { type: "SKIP_WAITING" } | null;

self.addEventListener("message", e => {
  const message = e.data as Message;
  const answer = (what: unknown) => e.ports[0]?.postMessage(what);
  if (message?.type === "SKIP_WAITING") void self.skipWaiting();
  else if (message?.type === "follow") e.waitUntil(follow(message).then(answer));
  else if (message?.type === "forget") e.waitUntil(forget().then(answer));
});

async function forgetSeen() {
  for (const name of await caches.keys())
    if (name.startsWith("data") && isOwn(name)) await caches.delete(name);
}

// Whoever signs in may be somebody else: from the first step on.
self.addEventListener("fetch", e => {
  if (e.request.mode === "navigate" && new URL(e.request.url).pathname.startsWith(at("/auth/")))
    e.waitUntil(Promise.allSettled([doubt(), forgetSeen()]));
});
