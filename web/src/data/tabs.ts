// What views do with open tabs and their devices.
import { change } from "./api.js";
import { changedHere } from "./events.js";
import type { OneDevice, Tab, TabGroup } from "./types.js";

/** The services give them as they are in their windows. */
export function lastUsedFirst(tabs: Tab[]): Tab[] {
  return [...tabs].sort((a, b) => (b.last_used ?? 0) - (a.last_used ?? 0));
}

export interface Part {
  group?: TabGroup;
  tabs: Tab[];
}

/** Tabs of a window as its tab bar has them; a group stands where its first tab is. */
export function partsOf(tabs: Tab[], groups: TabGroup[]): Part[] {
  const parts: Part[] = [];
  const begun = new Map<string, Part>();
  for (const tab of tabs) {
    const group = groups.find(g => g.id === tab.group_id);
    const last = parts.at(-1);
    const found = group ? begun.get(group.id) : last?.group ? undefined : last;
    if (found) found.tabs.push(tab);
    else {
      const part = { group, tabs: [tab] };
      parts.push(part);
      if (group) begun.set(group.id, part);
    }
  }
  return parts;
}

/** Only here: nothing is written to the Sync service. */
export async function hideDevice(id: string, hidden: boolean) {
  await change<OneDevice>("PATCH", `/devices/${encodeURIComponent(id)}`, { hidden });
  void changedHere(["devices", "tabs"]);
}
