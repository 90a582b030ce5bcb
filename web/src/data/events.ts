// What the server says by itself (GET /events), while the page is looked at.
import { at } from "../base.js";
import { drawsFromCopy, follow } from "./copy/client.js";
import { expire, resource } from "./resource.js";
import type { Me } from "./types.js";

type SyncState = "started" | "done" | "failed";
export interface SyncEvent {
  state: SyncState;
  detail: string;
}

const AFFECTED: Record<string, string[]> = {
  tabs: ["/tabs", "/devices"],
  devices: ["/tabs", "/devices"],
  bookmarks: ["/bookmarks", "/tags"],
  history: ["/history", "/pages", "/removals"],
};
const OPEN_AGAIN = 10_000; // ms
const SOON = 1500; // ms
const syncListeners = new Set<(event: SyncEvent) => void>();
const changeListeners = new Set<(collections: string[]) => void>();
const me = resource<Me>("/me");
let source: EventSource | null = null;
let wanted = false;
let early = false; // it is open, and /me is read behind that
let settle = () => {}; // the stream is open, or refused
// All that is kept here was read at this generation of the account or at a later one.
let covered: number | undefined;

export function onSync(listener: (event: SyncEvent) => void) {
  syncListeners.add(listener);
  return () => syncListeners.delete(listener);
}
export function onChange(listener: (collections: string[]) => void) {
  changeListeners.add(listener);
  return () => changeListeners.delete(listener);
}

/** What is shown of these collections is drawn anew. */
function draw(collections: Iterable<string>) {
  const names = [...collections];
  if (names.length === 0) return;
  const paths = new Set(["/search"]);
  for (const c of names) for (const p of AFFECTED[c] ?? [""]) paths.add(p);
  expire(...paths);
  changeListeners.forEach(l => l(names));
}

/**
 * They changed, and the account is of this generation (0: a later one). Where a copy is drawn from
 * it goes first.
 */
async function changed(collections: string[], generation = 0) {
  expire("/me", "/removals");
  if (!drawsFromCopy()) draw(collections);
  const more = await follow(generation);
  if (drawsFromCopy() || more.length > 0) draw(new Set([...collections, ...more]));
}

/** This page changed them: it need not wait for the server to say so. */
export const changedHere = (collections: string[]) => changed(collections);

/**
 * Between reading and listening, or while nobody listened, something may have changed: nobody tells
 * of that any more. A copy knows what it was.
 */
async function catchUp() {
  await me.load();
  const generation = me.value?.generation;
  if (me.error || generation === undefined) return;
  const known = generation === covered;
  covered = generation;
  // What was heard of before is perhaps not in it: the network went when it was asked for.
  if (drawsFromCopy()) return draw(await follow(generation));
  if (known) return;
  expire();
  changeListeners.forEach(l => l(Object.keys(AFFECTED)));
}

/**
 * A server that answers something else ends the stream for good: whoever is signed out hears of
 * that, all others try again.
 */
async function openAgain() {
  close();
  await new Promise(r => setTimeout(r, OPEN_AGAIN));
  await me.load();
  if (wanted) open();
}

/**
 * Opens the stream, and waits until it is open, is refused, or takes long: /me, which is to be read
 * behind it, then misses nothing that the stream does not tell.
 */
export async function openFirst() {
  wanted = early = true;
  open();
  await new Promise<void>(done => {
    settle = done;
    if (source) setTimeout(done, SOON);
    else done();
  });
  // Is it open by now, /me need not be read once more.
  early = source?.readyState === EventSource.OPEN;
}

function open() {
  if (source || document.hidden) return;
  source = new EventSource(at("/api/v1/events"));
  // Where the network is slow /me may be what was seen last; this comes from the server.
  source.addEventListener("ready", e => {
    if (drawsFromCopy()) void follow(JSON.parse(e.data).generation).then(draw);
  });
  source.addEventListener("changed", e => {
    const { generation, collections } = JSON.parse(e.data);
    covered = generation;
    void changed(collections ?? [], generation);
  });
  source.addEventListener("sync", e => {
    expire("/me");
    syncListeners.forEach(l => l(JSON.parse(e.data)));
  });
  source.addEventListener("open", () => {
    if (!early) void catchUp();
    settle();
  });
  source.addEventListener("error", () => {
    early = false;
    settle();
    if (source?.readyState === EventSource.CLOSED) void openAgain();
  });
}

function close() {
  source?.close();
  source = null;
}

document.addEventListener("visibilitychange", () => {
  if (!wanted) return;
  if (document.hidden) close();
  else {
    open(); // and reads /me then, which says whether a copy is still right
    if (!drawsFromCopy()) expire();
  }
});
addEventListener("online", () => {
  if (!wanted) return;
  if (drawsFromCopy()) void catchUp();
  else expire();
});

/** `generation`: that of /me, which was read before anything else was. */
export function listen(generation = covered) {
  wanted = true;
  early = false;
  covered = generation;
  open();
  if (generation !== undefined) void follow(generation).then(draw);
}
export function stopListening() {
  wanted = early = false;
  close();
}
