// What a person removes here and keeps out: asked for, and taken back.
import { change, query as toQuery } from "./api.js";
import { changedHere } from "./events.js";
import { expire } from "./resource.js";
import type { MadeRemoval, NewRemoval } from "./types.js";

/** Removes it; what is shown follows, also where no event comes. */
export async function removeHere(what: NewRemoval): Promise<MadeRemoval> {
  const made = (await change<MadeRemoval>("POST", "/removals", what))!;
  void changedHere(["history"]);
  return made;
}

/** Not kept out any more: comes back with the next sync. */
export async function allowAgain(id: string) {
  await change("DELETE", `/removals/${encodeURIComponent(id)}`);
  expire("/removals");
}

export const removalsPath = (limit: number) => "/removals" + toQuery({ limit });
