// How fresh it all is, honestly; and what stands in the way, with the remedy.
import { at } from "../base.js";
import { html, nothing, type TemplateResult } from "lit";
import type { Account, Devices } from "../data/types.js";
import { S } from "../strings.js";
import { icon } from "./icons.js";
import { clean } from "./text.js";
import { ago, moment } from "./time.js";

/** When it goes on, where that is not as usual. */
function nextSync(account: Account): string {
  const usual =
    account.next_sync === null ||
    account.syncing ||
    !account.next_sync_message ||
    account.next_sync_message.id === "account.next.interval";
  return usual ? "" : S.nextSyncAt(moment(account.next_sync!));
}

/** "Synced 3 minutes ago; Pixel last uploaded yesterday; next sync at 14:05". */
export function statusLine(
  account: Account | undefined,
  devices: Devices | undefined,
): TemplateResult {
  if (!account) return html`<p class="status">&nbsp;</p>`;
  const newest = devices?.devices.find(d => d.last_upload !== null);
  const synced = account.syncing
    ? S.syncing
    : account.last_sync === null
      ? S.notSyncedYet
      : S.syncedAgo(ago(account.last_sync));
  const next = nextSync(account);
  const uploaded = newest ? S.uploadedAgo(clean(newest.name), ago(newest.last_upload!)) : "";
  return html`<p class="status" data-state=${account.state}>
    <span class=${account.syncing ? "pulse on" : "pulse"} aria-hidden="true"></span>
    <span>${synced}${
      uploaded ? html`<span class="status-gap">·</span><bdi>${uploaded}</bdi>` : nothing
    }${next ? html`<span class="status-gap">·</span>${next}` : nothing}</span>
  </p>`;
}

/** A state that needs the person; nothing when all is well. */
export function notice(account: Account | undefined): TemplateResult | typeof nothing {
  if (!account || account.state === "ok") return nothing;
  const words = S.states[account.state];
  const remedy =
    account.state === "signin_needed"
      ? html`<a class="button" href=${at("/auth/signin?next=/")}>${S.signInAgain}</a>`
      : account.state === "waiting"
        ? html`<a class="link" href=${at("/account#devices")}>${S.howToFill}</a>`
        : html`<a class="link" href=${at("/account")}>${S.seeAccount}</a>`;
  return html`<section class="notice" data-state=${account.state} aria-label=${words.title}>
    ${icon(account.state === "waiting" ? "cloud" : "warning")}
    <div>
      <p class="notice-title">${words.title}</p>
      <p>${words.text}</p>
      ${
        account.state_detail
          ? html`<p class="detail"><bdi>${clean(account.state_detail)}</bdi></p>`
          : nothing
      }
      <p>${remedy}</p>
    </div>
  </section>`;
}
