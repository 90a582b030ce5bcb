// What a page knows of the copy: whether it may draw from it, and how to ask the service worker to
// bring it up to date.
import { own } from "../../base.js";
import { zone } from "../day.js";
import type { Followed, Wish } from "./follow.js";

// A list, so that nothing is answered from here that was not thought about. What is searched for
// is the server's.
const ANSWERED =
  /^\/(?:tabs|devices|bookmarks(?:\/[^/?]+)?|tags|history(?:\/(?:days|sites))?|pages\/\d+|search)(?:\?|$)/;
const PATIENCE = 20_000; // ms for an answer of the service worker
const PATIENCE_AT_END = 3000;
const FULL_FOR = 7 * 24 * 3600 * 1000; // ms until it is tried again
const possible = "serviceWorker" in navigator && "indexedDB" in globalThis && isSecureContext;

const opened = Date.now();
const READ_AGAIN = 3;

let drawn = 0; // the generation of the copy that this page draws from; 0: none so far
let behind = false; // the copy could not be brought up to date: the server is asked

const account = () => localStorage.getItem(own("account"));
const KEPT = "copy"; // in localStorage: there is one; else its code is not even loaded

/** The answer of a GET, from the copy; undefined: ask the server. */
export async function fromCopy<T>(path: string, again = READ_AGAIN): Promise<T | undefined> {
  const who = account();
  if (!possible || behind || !who || !localStorage.getItem(own(KEPT)) || !ANSWERED.test(path))
    return undefined;
  const { answerOf } = await import("./answers.js");
  const found = await answerOf(who, path);
  if (!found || found.value === undefined) return undefined;
  // It has gone on while this was read; or it is another one by now.
  if (found.generation < drawn && again > 0) return fromCopy(path, again - 1);
  if (drawn === 0 || found.generation < drawn) drawn = found.generation;
  return found.value as T;
}

/** Is there one that this page may draw from? */
export const hasCopy = async () => (await fromCopy("/devices")) !== undefined;

/** Does this page draw from a copy? */
export const drawsFromCopy = () => drawn > 0 && !behind;

/** null: no answer, or not soon. */
function tell(worker: ServiceWorker, message: object, patience: number): Promise<Followed | null> {
  return new Promise(answered => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = e => answered(e.data as Followed);
    worker.postMessage(message, [port2]);
    setTimeout(() => answered(null), patience);
  });
}

/** Room was short lately. */
function isFull(): boolean {
  return Date.now() - Number(localStorage.getItem(own("copy-full")) ?? 0) < FULL_FOR;
}

/**
 * Brings the copy to a generation of the account (0: to the newest one), or begins one. Returns
 * which collections are to be drawn anew.
 */
export async function follow(wanted: number): Promise<string[]> {
  const who = account();
  if (!possible || !who || isFull()) return [];
  if (wanted > 0 && wanted === drawn) return [];
  const wish: Wish = { type: "follow", account: who, opened, zone, wanted, drawn };
  const { active } = await navigator.serviceWorker.ready;
  const answer = await tell(active!, wish, PATIENCE);
  if (who !== account()) return [];
  const before = drawn;
  switch (answer?.end) {
    case "followed":
      behind = false;
      drawn = answer.generation;
      localStorage.setItem(own(KEPT), "yes");
      return before > 0 ? answer.collections : []; // what is shown came from the server
    case "offline":
      return [];
    case "full":
      localStorage.setItem(own("copy-full"), String(Date.now()));
      localStorage.removeItem(own(KEPT));
  }
  drawn = 0;
  behind = before > 0 && answer?.end !== "out" && answer?.end !== "full";
  return before > 0 ? ["bookmarks", "devices", "history", "tabs"] : [];
}

/** Nothing of it stays. */
export async function forgetCopy() {
  drawn = 0;
  behind = false;
  localStorage.removeItem(own("copy-full"));
  localStorage.removeItem(own(KEPT));
  if (!("indexedDB" in globalThis)) return;
  const worker = possible ? (await navigator.serviceWorker.getRegistration())?.active : null;
  // What it is doing would be kept otherwise.
  if (worker) await tell(worker, { type: "forget" }, PATIENCE_AT_END);
  const { deleteCopy } = await import("./store.js");
  await deleteCopy();
}
