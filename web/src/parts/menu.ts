// Menus; that of a page: copy, share, its visits, others of its site.
import { html, render } from "lit";
import { S } from "../strings.js";
import { icon, type IconName } from "./icons.js";
import { say } from "./say.js";
import { clean, host, isLink } from "./text.js";
import { moment } from "./time.js";
import { go } from "../router.js";

export interface Entry {
  label: string;
  icon: IconName;
  run: () => void;
}

/** A row that has a menu. `date`, `page`, `type`: of a visit; `site`: a host alone. */
export interface MenuRow {
  url: string | null;
  title: string | null;
  date?: number;
  page?: string | null;
  type?: number;
  last_visit?: number | null;
  site?: string;
}

let opened: { menu: HTMLElement; button: HTMLElement; back: HTMLElement } | null = null;

function closeMenu(focus = true) {
  if (!opened) return;
  const { menu, button, back } = opened;
  opened = null;
  button.removeAttribute("aria-expanded");
  menu.remove();
  if (focus) back.focus();
}

function entries(row: MenuRow, back: HTMLElement): Entry[] {
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
  const site = row.site ?? host(url);
  if (site)
    list.push({
      label: S.historyOfSite(site),
      icon: "globe",
      run: () => go("/history?host=" + encodeURIComponent(site)),
    });
  return [...list, ...removals(row, back)];
}

/** What of the row's history can be removed here. */
function removals(row: MenuRow, back: HTMLElement): Entry[] {
  const { url, date, page, type, site } = row;
  const asks = () => import("./removal.js");
  const list: Entry[] = [];
  if (url && date !== undefined && page && type !== undefined)
    list.push({
      label: S.removeVisit,
      icon: "close",
      run: () => void asks().then(m => m.askVisit(url, moment(date), { page, date, type }, back)),
    });
  if (url && (date !== undefined || row.last_visit))
    list.push({
      label: S.removePage,
      icon: "close",
      run: () => void asks().then(m => m.askPage(url, back)),
    });
  const of = site ?? (date !== undefined ? url && hostOf(url) : "");
  if (of)
    list.push({
      label: S.removeSite(of),
      icon: "close",
      run: () => void asks().then(m => m.askSite(of, back)),
    });
  return list;
}

/** The host as the server has it; "": none. */
function hostOf(url: string): string {
  try {
    return new URL(url).hostname;
  } catch {
    return "";
  }
}

/** `back`: what has the focus afterwards, when it is not the button. */
export function openSiteMenu(button: HTMLElement, row: MenuRow, back = button) {
  openMenu(button, entries(row, back), back);
}

export function openMenu(button: HTMLElement, list: Entry[], back = button) {
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
  opened = { menu, button, back };
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
