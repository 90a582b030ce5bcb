// Empty, loading, failed: what a view shows when it has no rows.
import { html, nothing, type TemplateResult } from "lit";
import type { ApiError } from "../data/api.js";
import { S } from "../strings.js";
import { icon, type IconName } from "./icons.js";

/** Rows that are on their way; the same height as real ones, so that nothing jumps. */
export function waiting(rows = 6): TemplateResult {
  return html`<div class="waiting" role="status" aria-label=${S.loading}>
    ${Array.from({ length: rows }, () => html`<div class="ghost"><i></i><b></b><u></u></div>`)}
  </div>`;
}

export function nothingHere(
  symbol: IconName,
  title: string,
  text: string,
  action: unknown = nothing,
): TemplateResult {
  return html`<div class="empty">${icon(symbol)}<p class="empty-title">${title}</p>
      <p>${text}</p>${action}</div>`;
}

/** In words, with what can be done. */
export function failed(error: ApiError, retry?: () => void): TemplateResult {
  const text = error.offline
    ? S.offlineText
    : error.status === 429
      ? S.slowDown(error.retryAfter)
      : error.status >= 500
        ? S.serverTrouble
        : error.message;
  return html`<div class="empty" role="alert">
    ${icon(error.offline ? "cloud" : "warning")}
    <p class="empty-title">${error.offline ? S.offlineTitle : S.failedTitle}</p>
    <p>${text}</p>
    ${retry ? html`<button class="button" @click=${retry}>${S.tryAgain}</button>` : nothing}
  </div>`;
}

/** The view's rows when there are some, else which of the states it is in. */
export function stateOf<T>(
  watch: { value?: T; error?: ApiError; reload(): void },
  show: (value: T) => unknown,
  rows = 6,
): unknown {
  if (watch.value !== undefined) return show(watch.value);
  if (watch.error && !watch.error.signedOut) return failed(watch.error, () => watch.reload());
  return waiting(rows);
}
