// The service worker's part: asks GET /changes since the generation of the copy, and puts the
// answers into it. One at a time in this browser, whatever asks for it.
import { at, own } from "../../base.js";
import { applyChanges, countAll, Superseded, type Changes } from "./apply.js";
import { deleteCopy, openCopy, STORES, type CopyDatabase, type CopyState } from "./store.js";

export interface Wish {
  type: "follow";
  account: string;
  /** When the page began, ms. */
  opened: number;
  zone: string;
  /** Of the account, as far as the page has heard; 0: unknown, ask in any case. */
  wanted: number;
  /** Of the copy that the page has drawn; 0: none. */
  drawn: number;
}

/**
 * `followed`: the copy is of this generation, and this has changed since `drawn`. `out`: no copy is
 * kept any more. `full`: no room for one. `offline`, `failed`: it stays what it was.
 */
export interface Followed {
  end: "followed" | "offline" | "failed" | "out" | "full";
  generation: number;
  collections: string[];
}

const API = at("/api/v1");
const ALL = ["bookmarks", "devices", "history", "tabs"];
let giveUp: AbortController | undefined; // of what is under way
let doubted = 0; // when somebody began to sign in last, if there was no copy to write that into

class Ended extends Error {
  constructor(readonly end: Followed["end"]) {
    super(end);
  }
}

async function ask<T>(path: string, signal: AbortSignal, cache: RequestCache): Promise<T | 410> {
  let answer: Response;
  try {
    answer = await fetch(API + path, { credentials: "same-origin", signal, cache });
    if (answer.ok) return (await answer.json()) as T;
  } catch (e) {
    throw signal.aborted ? new Superseded() : new Ended("offline");
  }
  if (answer.status === 410) return 410;
  throw new Ended(answer.status === 401 ? "out" : "failed");
}

/** An empty one. */
async function beginAnew(db: CopyDatabase, account: string, zone: string): Promise<CopyState> {
  const transaction = db.transaction(STORES, "readwrite");
  const found = (await transaction.objectStore("meta").get("state")) as CopyState | undefined;
  const state: CopyState = {
    account,
    confirmed: found?.account === account && found.confirmed,
    doubted: found?.doubted ?? 0,
    generation: 0,
    cursor: null,
    reached: 0,
    zone,
    run: (found?.run ?? 0) + 1,
  };
  await Promise.all(STORES.map(name => transaction.objectStore(name).clear()));
  await transaction.objectStore("meta").put(state, "state");
  await transaction.done;
  return state;
}

/**
 * Whose session is it? Asked once after each sign-in, for a page that was opened behind it: before,
 * the session is still the one that ends.
 */
async function confirm(db: CopyDatabase, state: CopyState, opened: number, signal: AbortSignal) {
  if (state.confirmed) return state;
  const since = Math.max(doubted, state.doubted ?? 0);
  if (opened < since && since <= Date.now()) throw new Ended("failed");
  const me = await ask<{ account: { id: string } }>("/me", signal, "no-cache");
  if (me === 410 || me.account.id !== state.account) throw new Ended("out");
  const transaction = db.transaction("meta", "readwrite");
  const found = (await transaction.store.get("state")) as CopyState | undefined;
  const next = { ...state, confirmed: true };
  if (found?.run === state.run && !signal.aborted) await transaction.store.put(next, "state");
  await transaction.done;
  return next;
}

const stateOf = async (db: CopyDatabase) =>
  (await db.get("meta", "state")) as CopyState | undefined;

async function followNow(wish: Wish, signal: AbortSignal): Promise<Followed> {
  const { account, zone, wanted, drawn } = wish;
  const db = await openCopy(true);
  const found = await stateOf(db);
  let state = found?.account === account ? found : await beginAnew(db, account, zone);
  state = await confirm(db, state, wish.opened ?? 0, signal);
  const collections = new Set<string>(state.generation === drawn ? [] : ALL);
  let asked = false;
  let old = 0; // how often the server no longer knew
  for (;;) {
    if (state.reached > 0 || (state.generation > 0 && state.zone !== zone)) {
      state = await countAll(db, state, zone);
      ALL.forEach(c => collections.add(c));
    }
    const complete = state.generation > 0 && state.cursor === null;
    if (complete && (wanted > 0 ? state.generation >= wanted : asked))
      return { end: "followed", generation: state.generation, collections: [...collections] };
    const cursor = state.cursor === null ? "" : `&cursor=${encodeURIComponent(state.cursor)}`;
    const changes = await ask<Changes>(
      `/changes?since=${state.generation}${cursor}`,
      signal,
      "no-store",
    );
    asked = true;
    if (changes === 410) {
      if (++old > 1) throw new Ended("failed");
      state = await beginAnew(db, account, zone);
      continue;
    }
    state = await applyChanges(db, state, changes, collections);
    if (changes.next === null && state.generation === changes.generation)
      return { end: "followed", generation: state.generation, collections: [...collections] };
  }
}

async function followSafely(wish: Wish): Promise<Followed> {
  giveUp = new AbortController();
  try {
    return await followNow(wish, giveUp.signal);
  } catch (e) {
    const { name } = e as Error;
    const end = e instanceof Ended ? e.end : name === "QuotaExceededError" ? "full" : "failed";
    if (end === "out" || end === "full") await deleteCopy();
    return { end, generation: 0, collections: [] };
  }
}

let running: Promise<unknown> = Promise.resolve();

/** One after the other; those that come late find that all is there. */
export function follow(wish: Wish): Promise<Followed> {
  const mine = running.then(async () => {
    if (!navigator.locks) return followSafely(wish);
    // Of two versions of the service worker too.
    return navigator.locks.request(own("copy"), () => followSafely(wish));
  });
  running = mine;
  return mine;
}

/** Nothing is kept, and what is under way comes too late. */
export async function forget() {
  giveUp?.abort();
  await deleteCopy();
}

/** Somebody signs in: nobody reads the copy until the server has said who. */
export async function doubt() {
  giveUp?.abort();
  doubted = Date.now();
  let db: CopyDatabase;
  try {
    db = await openCopy();
  } catch {
    return; // there is none
  }
  const transaction = db.transaction("meta", "readwrite");
  const state = (await transaction.store.get("state")) as CopyState | undefined;
  if (state) await transaction.store.put({ ...state, confirmed: false, doubted }, "state");
  await transaction.done;
}
