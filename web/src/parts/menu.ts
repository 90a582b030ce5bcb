// Menus; that of a page: copy, share, its visits, others of its site.
import { html, render } from "lit";
import { S } from "../strings.js";
import { icon, type IconName } from "./icons.js";
import { say } from "./say.js";
import { clean, host, isLink } from "./text.js";
import { go } from "../router.js";

export interface Entry {
  label: string;
  icon: IconName;
  run: () => void;
}

let opened: { menu: HTMLElement; button: HTMLElement } | null = null;

function closeMenu(focus = true) {
  if (!opened) return;
  const { menu, button } = opened;
  opened = null;
  button.removeAttribute("aria-expanded");
  menu.remove();
  if (focus) button.focus();
}

function entries(row: { url: string | null; title: string | null }): Entry[] {
  const url = row.url ?? "";
  const list: Entry[] = [];
  if (url)
    list.push({
      label: S.copyAddress,
      icon: "copy",
      run: () =>
        void navigator.clipboard?.writeText(url).then(
          () => say(S.copied),
          () => say(S.copyFailed),
        ),
    });
  if (isLink(url) && "share" in navigator)
    list.push({
      label: S.share,
      icon: "share",
      run: () => void navigator.share({ url, title: clean(row.title ?? "") }).catch(() => {}),
    });
  if (host(url))
    list.push({
      label: S.historyOfSite(host(url)),
      icon: "globe",
      run: () => go("/history?host=" + encodeURIComponent(host(url))),
    });
  return list;
}

export function openSiteMenu(
  button: HTMLElement,
  row: { url: string | null; title: string | null },
) {
  openMenu(button, entries(row));
}

export function openMenu(button: HTMLElement, list: Entry[]) {
  const again = opened?.button === button;
  closeMenu(false);
  if (again) return;
  const menu = document.createElement("div");
  menu.className = "menu";
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", button.getAttribute("aria-label") ?? "");
  render(
    list.map(
      e =>
        html`<button role="menuitem" tabindex="-1" @click=${() => {
          closeMenu();
          e.run();
        }}>${icon(e.icon)}<bdi>${e.label}</bdi></button>`,
    ),
    menu,
  );
  document.querySelector("#main")!.append(menu);
  const at = button.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  const below = at.bottom + size.height + 8 < innerHeight;
  menu.style.top = `${below ? at.bottom + 2 : Math.max(8, at.top - size.height - 2)}px`;
  const rtl = getComputedStyle(button).direction === "rtl";
  const left = rtl ? at.left : at.right - size.width;
  menu.style.left = `${Math.max(8, Math.min(innerWidth - size.width - 8, left))}px`;
  button.setAttribute("aria-expanded", "true");
  opened = { menu, button };
  menu.querySelector("button")?.focus();
  menu.addEventListener("keydown", onKey);
}

function onKey(e: KeyboardEvent) {
  const items = [...(e.currentTarget as HTMLElement).querySelectorAll("button")];
  const at = items.indexOf(document.activeElement as HTMLButtonElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[
    e.key
  ];
  if (to !== undefined) {
    e.preventDefault();
    items[to % items.length]?.focus();
  } else if (e.key === "Escape" || e.key === "Tab") {
    e.preventDefault();
    e.stopPropagation();
    closeMenu();
  }
}

addEventListener(
  "pointerdown",
  e =>
    opened &&
    !opened.menu.contains(e.target as Node) &&
    !opened.button.contains(e.target as Node) &&
    closeMenu(false),
);
addEventListener("scroll", () => closeMenu(false), { passive: true, capture: true });
addEventListener("popstate", () => closeMenu(false));
