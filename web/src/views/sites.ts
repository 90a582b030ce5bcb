// History by site: where one goes most.
import { at } from "../base.js";
import { html, nothing } from "lit";
import { query as toQuery } from "../data/api.js";
import { Paged } from "../data/paged.js";
import type { Site } from "../data/types.js";
import { View } from "../parts/element.js";
import { AddressFilter } from "../parts/filter.js";
import { icon } from "../parts/icons.js";
import type { Range, Section } from "../parts/scroll-list.js";
import "../parts/scroll-list.js";
import { siteMenu, tile } from "../parts/site.js";
import { failed, nothingHere, waiting } from "../parts/states.js";
import { clean } from "../parts/text.js";
import { ago } from "../parts/time.js";
import { S } from "../strings.js";

class SitesView extends View {
  private filter = new AddressFilter(this, q => "/sites" + toQuery({ q }));
  private sites = new Paged<Site>(this, "sites", ["history"]);

  override willUpdate(changed: Map<string, unknown>) {
    const q = this.parameters.get("q") ?? "";
    if (changed.has("parameters")) this.filter.follow(q);
    this.sites.path = "/history/sites" + toQuery({ q });
  }

  private row(site: Site | undefined) {
    if (!site) return html`<div class="ghost"><i></i><b></b><u></u></div>`;
    return html`<div class="row">
      <a class="row-link" href=${at("/history?host=" + encodeURIComponent(site.host))}>
        ${tile("https://" + site.host)}
        <span class="row-text">
          <bdi class="row-title">${clean(site.host)}</bdi>
          <span class="row-more"><span>${S.visitCount(site.visits)}</span>
            <span class="when">${site.last_visit ? ago(site.last_visit) : nothing}</span></span>
        </span>
        <span class="count">${S.pageCount(site.pages)}</span>
      </a>
      ${siteMenu({ url: null, title: site.host, site: site.host })}
    </div>`;
  }

  private list() {
    const s = this.sites;
    if (s.error && !s.loaded) return failed(s.error, () => s.retry());
    if (!s.loaded) return waiting(8);
    if (s.rows.length === 0)
      return this.filter.text
        ? nothingHere("search", S.noResults, S.noSitesMatch)
        : nothingHere("history", S.noHistory, S.noHistoryText);
    const sections: Section[] = [{ key: "all", count: s.rows.length }];
    return html`<scroll-list
      .sections=${sections}
      .version=${s.rows.length}
      .row=${(_: Section, i: number) => this.row(s.rows[i])}
      .onRange=${(r: Range[]) => r[0] && s.need(r[0].to)}
    ></scroll-list>`;
  }

  override render() {
    return html`
      <div class="view-head">
        <h1>${S.viewNames.sites}</h1>
        ${this.filter.field(S.filterSites)}
      </div>
      <div class="bar"><a class="link" href=${at("/history")}>${icon("history")}${S.byDay}</a></div>
      ${this.list()}
    `;
  }
}
customElements.define("view-sites", SitesView);
