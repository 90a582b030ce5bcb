// Who is signed in here, and how they like it to look.
import { isOwn, own } from "../base.js";
import { ApiError, change, get, onSignedOut } from "./api.js";
import { drawsFromCopy, forgetCopy, hasCopy } from "./copy/client.js";
import { listen, openFirst, stopListening } from "./events.js";
import { expire, forgetResources, Resource, resource } from "./resource.js";
import type { Me, Mode, Settings } from "./types.js";

export const me: Resource<Me> = resource<Me>("/me");
export type Presence = "unknown" | "in" | "out";
let presence: Presence = "unknown";
// Whose rows this page shows: of whom this browser was when it was opened, then of whom /me says.
let whose = localStorage.getItem(own("account"));
const listeners = new Set<() => void>();

export function onPresence(listener: () => void) {
  listeners.add(listener);
}
export function getPresence() {
  return presence;
}

function become(next: Presence) {
  if (presence === next) return;
  presence = next;
  listeners.forEach(l => l());
}

/** Everything that this browser keeps of the person. */
async function emptyCaches() {
  forgetResources();
  localStorage.removeItem(own("account"));
  localStorage.removeItem(own("settings"));
  await forgetCopy();
  if ("caches" in window)
    for (const name of await caches.keys())
      if (name.startsWith("data") && isOwn(name)) await caches.delete(name);
}

onSignedOut(() => {
  stopListening();
  void emptyCaches();
  become("out");
});

/** Another page has signed out, or in as somebody else, perhaps while this one was asleep. */
function lookWhose() {
  const now = localStorage.getItem(own("account"));
  if (whose === null || now === whose) return;
  if (now !== null) return location.reload();
  stopListening();
  forgetResources();
  become("out");
}
addEventListener("storage", e => {
  if (e.key === own("account") || e.key === null) lookWhose();
});
addEventListener("pageshow", e => {
  if (e.persisted) lookWhose();
});

/** At the start: who is it? */
export async function arrive() {
  // With a copy there is something to show meanwhile, and one reading of /me is enough.
  me.after = hasCopy().then(found => (found ? openFirst() : undefined));
  await me.load();
  if (me.error?.signedOut) return become("out");
  if (!me.value) return become(localStorage.getItem(own("account")) ? "in" : "unknown");
  const id = me.value.account.id;
  const before = localStorage.getItem(own("account"));
  if (before !== null && before !== id) {
    const now = me.value;
    await emptyCaches(); // another person's
    me.value = now;
    expire(); // what came before this was said is forgotten as well
  }
  localStorage.setItem(own("account"), (whose = id));
  listen(me.value.generation);
  become("in");
  void loadSettings();
}

/** Here, or ("/sessions") everywhere. */
export async function signOut(path: "/session" | "/sessions" = "/session") {
  stopListening();
  await emptyCaches();
  try {
    await change("DELETE", path);
  } catch (e) {
    if (!(e instanceof ApiError) || !e.signedOut) throw e;
  }
  become("out");
}

export async function forgetMe() {
  stopListening();
  try {
    await change("DELETE", "/me");
  } catch (e) {
    listen();
    throw e;
  }
  await emptyCaches();
  become("out");
}

// --- how it looks ---

export function currentTheme(): Settings["theme"] {
  const { theme = "hearth", mode = "auto" } = document.documentElement.dataset;
  return { name: theme, mode: mode as Mode };
}

function show(theme: Settings["theme"]) {
  const root = document.documentElement;
  root.dataset["theme"] = theme.name;
  root.dataset["mode"] = theme.mode;
  localStorage.setItem(own("theme"), JSON.stringify(theme));
  dispatchEvent(new Event("theme"));
  document
    .querySelector('meta[name="theme-color"]')
    ?.setAttribute("content", getComputedStyle(document.body).backgroundColor);
}

const SETTINGS_GOOD = 3 * 3600 * 1000; // ms: so late at most what was chosen elsewhere is shown

async function loadSettings() {
  const age = Date.now() - Number(localStorage.getItem(own("settings")) ?? 0);
  if (drawsFromCopy() && age >= 0 && age < SETTINGS_GOOD) return;
  try {
    const settings = await get<Settings>("/settings");
    localStorage.setItem(own("settings"), String(Date.now()));
    show(settings.theme);
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone && settings.timezone === "UTC" && zone !== "UTC")
      await change("PATCH", "/settings", { timezone: zone });
  } catch {
    // the theme of last time stays
  }
}

/** Shown at once, kept with the account so that other devices show it too. */
export async function chooseTheme(theme: Partial<Settings["theme"]>) {
  const before = currentTheme();
  show({ ...before, ...theme });
  try {
    await change("PATCH", "/settings", { theme });
  } catch (e) {
    if (!(e instanceof ApiError && e.offline)) show(before);
    throw e;
  }
}
