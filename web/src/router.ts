// Addresses of the app. A view is a name and what its address says.

import { at, here, ROOT } from "./base.js";
export type ViewName =
  "home" | "search" | "tabs" | "bookmarks" | "history" | "sites" | "account" | "themes" | "missing";
export interface Place {
  view: ViewName;
  argument: string; // behind /bookmarks/ and /history/
  parameters: URLSearchParams;
}

const WITH_ARGUMENT = new Set(["bookmarks", "history"]);
const VIEWS = new Set(["search", "tabs", "bookmarks", "history", "sites", "account", "themes"]);

function parse(address: URL): Place {
  const parameters = address.searchParams;
  if (!address.pathname.startsWith(at("/"))) return { view: "missing", argument: "", parameters };
  const path = address.pathname.slice(ROOT.length);
  const [, name = "", argument = "", ...rest] = path.split("/");
  if (name === "" || name === "index.html") return { view: "home", argument: "", parameters };
  if (!VIEWS.has(name) || rest.length > 0 || (argument !== "" && !WITH_ARGUMENT.has(name)))
    return { view: "missing", argument: "", parameters };
  return { view: name as ViewName, argument: safeDecode(argument), parameters };
}

function safeDecode(text: string) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const listeners = new Set<() => void>();

export function place(): Place {
  return parse(new URL(location.href));
}
export function onMove(listener: () => void) {
  listeners.add(listener);
}

function moved() {
  listeners.forEach(l => l());
}

/** to: a path of the app, without ROOT. */
export function go(to: string, how: "push" | "replace" = "push") {
  if (to === here()) return;
  if (how === "push") {
    history.replaceState({ ...history.state, scroll: scrollY }, "");
    history.pushState({}, "", at(to));
  } else history.replaceState(history.state, "", at(to));
  moved();
}

addEventListener("popstate", moved);

/** Where the page was scrolled to when it was left; null: it is new. */
export function keptScroll(): number | null {
  return (history.state as { scroll?: number } | null)?.scroll ?? null;
}

// Links of this app move inside it.
document.addEventListener("click", e => {
  if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey)
    return;
  const link = (e.target as Element).closest?.("a");
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin)
    return;
  if (parse(new URL(link.href)).view === "missing") return;
  e.preventDefault();
  go(link.pathname.slice(ROOT.length) + link.search);
});
