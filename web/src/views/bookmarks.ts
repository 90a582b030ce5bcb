// The folders in the person's own order; or all that carry a tag, match a filter, or were added
// last.
import { at } from "../base.js";
import { html, nothing } from "lit";
import { query as toQuery } from "../data/api.js";
import { Paged } from "../data/paged.js";
import { Watch } from "../data/resource.js";
import type { Bookmarks, Item, Tags } from "../data/types.js";
import { View } from "../parts/element.js";
import { AddressFilter } from "../parts/filter.js";
import { icon } from "../parts/icons.js";
import type { Range, Section } from "../parts/scroll-list.js";
import "../parts/scroll-list.js";
import { siteLink, siteMenu } from "../parts/site.js";
import { failed, nothingHere, waiting } from "../parts/states.js";
import { clean, titleOf, wordsOf } from "../parts/text.js";
import { ago, count } from "../parts/time.js";
import { S } from "../strings.js";

const TAGS_SHOWN = 24;
const BY_NAME = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

const folderName = (id: string, title: string | null) =>
  id === "places" ? S.viewNames.bookmarks : clean(title ?? "") || S.untitledFolder;

class BookmarksView extends View {
  private filter = new AddressFilter(this, q => "/bookmarks" + toQuery({ q }));
  private items = new Paged<Item>(this, "items", ["bookmarks"]);
  private tags = new Watch<Tags>(this, "/tags");

  private get q() {
    return this.parameters.get("q") ?? "";
  }
  private get tag() {
    return this.parameters.get("tag") ?? "";
  }
  private get sort() {
    return this.parameters.get("sort") === "added" ? "added" : "";
  }
  /**
   * The folder's items by name, folders first: what the server gives in its own order is fetched
   * whole for that.
   */
  private get byName() {
    return !this.flat && this.parameters.get("sort") === "name";
  }
  private get flat() {
    return this.q !== "" || this.tag !== "" || this.sort !== "";
  }

  override willUpdate(changed: Map<string, unknown>) {
    if (changed.has("parameters")) this.filter.follow(this.q);
    this.items.path =
      "/bookmarks" +
      (this.q
        ? toQuery({ q: this.q })
        : this.tag
          ? toQuery({ tag: this.tag })
          : this.sort
            ? "?sort=added"
            : toQuery({ folder: this.argument }));
  }

  private folderRow(item: Item) {
    return html`<div class="row">
      <a class="row-link" href=${at(`/bookmarks/${encodeURIComponent(item.id)}`)}>
        <span class="tile tile-folder" aria-hidden="true">${icon("folder")}</span>
        <span class="row-text"><bdi class="row-title">${folderName(item.id, item.title)}</bdi>
          <span class="row-more">${S.itemCount(item.children ?? 0)}</span></span>
        <span class="go">${icon("chevron")}</span>
      </a>
    </div>`;
  }

  private row(item: Item | undefined) {
    if (!item) return html`<div class="ghost"><i></i><b></b><u></u></div>`;
    if (item.kind === "folder") return this.folderRow(item);
    if (item.kind === "separator") return html`<div class="row separator" role="separator"></div>`;
    const when =
      this.flat && item.added ? html`<span class="when">${ago(item.added)}</span>` : nothing;
    const after = html`<span class="row-meta">
      ${
        item.keyword
          ? html`<span class="chip" title=${S.keyword}>
              ${icon("key")}<bdi>${clean(item.keyword)}</bdi>
            </span>`
          : nothing
      }
      ${item.tags.map(
        t => html`<a class="chip" href=${at("/bookmarks" + toQuery({ tag: t }))}>
          ${icon("tag")}<bdi>${clean(t)}</bdi>
        </a>`,
      )} ${when}
    </span>`;
    return html`<div class="row">
      ${siteLink({ ...item, words: wordsOf(this.q) })}<span class="row-side">${after}</span>
      ${siteMenu(item)}
    </div>`;
  }

  private path() {
    const folder = this.items.extra["folder"] as Bookmarks["folder"];
    if (this.flat || this.argument === "" || !folder) return nothing;
    return html`<nav class="crumbs" aria-label=${S.breadcrumbs}>
      <ol>
        <li><a href=${at("/bookmarks")}>${S.viewNames.bookmarks}</a></li>
        ${folder.path
          .filter(p => p.id !== "places" && p.id !== folder.id)
          .map(
            p => html`<li>
            <a href=${at(`/bookmarks/${encodeURIComponent(p.id)}`)}>
              <bdi>${folderName(p.id, p.title)}</bdi></a></li>`,
          )}
        <li aria-current="page"><bdi>${folderName(folder.id, folder.title)}</bdi></li>
      </ol>
    </nav>`;
  }

