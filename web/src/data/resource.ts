// A resource is one GET address: its last answer, its error, and who draws it. Views watch
// resources; nothing else fetches. What the copy of the account has is drawn from there.
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { ApiError } from "./api.js";
import { read } from "./read.js";

export class Resource<T> {
  value?: T;
  error?: ApiError;
  loading = false;
  stale = true;
  readonly watchers = new Set<() => void>();
  after?: Promise<unknown>; // nothing is asked for before
  private again = false;
  private answers?: Promise<void>;

  constructor(readonly path: string) {}

  private tell() {
    for (const w of this.watchers) w();
  }

  /** Ends when an answer has come that was asked for from now on. */
  load(): Promise<void> {
    if (this.loading) {
      this.again = true;
      return this.answers!;
    }
    this.loading = true;
    return (this.answers = this.ask());
  }

  private async ask(): Promise<void> {
    await this.after;
    for (;;) {
      this.again = this.stale = false;
      try {
        this.value = await read<T>(this.path);
        this.error = undefined;
      } catch (e) {
        this.error = e instanceof ApiError ? e : new ApiError(-1, "app", String(e));
        this.stale = true;
      }
      const more = (this.loading = this.again);
      this.tell();
      if (!more) return;
    }
  }

  /**
   * What is shown is out of date: asked for again now if somebody looks, else when somebody does.
   */
  expire() {
    this.stale = true;
    if (this.watchers.size > 0) void this.load();
  }

  set(value: T) {
    this.value = value;
    this.tell();
  }
}

const KEPT = 80;
const all = new Map<string, Resource<unknown>>();

export function resource<T>(path: string): Resource<T> {
  let found = all.get(path);
  if (found)
    all.delete(path); // to the end: the least used are first
  else found = new Resource<unknown>(path);
  all.set(path, found);
  if (all.size > KEPT) {
    for (const [key, r] of all) {
      if (all.size <= KEPT) break;
      if (r.watchers.size === 0) all.delete(key);
    }
  }
  return found as Resource<T>;
}

/** Expires those whose path starts with one of these; all without arguments. */
export function expire(...prefixes: string[]) {
  for (const r of all.values())
    if (prefixes.length === 0 || prefixes.some(p => r.path.startsWith(p))) r.expire();
}

export function forgetResources() {
  for (const [path, r] of all) {
    r.value = undefined;
    r.stale = true;
    if (r.watchers.size === 0) all.delete(path);
  }
}

/**
 * Draws its element again whenever the resource changes; `path` may change, null watches nothing.
 */
export class Watch<T> implements ReactiveController {
  private current?: Resource<T>;
  private connected = false;
  private readonly draw = () => this.host.requestUpdate();

  constructor(
    private readonly host: ReactiveControllerHost,
    path: string | null = null,
  ) {
    if (path !== null) this.current = resource<T>(path);
    host.addController(this);
  }

  set path(path: string | null) {
    if ((this.current?.path ?? null) === path) return;
    if (this.connected) this.detach();
    this.current = path === null ? undefined : resource<T>(path);
    if (this.connected) this.attach();
  }

  get value() {
    return this.current?.value;
  }
  get error() {
    return this.current?.error;
  }
  get loading() {
    return this.current?.loading ?? false;
  }
  reload() {
    this.current?.expire();
  }

  private attach() {
    this.current?.watchers.add(this.draw);
    if (this.current?.stale) void this.current.load();
  }
  private detach() {
    this.current?.watchers.delete(this.draw);
  }
  hostConnected() {
    this.connected = true;
    this.attach();
  }
  hostDisconnected() {
    this.detach();
    this.connected = false;
  }
}
