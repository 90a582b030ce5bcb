// A page of the web as a row: tile, title, address, and what is known of it.
import { html, nothing, type TemplateResult } from "lit";
import { styled } from "./styled.js";
import { S } from "../strings.js";
import { icon } from "./icons.js";
import type { MenuRow } from "./menu.js";
import { clean, emphasize, host, isLink, readable, titleOf } from "./text.js";

function hash(text: string): number {
  let h = 2166136261;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  return h >>> 0;
}

/**
 * Stands for a site's picture, which would be a request to a stranger: its letter on a colour of
 * its own.
 */
export function tile(url: string): TemplateResult {
  const name = host(url).replace(/^(www|m|mobile|en|de|old)\./, "");
  const letter = [...name.matchAll(/[\p{L}\p{N}]/gu)][0]?.[0]?.toUpperCase() ?? "·";
  return html`<span
      class="tile"
      aria-hidden="true" ${styled({ "--site": String(hash(name) % 360) })}>${letter}</span>`;
}

function marked(text: string, words: string[]) {
  return emphasize(text, words).map(p => (p.hit ? html`<mark>${p.text}</mark>` : p.text));
}

export interface Row {
  url: string | null;
  title: string | null;
  words?: string[]; // to be emphasised
  before?: unknown; // at the start of the second line
  after?: unknown; // at its end
  side?: unknown; // at the end of the row
}

/** What every row of a site says; the caller puts the link or the option around it. */
export function siteText(row: Row): TemplateResult {
  const url = row.url ?? "";
  const words = row.words ?? [];
  return html`
    ${tile(url)}
    <span class="row-text">
      <bdi class="row-title">${marked(titleOf(row), words)}</bdi>
      <span class="row-more">${row.before ?? nothing} ${
        url ? html`<bdi class="row-url">${marked(readable(url), words)}</bdi>` : nothing
      } ${row.after ?? nothing}</span>
    </span>
  `;
}

/** A link when the address may be followed; else the same as text, with the reason. */
export function siteLink(row: Row, picked?: () => void): TemplateResult {
  const url = row.url ?? "";
  if (!isLink(url))
    return html`<span class="row-link row-plain" title=${S.notALink}>${siteText(row)}</span>`;
  return html`<a
      class="row-link"
      href=${url}
      rel="noreferrer noopener"
      @click=${picked ?? nothing}
      @auxclick=${picked ?? nothing}>${siteText(row)}</a>`;
}

export function siteRow(row: Row, picked?: () => void): TemplateResult {
  return html`<li class="row">${siteLink(row, picked)} ${row.side ?? siteMenu(row)}</li>`;
}

/** What else can be done with a page. One menu exists at a time: see parts/menu.ts. */
export function siteMenu(row: MenuRow): TemplateResult {
  return html`<button
    class="quiet icon-button"
    aria-label=${S.moreFor(clean(titleOf(row)).slice(0, 80))}
    aria-haspopup="menu"
    @click=${(e: Event) => {
      const button = e.currentTarget as HTMLElement;
      void import("./menu.js").then(m => m.openSiteMenu(button, row));
    }}
  >
    ${icon("more")}
  </button>`;
}
