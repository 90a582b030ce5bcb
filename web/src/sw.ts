// The service worker: the app opens without a network and shows what was last seen. Signing out
// deletes the caches that begin with "data".
import { ExpirationPlugin } from "workbox-expiration";
import {
  cleanupOutdatedCaches,
  createHandlerBoundToURL,
  precacheAndRoute,
} from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";
import { NetworkFirst } from "workbox-strategies";

declare const self: ServiceWorkerGlobalScope & {
  __WB_MANIFEST: { url: string; revision: string | null }[];
};

const APP = /^\/(?:$|index\.html$|(?:search|tabs|bookmarks|history|sites|account|themes)(?:\/|$))/;
// A list, so that nothing is kept that was not thought about. Keystrokes of a search are not.
const KEPT = /^\/api\/v1\/(?:me|tabs|devices|bookmarks|tags|history|pages|settings|search)(?:\/|$)/;

precacheAndRoute(self.__WB_MANIFEST);
cleanupOutdatedCaches();
registerRoute(new NavigationRoute(createHandlerBoundToURL("/index.html"), { allowlist: [APP] }));
registerRoute(
  ({ url, request }) =>
    url.origin === self.location.origin &&
    request.method === "GET" &&
    KEPT.test(url.pathname) &&
    !url.searchParams.get("q"),
  new NetworkFirst({
    cacheName: "data-1",
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

self.addEventListener("message", e => {
  if ((e.data as { type?: string } | null)?.type === "SKIP_WAITING") void self.skipWaiting();
});
