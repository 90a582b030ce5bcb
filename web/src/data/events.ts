// What the server says by itself (GET /events), while the page is looked at.
import { expire } from "./resource.js";

export type SyncState = "started" | "done" | "failed";
export interface SyncEvent {
  state: SyncState;
  detail: string;
}

const AFFECTED: Record<string, string[]> = {
  tabs: ["/tabs", "/devices"],
  clients: ["/tabs", "/devices"],
  bookmarks: ["/bookmarks", "/tags"],
  history: ["/history", "/pages"],
};
const syncListeners = new Set<(event: SyncEvent) => void>();
const changeListeners = new Set<(collections: string[]) => void>();
let source: EventSource | null = null;

export function onSync(listener: (event: SyncEvent) => void) {
  syncListeners.add(listener);
  return () => syncListeners.delete(listener);
}
export function onChange(listener: (collections: string[]) => void) {
  changeListeners.add(listener);
  return () => changeListeners.delete(listener);
}

function changed(collections: string[]) {
  const paths = new Set(["/me", "/search"]);
  for (const c of collections) for (const p of AFFECTED[c] ?? [""]) paths.add(p);
  expire(...paths);
  changeListeners.forEach(l => l(collections));
}

function open() {
  if (source || document.hidden) return;
  source = new EventSource("/api/v1/events");
  source.addEventListener("changed", e => changed(JSON.parse(e.data).collections ?? []));
  source.addEventListener("sync", e => {
    expire("/me");
    syncListeners.forEach(l => l(JSON.parse(e.data)));
  });
  let failed = false;
  source.addEventListener("error", () => (failed = true));
  source.addEventListener("open", () => {
    if (failed) expire(); // it was away: anything may have changed
    failed = false;
  });
}

function close() {
  source?.close();
  source = null;
}

let wanted = false;
document.addEventListener("visibilitychange", () => {
  if (!wanted) return;
  if (document.hidden) close();
  else {
    open();
    expire();
  }
});
addEventListener("online", () => wanted && expire());

export function listen() {
  wanted = true;
  open();
}
export function stopListening() {
  wanted = false;
  close();
}
