// Searching without the server: in what was last seen. The pages asked for here are the ones the
// service worker keeps.
import { get } from "./api.js";
import { lastUsedFirst } from "./tabs.js";
import type { Result, Results, Tabs } from "./types.js";
import { emphasize } from "../parts/text.js";

const TOP = "/search?limit=200";

/** Lets the service worker keep the pages that are looked for most. */
export function keepForOffline() {
  if (navigator.serviceWorker?.controller) void get(TOP).catch(() => {});
}

export async function searchOffline(words: string[]): Promise<Result[]> {
  const [tabs, top] = await Promise.all([
    get<Tabs>("/tabs").catch(() => null),
    get<Results>(TOP).catch(() => null),
  ]);
  const found = new Map<string, Result>();
  for (const device of tabs?.devices ?? [])
    for (const tab of lastUsedFirst(device.tabs))
      if (!found.has(tab.url))
        found.set(tab.url, {
          kind: "tab",
          url: tab.url,
          title: tab.title,
          frecency: 0,
          last_visit: tab.last_used,
          tags: [],
          bookmark: null,
          keyword: null,
          page: null,
          devices: [{ id: device.id, name: device.name, last_used: tab.last_used }],
        });
  for (const result of top?.results ?? []) found.set(result.url, result);
  const matches = (r: Result) =>
    words.every(w =>
      [r.title ?? "", r.url, ...r.tags].some(t => emphasize(t, [w]).some(p => p.hit)),
    );
  return [...found.values()].filter(matches).slice(0, 20);
}
