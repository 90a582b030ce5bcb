// A list as high as all its rows, of which only those in sight exist. Rows have one height,
// headings another, so each row's place is known before the row is. It scrolls with the page.
import { html, type PropertyValues } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { styled } from "./styled.js";
import { Part } from "./element.js";

export interface Section {
  key: string;
  count: number;
}
export interface Range {
  section: number;
  from: number; // first row
  to: number; // behind the last
}

const OVERSCAN = 600; // px above and below that exist too
const MAX_HEIGHT = 15_000_000; // px; browsers give up somewhat above

interface Entry {
  key: string;
  top: number;
  height: number;
  section: number;
  row: number; // -1: the heading
}

export class ScrollList extends Part {
  static override properties = {
    sections: { attribute: false },
    rowHeight: { type: Number },
    headHeight: { type: Number },
    version: { type: Number },
    from: { state: true },
    to: { state: true },
  };
  declare sections: Section[];
  declare rowHeight: number; // rem
  declare headHeight: number; // rem; 0: no headings
  declare version: number; // any change draws the rows anew
  declare from: number; // px of the list that are in sight
  declare to: number;
  row: (section: Section, i: number) => unknown = () => "";
  head: (section: Section) => unknown = () => "";
  onRange: (ranges: Range[]) => void = () => {};
  onTop: (section: Section | undefined) => void = () => {};

  private tops: number[] = [];
  private height = 0;
  private rem = 16;
  private frame = 0;
  private top = -1;
  private readonly onScroll = () => {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.measure());
  };

  constructor() {
    super();
    this.sections = [];
    this.rowHeight = 3.75;
    this.headHeight = 0;
    this.version = 0;
    this.from = 0;
    this.to = 0;
  }

  override connectedCallback() {
    super.connectedCallback();
    addEventListener("scroll", this.onScroll, { passive: true });
    addEventListener("resize", this.onScroll);
    this.onScroll();
  }
  override disconnectedCallback() {
    super.disconnectedCallback();
    removeEventListener("scroll", this.onScroll);
    removeEventListener("resize", this.onScroll);
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  /** Sections that fit; older ones are reached by other ways (a date, a filter). */
  private layout() {
    this.rem = parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
    this.tops = [];
    let at = 0;
    for (const s of this.sections) {
      if (at > MAX_HEIGHT) break;
      this.tops.push(at);
      at += this.headPx + s.count * this.rowPx;
    }
    this.height = Math.min(at, MAX_HEIGHT + 1_000_000);
  }

  private get rowPx() {
    return Math.round(this.rowHeight * this.rem);
  }
  private get headPx() {
    return Math.round(this.headHeight * this.rem);
  }

  private measure() {
    this.frame = 0;
    const top = -this.getBoundingClientRect().top;
    const step = this.rowPx * 4; // not at every pixel
    this.from = Math.floor((top - OVERSCAN) / step) * step;
    this.to = Math.ceil((top + innerHeight + OVERSCAN) / step) * step;
    const section = this.sectionAt(Math.max(0, top));
    if (section !== this.top) {
      this.top = section;
      this.onTop(this.sections[section]);
    }
  }

  /** The section that covers a height of the list. */
  private sectionAt(y: number): number {
    let low = 0;
    let high = this.tops.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tops[middle]! <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private visible(): { entries: Entry[]; ranges: Range[] } {
    const entries: Entry[] = [];
    const ranges: Range[] = [];
    const row = this.rowPx;
    for (
      let s = this.sectionAt(Math.max(0, this.from));
      s < this.tops.length && this.tops[s]! < this.to;
      s++
    ) {
      const { key, count } = this.sections[s]!;
      const top = this.tops[s]!;
      const rows = top + this.headPx;
      if (this.headPx > 0 && rows > this.from)
        entries.push({ key, top, height: this.headPx, section: s, row: -1 });
      const from = Math.max(0, Math.floor((this.from - rows) / row));
      const to = Math.min(count, Math.ceil((this.to - rows) / row));
      if (from >= to) continue;
      ranges.push({ section: s, from, to });
      for (let i = from; i < to; i++)
        entries.push({ key: `${key}:${i}`, top: rows + i * row, height: row, section: s, row: i });
    }
    return { entries, ranges };
  }

  /** Puts a section at the top of the page, below what sticks there. */
  scrollToSection(key: string, smooth = false): boolean {
    this.layout();
    const at = this.sections.findIndex(s => s.key === key);
    if (at < 0 || at >= this.tops.length) return false;
    const sticky =
      document.querySelector<HTMLElement>(".sticky")?.getBoundingClientRect().height ?? 0;
    const list = this.getBoundingClientRect().top + scrollY;
    this.style.height = `${this.height}px`;
    scrollTo({ top: list + this.tops[at]! - sticky + 1, behavior: smooth ? "smooth" : "instant" });
    this.measure();
    return true;
  }

  override willUpdate(changed: PropertyValues) {
    if (changed.has("sections") || changed.has("rowHeight") || changed.has("headHeight")) {
      this.layout();
      this.top = -1;
      this.onScroll();
    }
  }

  override updated() {
    this.style.height = `${this.height}px`;
    this.onRange(this.visible().ranges);
  }

  override render() {
    return repeat(
      this.visible().entries,
      e => e.key,
      e => {
        const section = this.sections[e.section]!;
        const place = styled({ transform: `translateY(${e.top}px)`, height: `${e.height}px` });
        return html`<div class="placed ${e.row < 0 ? "placed-head" : ""}" ${place}>${
          e.row < 0 ? this.head(section) : this.row(section, e.row)
        }</div>`;
      },
    );
  }
}
customElements.define("scroll-list", ScrollList);
