// A list that comes in pages: fetched as far as somebody has looked, and again from the start when
// it has changed.
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { ApiError } from "./api.js";
import { onChange } from "./events.js";
import { read } from "./read.js";

const PAGE = 100;
const PAGE_MAX = 500;

export class Paged<Row> implements ReactiveController {
  rows: Row[] = [];
  error?: ApiError;
  loading = false;
  loaded = false; // the first page is here
  done = false;
  extra: Record<string, unknown> = {}; // what else the first page said
  private current: string | null = null;
  private next: string | null = null;
  private round = 0;
  private stop?: () => void;

  /** `name`: the field of the answer with the rows; `collections`: whose changes matter. */
  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly name: string,
    private readonly collections: string[],
  ) {
    host.addController(this);
  }

  hostConnected() {
    this.stop = onChange(changed => {
      if (changed.some(c => this.collections.includes(c))) void this.reload();
    });
  }
  hostDisconnected() {
    this.stop?.();
    this.round++;
  }

  get path() {
    return this.current;
  }
  /** The address without cursor and limit; null: none. Another one starts anew. */
  set path(path: string | null) {
    if (path === this.current) return;
    this.current = path;
    this.rows = [];
    this.loaded = this.done = false;
    this.error = undefined;
    this.next = null;
    this.round++;
    this.loading = false;
    if (path !== null) void this.fetchPage(PAGE, true);
  }

  async reload() {
    if (this.current === null) return;
    this.round++;
    this.loading = false;
    await this.fetchPage(Math.min(PAGE_MAX, Math.max(PAGE, this.rows.length)), true);
  }

  /** Rows up to here are looked at. */
  need(row: number) {
    if (!this.done && !this.loading && !this.error && this.loaded && row >= this.rows.length - 20)
      void this.fetchPage(this.rows.length < PAGE_MAX ? PAGE : PAGE_MAX, false);
  }
  retry() {
    this.error = undefined;
    void this.fetchPage(PAGE, !this.loaded);
  }

  private async fetchPage(limit: number, first: boolean) {
    const round = this.round;
    this.loading = true;
    this.host.requestUpdate();
    const cursor = first ? "" : `&cursor=${encodeURIComponent(this.next ?? "")}`;
    try {
      const {
        [this.name]: rows,
        next,
        ...extra
      } = await read<Record<string, unknown>>(
        `${this.current}${this.current!.includes("?") ? "&" : "?"}limit=${limit}${cursor}`,
      );
      if (round !== this.round) return;
      this.rows = first ? (rows as Row[]) : [...this.rows, ...(rows as Row[])];
      if (first) this.extra = extra;
      this.next = next as string | null;
      this.done = next === null;
      this.loaded = true;
      this.error = undefined;
    } catch (e) {
      if (round !== this.round) return;
      if (e instanceof ApiError && e.code === "copy_gone") return this.reload();
      this.error = e instanceof ApiError ? e : new ApiError(-1, "app", String(e));
    }
    this.loading = false;
    this.host.requestUpdate();
    // Nothing matched in what the server looked through.
    if (!this.error && !this.done && this.rows.length === 0) void this.fetchPage(PAGE, false);
  }
}
