// The app's own icons: 24 units, drawn with a pen of 1.75.
import { svg, html } from "lit";

const paths = {
  home: svg`<path d="M4 11.2 12 4l8 7.2V19a1 1 0 0 1-1 1h-4.5v-5.5h-5V20H5a1 1 0 0 1-1-1Z"/>`,
  tabs: svg`<path d="M8 4.5h10.5a1.5 1.5 0 0 1 1.5 1.5v9.5"/>
    <rect x="4" y="8" width="12" height="11.5" rx="1.5"/>`,
  bookmarks: svg`<path d="M6.5 4h11a.5.5 0 0 1 .5.5V20l-6-4.2L6 20V4.500a.5.5 0 0 1 .5-.5Z"/>`,
  history: svg`<path d="M4.600 9A8 8 0 1 1 4 12"/>
    <path d="M4.200 4.500V9h4.500M12 7.500V12l3.200 2"/>`,
  account: svg`<circle cx="12" cy="8.500" r="3.700"/>
    <path d="M4.800 20c.8-3.700 3.700-5.600 7.200-5.600s6.400 1.900 7.200 5.600"/>`,
  search: svg`<circle cx="10.800" cy="10.800" r="6.300"/><path d="m15.500 15.500 4.700 4.700"/>`,
  close: svg`<path d="m6 6 12 12M18 6 6 18"/>`,
  folder: svg`<path d="M3.500 7A1.500 1.500 0 0 1 5 5.500h4.300l2 2.300H19
      a1.500 1.500 0 0 1 1.500 1.500v8A1.500 1.500 0 0 1 19 18.800H5
      a1.500 1.500 0 0 1-1.500-1.500Z"/>`,
  chevron: svg`<path d="m9 5.500 6.500 6.500L9 18.500"/>`,
  desktop: svg`<rect x="3.500" y="5" width="17" height="11" rx="1.500"/>
    <path d="M9 20h6M12 16v4"/>`,
  mobile: svg`<rect x="7" y="3" width="10" height="18" rx="2"/><path d="M11 17.800h2"/>`,
  tablet: svg`<rect x="4.500" y="3.500" width="15" height="17" rx="2"/><path d="M11 17.500h2"/>`,
  sync: svg`<path d="M19.500 11a7.600 7.600 0 0 0-13.600-3.600L4 9.500M4.500 13
      a7.600 7.600 0 0 0 13.600 3.600L20 14.500"/>
    <path d="M4 5v4.500h4.500M20 19v-4.500h-4.500"/>`,
  calendar: svg`<rect x="4" y="5.500" width="16" height="14.500" rx="1.500"/>
    <path d="M4 10h16M8.500 3.500v4M15.500 3.500v4"/>`,
  globe: svg`<circle cx="12" cy="12" r="8.200"/>
    <path d="M3.800 12h16.400M12 3.800c5 5 5 11.400 0 16.400M12 3.800c-5 5-5 11.400 0 16.400"/>`,
  tag: svg`<path d="M4 5.500A1.500 1.500 0 0 1 5.500 4h6.300L20 12.200 12.200 20 4 11.800Z"/>
    <circle cx="8.300" cy="8.300" r="1.100"/>`,
  hide: svg`<path d="M3.500 12c2-3.700 5-5.600 8.500-5.600s6.500 1.900 8.500 5.600c-2 3.700-5
      5.600-8.500 5.600S5.500 15.700 3.500 12ZM5 19.500 19 4.500"/>`,
  more: svg`<g fill="currentColor" stroke="none"><circle cx="12" cy="5.500" r="1.600"/>
      <circle cx="12" cy="12" r="1.600"/><circle cx="12" cy="18.500" r="1.600"/></g>`,
  link: svg`<path d="M10 14a4 4 0 0 0 5.700 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10
      a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l1-1"/>`,
  share: svg`<path d="M12 15V4M8 7.500 12 3.800l4 3.700M5.500 12v6.500A1.500 1.500 0 0 0 7 20
      h10a1.500 1.500 0 0 0 1.500-1.500V12"/>`,
  copy: svg`<rect x="8" y="8" width="12" height="12" rx="1.500"/>
    <path d="M16 8V5.500A1.500 1.500 0 0 0 14.500 4h-9A1.500 1.500 0 0 0 4 5.500v9
      A1.500 1.500 0 0 0 5.500 16H8"/>`,
  palette: svg`<path d="M12 3.800a8.200 8.200 0 1 0 0 16.400c1.500 0 2-.9
      1.700-2-.4-1.400.3-2.500 1.800-2.500h1.700
      c1.800 0 3-1.200 3-3.200 0-5-3.800-8.700-8.200-8.700Z"/>
    <circle cx="8" cy="10" r=".9"/>
    <circle cx="12" cy="7.800" r=".9"/>
    <circle cx="16" cy="10" r=".9"/>`,
  warning: svg`<path d="M12 4.500 3.500 19.500h17ZM12 10v4.500M12 17v.3"/>`,
  cloud: svg`<path d="M7 18.500a4 4 0 0 1-.5-8 5.800 5.800 0 0 1 11-.6 4.400 4.400 0 0 1-.5
      8.600Z"/>`,
  plus: svg`<path d="M12 5v14M5 12h14"/>`,
  download: svg`<path d="M12 4v11M8 11.500l4 3.700 4-3.700M5 20h14"/>`,
  key: svg`<circle cx="8" cy="15.500" r="4"/><path d="m11 12.500 8-8M16 7.500l2.700 2.700"/>`,
  open: svg`<path d="M13.500 4.500h6v6M19.500 4.500l-9 9M17 13.500V18
      a1.500 1.500 0 0 1-1.500 1.500H6A1.500 1.500 0 0 1 4.500 18V8.500A1.500 1.500 0 0 1 6 7
      h4.500"/>`,
};
export type IconName = keyof typeof paths;

/** Decoration: what it stands beside says the same in words. */
export function icon(name: IconName) {
  return html`<svg
      class="icon icon-${name}"
      viewBox="0 0 24 24"
      aria-hidden="true"
      focusable="false">${paths[name]}</svg>`;
}

export const deviceIcon = (type: string): IconName =>
  type === "mobile" ? "mobile" : type === "tablet" ? "tablet" : "desktop";