  private heading() {
    const folder = this.items.extra["folder"] as Bookmarks["folder"];
    if (this.tag) return html`<h1 class="tagged">${icon("tag")}<bdi>${clean(this.tag)}</bdi></h1>`;
    if (!this.flat && this.argument !== "" && folder)
      return html`<h1><bdi>${folderName(folder.id, folder.title)}</bdi></h1>`;
    return html`<h1>${S.viewNames.bookmarks}</h1>`;
  }

  private tagCloud() {
    const tags = this.tags.value?.tags ?? [];
    if (tags.length === 0 || this.argument !== "" || this.q !== "") return nothing;
    const shown = this.tag
      ? tags
      : [...tags].sort((a, b) => b.count - a.count).slice(0, TAGS_SHOWN);
    return html`<nav class="tags" aria-label=${S.tags}>
      ${shown.map(
        t => html`<a
            class="pill"
            href=${at("/bookmarks" + toQuery({ tag: t.name }))}
            aria-current=${t.name === this.tag ? "page" : nothing}>
            <bdi>${clean(t.name)}</bdi>
            <span class="count">${count(t.count)}</span>
        </a>`,
      )}
    </nav>`;
  }

  private sortedOf: Item[] | null = null;
  private sorted: Item[] = [];

  private rows(): Item[] {
    const rows = this.items.rows;
    if (!this.byName) return rows;
    this.items.need(rows.length);
    if (this.sortedOf !== rows) {
      const name = (i: Item) => (i.kind === "folder" ? folderName(i.id, i.title) : titleOf(i));
      this.sorted = rows
        .filter(i => i.kind !== "separator")
        .sort(
          (a, b) =>
            Number(b.kind === "folder") - Number(a.kind === "folder") ||
            BY_NAME.compare(name(a), name(b)),
        );
      this.sortedOf = rows;
    }
    return this.sorted;
  }

  private list() {
    const items = this.items;
    if (items.error?.status === 404)
      return nothingHere(
        "folder",
        S.folderGone,
        S.folderGoneText,
        html`<a class="button" href=${at("/bookmarks")}>${S.viewNames.bookmarks}</a>`,
      );
    if (items.error && !items.loaded) return failed(items.error, () => items.retry());
    if (!items.loaded || (items.rows.length === 0 && !items.done)) return waiting(8);
    if (items.rows.length === 0) {
      if (this.flat) return nothingHere("search", S.noResults, S.noBookmarksMatch);
      return nothingHere(
        "folder",
        S.emptyFolder,
        this.argument === "" ? S.noBookmarksText : S.emptyFolderText,
      );
    }
    const rows = this.rows();
    const sections: Section[] = [{ key: this.items.path ?? "", count: rows.length }];
    return html`<scroll-list
        .sections=${sections}
        .version=${rows.length}
        .row=${(_: Section, i: number) => this.row(rows[i])}
        .onRange=${(r: Range[]) => r[0] && items.need(r[0].to)}
      ></scroll-list>
      ${items.error ? failed(items.error, () => items.retry()) : nothing}`;
  }

  override render() {
    const here = "/bookmarks" + (this.argument ? "/" + encodeURIComponent(this.argument) : "");
    return html`
      ${this.path()}
      <div class="view-head">
        ${this.heading()} ${this.filter.field(S.filterBookmarks)}
      </div>
      <div class="bar" role="group" aria-label=${S.sortBy}>
        <a
          class="pill"
          href=${at(here)}
          aria-current=${!this.flat && !this.byName ? "true" : nothing}>${S.byFolder}</a>
        <a
          class="pill"
          href=${at(here + "?sort=name")}
          aria-current=${this.byName ? "true" : nothing}>${S.byName}</a>
        <a
          class="pill"
          href=${at("/bookmarks?sort=added")}
          aria-current=${this.sort === "added" ? "true" : nothing}>${S.byAdded}</a>
      </div>
      ${this.tagCloud()} ${this.list()}
    `;
  }
}
customElements.define("view-bookmarks", BookmarksView);
