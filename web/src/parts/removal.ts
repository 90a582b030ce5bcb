// Asks before anything is removed here, and says what that means and how it is undone.
import { html, nothing, render } from "lit";
import { ApiError } from "../data/api.js";
import { allowAgain, removeHere } from "../data/removals.js";
import type { NewRemoval } from "../data/types.js";
import { S } from "../strings.js";
import { say } from "./say.js";
import { clean } from "./text.js";
import { dayBounds, dayKey, isDayKey } from "./time.js";

/** What goes wrong, in words; signing out is said elsewhere. */
export function sayProblem(e: unknown) {
  if (!(e instanceof ApiError)) say(String(e), 8);
  else if (!e.signedOut) say(e.offline ? S.offlineTitle : e.message, 8);
}

async function undo(id: string) {
  try {
    await allowAgain(id);
    say(S.allowedAgain, 8);
  } catch (e) {
    sayProblem(e);
  }
}

async function remove(what: NewRemoval) {
  const made = await removeHere(what);
  say(S.removedHere(made.visits), 12, { label: S.undo, run: () => void undo(made.removal.id) });
}

interface Question {
  title: string;
  subject?: string; // a stranger's text
  fields?: unknown; // of the form
  label: string; // of the button that does it
  /** What the form says; null: nothing that can be removed, and the form says why. */
  read: (form: FormData) => NewRemoval | null;
}

/** A dialog: Escape and "Cancel" change nothing. */
function ask(question: Question, back: HTMLElement | null) {
  const { subject } = question;
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "removal-title");
  dialog.setAttribute("aria-describedby", "removal-text");
  const draw = (busy: boolean, problem = "") =>
    render(
      html`<form @submit=${(e: Event) => void submit(e)}>
        <h2 id="removal-title">${question.title}</h2>
        ${subject ? html`<p class="dialog-what"><bdi>${subject}</bdi></p>` : nothing}
        ${question.fields ?? nothing}
        <p id="removal-text" class="hint">${S.removeText}</p>
        <p class="problem" role="alert">${problem}</p>
        <p class="actions">
          <button class="button quiet-button" type="button" ?disabled=${busy} @click=${() =>
            dialog.close()}>${S.cancel}</button>
          <button class="button danger" ?disabled=${busy}>${question.label}</button>
        </p>
      </form>`,
      dialog,
    );
  const submit = async (e: Event) => {
    e.preventDefault();
    const what = question.read(new FormData(e.target as HTMLFormElement));
    if (what === null) return draw(false, S.clearNothing);
    draw(true);
    try {
      await remove(what);
      dialog.close();
    } catch (e) {
      if (e instanceof ApiError && e.signedOut) dialog.close();
      draw(false, e instanceof ApiError && e.offline ? S.offlineTitle : (e as Error).message);
    }
  };
  draw(false);
  dialog.addEventListener("close", () => {
    dialog.remove();
    // The row may be gone with what was removed.
    (back?.isConnected ? back : document.querySelector<HTMLElement>("#main"))?.focus();
  });
  document.querySelector("#main")!.append(dialog);
  dialog.showModal();
}

export function askVisit(
  url: string,
  when: string,
  visit: { page: string; date: number; type: number },
  back: HTMLElement | null,
) {
  const { page, date, type } = visit;
  ask(
    {
      title: S.removeVisitOf(when),
      subject: clean(url),
      label: S.remove,
      read: () => ({ kind: "visit", page, date, type }),
    },
    back,
  );
}

export function askPage(url: string, back: HTMLElement | null) {
  ask(
    {
      title: S.removePageSure,
      subject: clean(url),
      label: S.remove,
      read: () => ({ kind: "page", url }),
    },
    back,
  );
}

export function askSite(host: string, back: HTMLElement | null) {
  ask(
    {
      title: S.removeSiteSure,
      subject: clean(host),
      label: S.remove,
      read: () => ({ kind: "site", host }),
    },
    back,
  );
}

// --- a span of time ---

const HOUR = 3600 * 1000;

function spanOf(form: FormData): NewRemoval | null {
  const now = Date.now();
  const field = (name: string) => String(form.get(name) ?? "");
  const which = field("span");
  let since = 0;
  let until = now;
  if (which === "hour") since = now - HOUR;
  else if (which === "today") [since] = dayBounds(dayKey(now));
  else if (which !== "everything") {
    if (!isDayKey(field("from")) || (which === "range" && !isDayKey(field("to")))) return null;
    [since] = dayBounds(field("from"));
    [, until] = dayBounds(field(which === "range" ? "to" : "from"));
    if (since >= until || since <= 0) return null;
  }
  return { kind: "span", since: since || null, until };
}

/** "Clear history…"; `day`: the one that is looked at. */
export function askSpan(day: string, back: HTMLElement | null) {
  const changed = (e: Event) => {
    const box = (e.currentTarget as HTMLElement).querySelector<HTMLElement>(".dialog-days")!;
    const kind = (e.target as HTMLInputElement).value;
    if ((e.target as HTMLInputElement).name !== "span") return;
    box.hidden = kind !== "day" && kind !== "range";
    box.querySelector<HTMLElement>(".dialog-to")!.hidden = kind !== "range";
  };
  ask(
    {
      title: S.clearTitle,
      fields: html`<fieldset class="dialog-span" @change=${changed}>
        <legend>${S.clearWhich}</legend>
        ${Object.entries(S.clearSpans).map(
          ([value, label], i) =>
            html`<label><input type="radio" name="span" value=${value} ?checked=${i === 0} />
              <span>${label}</span></label>`,
        )}
        <div class="dialog-days" hidden>
          <label>${S.clearFrom}<input type="date" name="from" value=${day} /></label>
          <label class="dialog-to" hidden>${S.clearTo}<input
            type="date" name="to" value=${day} /></label>
        </div>
      </fieldset>`,
      label: S.clearYes,
      read: spanOf,
    },
    back,
  );
}
