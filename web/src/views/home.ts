// Where one arrives: what was open elsewhere, what is visited most, what was kept lately.
import { at } from "../base.js";
import { html, nothing } from "lit";
import { me } from "../data/person.js";
import { Watch } from "../data/resource.js";
import { lastUsedFirst } from "../data/tabs.js";
import type { Bookmarks, Devices, DeviceTabs, Me, Results, Tabs } from "../data/types.js";
import { View } from "../parts/element.js";
import { deviceIcon, icon } from "../parts/icons.js";
import { siteRow, tile } from "../parts/site.js";
import { stateOf } from "../parts/states.js";
import { notice, statusLine } from "../parts/status.js";
import { clean, host, isLink, titleOf } from "../parts/text.js";
import { ago } from "../parts/time.js";
import { S } from "../strings.js";

const DEVICES = 3;
const TABS = 3;

class HomeView extends View {
  private me = new Watch<Me>(this, "/me");
  private tabs = new Watch<Tabs>(this, "/tabs");
  private devices = new Watch<Devices>(this, "/devices");
  private top = new Watch<Results>(this, "/search?limit=12");
  private added = new Watch<Bookmarks>(this, "/bookmarks?sort=added&limit=6");

  private greeting() {
    const hour = new Date().getHours();
    if (hour < 5) return S.greetings.night;
    if (hour < 12) return S.greetings.morning;
    return hour < 18 ? S.greetings.afternoon : S.greetings.evening;
  }

  private device(device: DeviceTabs) {
    const more = device.tabs.length - TABS;
    return html`<section class="device-card">
      <h3>${icon(deviceIcon(device.type))}<bdi>${clean(device.name)}</bdi></h3>
      <ul class="rows">
        ${lastUsedFirst(device.tabs)
          .slice(0, TABS)
          .map(tab =>
            siteRow({
              ...tab,
              after: tab.last_used
                ? html`<span class="when">${ago(tab.last_used)}</span>`
                : nothing,
            }),
          )}
      </ul>
      ${
        more > 0
          ? html`<a
              class="link more-link"
              href=${at(`/tabs?device=${encodeURIComponent(device.id)}`)}>${S.moreTabs(more)}</a>`
          : nothing
      }
    </section>`;
  }

  private jumpBackIn(tabs: Tabs) {
    const devices = tabs.devices.filter(d => d.tabs.length > 0).slice(0, DEVICES);
    if (devices.length === 0) return html`<p class="hint">${S.noTabsText}</p>`;
    return html`<div class="device-cards">${devices.map(d => this.device(d))}</div>`;
  }

  private topSites(results: Results) {
    const seen = new Set<string>();
    const sites = results.results
      .filter(r => isLink(r.url) && !seen.has(host(r.url)) && seen.add(host(r.url)))
      .slice(0, 8);
    if (sites.length === 0) return html`<p class="hint">${S.noTopText}</p>`;
    return html`<ul class="top-sites">
      ${sites.map(
        r =>
          html`<li>
              <a
                href=${r.url}
                rel="noreferrer noopener"
                title=${titleOf(r)}>${tile(r.url)}<bdi>${host(r.url).replace(/^www\./, "")}</bdi>
              </a>
            </li>`,
      )}
    </ul>`;
  }

  private recent(folder: Bookmarks) {
    if (folder.items.length === 0) return html`<p class="hint">${S.noBookmarksText}</p>`;
    return html`<ul class="rows columns">
      ${folder.items.map(i =>
        siteRow({
          ...i,
          after: i.added ? html`<span class="when">${ago(i.added)}</span>` : nothing,
        }),
      )}
    </ul>`;
  }

  override render() {
    const account = this.me.value?.account;
    return html`
      <div class="greeting">
        <h1>${this.greeting()}</h1>
        ${statusLine(account, this.devices.value)}
        ${me.error?.offline ? html`<p class="hint">${S.offlineHint}</p>` : nothing}
      </div>
      ${notice(account)}
      <section class="block" aria-labelledby="home-tabs">
        <h2 id="home-tabs">${S.jumpBackIn}</h2>
        ${stateOf(this.tabs, t => this.jumpBackIn(t), 3)}
      </section>
      <section class="block" aria-labelledby="home-top">
        <h2 id="home-top">${S.topSites}</h2>
        ${
          this.top.value
            ? this.topSites(this.top.value)
            : html`<div class="top-sites ghosts"></div>`
        }
      </section>
      <section class="block" aria-labelledby="home-added">
        <h2 id="home-added">${S.recentlyBookmarked}</h2>
        ${stateOf(this.added, f => this.recent(f), 6)}
      </section>
    `;
  }
}
customElements.define("view-home", HomeView);
