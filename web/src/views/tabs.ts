// What is open on each device, in its windows and groups.
import { at, own } from "../base.js";
import { html, nothing } from "lit";
import { ApiError } from "../data/api.js";
import { Watch } from "../data/resource.js";
import { hideDevice, type Part, partsOf } from "../data/tabs.js";
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
    this.closed = new Set(
      JSON.parse(sessionStorage.getItem(own("closed-devices")) ?? "[]") as string[],
    );
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
    sessionStorage.setItem(own("closed-devices"), JSON.stringify([...closed]));
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
      before: tab.pinned ? html`<span class="pinned">${S.pinned}</span>` : nothing,
      after: tab.last_used ? html`<span class="when">${ago(tab.last_used)}</span>` : nothing,
    });
  }

  private async hide(device: DeviceTabs) {
    try {
      await hideDevice(device.id, true);
      say(S.deviceHidden(clean(device.name)), 8);
    } catch (e) {
      if (!(e instanceof ApiError) || !e.signedOut)
        say(e instanceof ApiError && e.offline ? S.offlineTitle : (e as Error).message, 8);
    }
  }

  private menu(device: DeviceTabs) {
    return html`<button
      class="quiet icon-button"
      aria-label=${S.moreFor(clean(device.name))}
      aria-haspopup="menu"
      @click=${(e: Event) => {
        const button = e.currentTarget as HTMLElement;
        const run = () => void this.hide(device);
        void import("../parts/menu.js").then(m =>
          m.openMenu(button, [{ label: S.hideDevice, icon: "hide", run }]),
        );
      }}>${icon("more")}</button>`;
  }

  /** `deep`: below the heading of a window. */
  private partOf({ group, tabs }: Part, words: string[], deep: boolean) {
    const rows = html`<ul class="rows lazy">
      ${tabs.map(t => this.row(t, words))}
    </ul>`;
    if (!group) return rows;
    const name = html`<bdi>${clean(group.name) || S.unnamedGroup}</bdi>`;
    return html`<details
      class="tab-group"
      data-color=${group.color ?? nothing}
      ?open=${!group.collapsed || words.length > 0}>
      <summary>
        ${deep ? html`<h4>${name}</h4>` : html`<h3>${name}</h3>`}
        <span class="count">${S.tabGroup(group.color && clean(group.color), tabs.length)}</span>
      </summary>
      ${rows}
    </details>`;
  }

  private windows(device: DeviceTabs, tabs: Tab[], words: string[]) {
    const numbers = [...new Set(device.tabs.map(t => t.window))];
    const several = numbers.length > 1;
    return numbers.map((number, i) => {
      const parts = partsOf(
        tabs.filter(t => t.window === number),
        device.groups,
      );
      return parts.length === 0
        ? nothing
        : html`${several ? html`<h3 class="window">${S.windowNumber(i + 1)}</h3>` : nothing}
          ${parts.map(p => this.partOf(p, words, several))}`;
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
        } ${this.menu(device)}
      </div>
      <div id=${`tabs-${device.id}`} ?hidden=${!open}>
        ${tabs.length === 0 ? html`<p class="hint">${S.noTabsOnDevice}</p>` : nothing}
        ${this.windows(device, active, words)}
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
        html`<a class="link" href=${at("/account#devices")}>${S.howToFill}</a>`,
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
