// What is open on each device.
import { html, nothing } from "lit";
import { Watch } from "../data/resource.js";
import type { DeviceTabs, Tab, Tabs } from "../data/types.js";
import { View } from "../parts/element.js";
import { filterField } from "../parts/filter.js";
import { deviceIcon, icon } from "../parts/icons.js";
import { say } from "../parts/say.js";
import { siteRow } from "../parts/site.js";
import { nothingHere, stateOf } from "../parts/states.js";
import { clean, emphasize, isLink, readable, wordsOf } from "../parts/text.js";
import { ago } from "../parts/time.js";
import { S } from "../strings.js";

const MANY = 10;

function matches(tab: Tab, words: string[]) {
  return words.every(w =>
    [tab.title, readable(tab.url)].some(t => emphasize(t, [w]).some(p => p.hit)),
  );
}

class TabsView extends View {
  static override properties = {
    ...View.properties,
    filter: { state: true },
    closed: { state: true },
  };
  declare filter: string;
  declare closed: Set<string>;
  private tabs = new Watch<Tabs>(this, "/tabs");

  constructor() {
    super();
    this.filter = "";
    this.closed = new Set(JSON.parse(sessionStorage.getItem("closed-devices") ?? "[]") as string[]);
  }

  override updated() {
    const wanted = this.parameters.get("device");
    const section = wanted && this.tabs.value ? document.getElementById(`device-${wanted}`) : null;
    if (section && !section.dataset["shown"]) {
      section.dataset["shown"] = "yes";
      section.scrollIntoView({ block: "start" });
    }
  }

  private toggle(id: string) {
    const closed = new Set(this.closed);
    if (!closed.delete(id)) closed.add(id);
    this.closed = closed;
    sessionStorage.setItem("closed-devices", JSON.stringify([...closed]));
  }

  private openAll(tabs: Tab[]) {
    const links = tabs.filter(t => isLink(t.url));
    if (links.length > MANY && !confirm(S.openMany(links.length))) return;
    const opened = links.filter(
      t => window.open(t.url, "_blank", "noopener,noreferrer") !== undefined,
    );
    say(S.opened(opened.length));
  }

  private row(tab: Tab, words: string[]) {
    return siteRow({
      ...tab,
      words,
      after: tab.last_used ? html`<span class="when">${ago(tab.last_used)}</span>` : nothing,
    });
  }

  private device(device: DeviceTabs, words: string[]) {
    const tabs = device.tabs.filter(t => matches(t, words));
    if (tabs.length === 0 && words.length > 0) return nothing;
    const active = tabs.filter(t => !t.inactive);
    const inactive = tabs.filter(t => t.inactive);
    const open = words.length > 0 || !this.closed.has(device.id);
    return html`<section class="device" id=${`device-${device.id}`}>
      <div class="device-head">
        <h2>
          <button
            class="quiet fold"
            aria-expanded=${open}
            aria-controls=${`tabs-${device.id}`}
            @click=${() => this.toggle(device.id)}>
            ${icon(deviceIcon(device.type))}<bdi>${clean(device.name)}</bdi>
            <span class="count">${S.tabCount(tabs.length)}</span>${icon("chevron")}
          </button>
        </h2>
        <span class="when">${
          device.last_upload ? S.uploaded(ago(device.last_upload)) : nothing
        }</span>
        ${
          active.length > 1
            ? html`<button
            class="quiet text-button"
            @click=${() => this.openAll(active)}>${S.openAll}</button>`
            : nothing
        }
      </div>
      <div id=${`tabs-${device.id}`} ?hidden=${!open}>
        ${tabs.length === 0 ? html`<p class="hint">${S.noTabsOnDevice}</p>` : nothing}
        <ul class="rows lazy">
          ${active.map(t => this.row(t, words))}
        </ul>
        ${
          inactive.length > 0
            ? html`<details ?open=${words.length > 0}>
              <summary>${S.inactiveTabs(inactive.length)}</summary>
              <ul class="rows lazy">
                ${inactive.map(t => this.row(t, words))}
              </ul>
            </details>`
            : nothing
        }
      </div>
    </section>`;
  }

  private list(tabs: Tabs) {
    if (tabs.devices.length === 0)
      return nothingHere(
        "tabs",
        S.noDevices,
        S.noDevicesText,
        html`<a class="link" href="/account#devices">${S.howToFill}</a>`,
      );
    const words = wordsOf(this.filter);
    const devices = tabs.devices.map(d => this.device(d, words)).filter(d => d !== nothing);
    return devices.length === 0 ? nothingHere("search", S.noResults, S.noTabsMatch) : devices;
  }

  override render() {
    return html`
      <div class="view-head">
        <h1>${S.viewNames.tabs}</h1>
        ${filterField(S.filterTabs, this.filter, text => (this.filter = text))}
      </div>
      ${stateOf(this.tabs, t => this.list(t), 8)}
    `;
  }
}
customElements.define("view-tabs", TabsView);
