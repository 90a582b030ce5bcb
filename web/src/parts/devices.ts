// The devices of an account, and those that its person has hidden.
import { html, nothing } from "lit";
import { hideDevice } from "../data/tabs.js";
import type { Devices } from "../data/types.js";
import { S } from "../strings.js";
import { deviceIcon, icon } from "./icons.js";
import { clean } from "./text.js";
import { ago } from "./time.js";

type Device = Devices["devices"][number];

function row(device: Device, side: unknown) {
  return html`<li>
    ${icon(deviceIcon(device.type))}
    <span class="row-text"><bdi class="row-title">${clean(device.name)}</bdi>
      <span class="row-more">${[device.os, device.version]
        .filter(Boolean)
        .map(t => clean(t!))
        .join(" ")}</span></span>
    ${side}
  </li>`;
}

/** `act` runs what a button does, and says what goes wrong. */
export function deviceList(
  devices: Device[],
  busy: boolean,
  act: (what: () => Promise<unknown>) => void,
) {
  const shown = devices.filter(d => !d.hidden);
  const hidden = devices.filter(d => d.hidden);
  return html`${
    shown.length === 0
      ? html`<p>${hidden.length === 0 ? S.fillText : S.allHidden}</p>`
      : html`<ul class="plain-rows">
        ${shown.map(d =>
          row(
            d,
            html`<span class="when">${
              d.last_upload ? S.uploaded(ago(d.last_upload)) : S.never
            }</span>`,
          ),
        )}
      </ul>`
  } ${
    hidden.length === 0
      ? nothing
      : html`<h3 id="hidden-devices">${S.hiddenDevices}</h3>
        <p class="hint">${S.hiddenText}</p>
        <ul class="plain-rows" aria-labelledby="hidden-devices">
          ${hidden.map(d =>
            row(
              d,
              html`<button
                class="quiet text-button"
                ?disabled=${busy}
                aria-label=${S.showDevice(clean(d.name))}
                @click=${() => act(() => hideDevice(d.id, false))}>${S.showAgain}</button>`,
            ),
          )}
        </ul>`
  }`;
}
