// What the services answer: docs/openapi.yaml. Times are milliseconds since 1970, UTC; ids are text.

export type AccountState = "ok" | "waiting" | "signin_needed" | "paused" | "error";

/** What a person is told: docs/messages.md. Decide by the id, never by English. */
export interface Message {
  id: string;
  parameters: Record<string, string | number>;
}

export interface Account {
  id: string;
  email: string;
  name: string | null;
  state: AccountState;
  state_detail: string | null;
  /** The same by id; null: nothing is said, or words without an id. */
  message?: Message | null;
  node: string;
  created: number;
  last_sync: number | null;
  last_attempt: number | null;
  next_sync: number | null;
  syncing: boolean;
  counts: { devices: number; tabs: number; bookmarks: number; folders: number; pages: number; visits: number };
}
export interface Me {
  account: Account;
  generation: number;
}

export type DeviceType = "desktop" | "mobile" | "tablet" | "tv" | "vr" | "unknown";
export interface Device {
  id: string;
  name: string;
  type: DeviceType;
  os: string | null;
  version: string | null;
  last_upload: number | null;
}
export interface Tab {
  title: string;
  url: string;
  icon: string | null;
  last_used: number | null;
  inactive: boolean;
}
export interface DeviceTabs extends Device {
  tabs: Tab[];
}
export interface Devices {
  devices: (Device & { tabs: number })[];
}
export interface Tabs {
  devices: DeviceTabs[];
}

export type ItemKind = "bookmark" | "folder" | "separator" | "query" | "livemark";
export interface Item {
  id: string;
  kind: ItemKind;
  title: string | null;
  url: string | null;
  parent: string | null;
  position: number | null;
  tags: string[];
  keyword: string | null;
  added: number | null;
  modified: number | null;
  children: number | null;
  last_visit: number | null;
  visit_count: number | null;
}
export interface Folder {
  folder?: { id: string; title: string | null; path: { id: string; title: string | null }[] };
  items: Item[];
  next: string | null;
}
export interface Tags {
  tags: { name: string; count: number }[];
}

export interface Visit {
  url: string;
  title: string | null;
  date: number;
  type: number;
  page: string;
  bookmarked: boolean;
}
export interface Visits {
  visits: Visit[];
  next: string | null;
}
export interface Day {
  day: string;
  visits: number;
  pages: number;
}
export interface Days {
  days: Day[];
}
export interface Site {
  host: string;
  pages: number;
  visits: number;
  last_visit: number | null;
}
export interface Sites {
  sites: Site[];
  next: string | null;
}

export type ResultKind = "tab" | "bookmark" | "history";
export interface Result {
  kind: ResultKind;
  url: string;
  title: string | null;
  frecency: number;
  last_visit: number | null;
  tags: string[];
  bookmark: string | null;
  page: string | null;
  devices: { id: string; name: string; last_used: number | null }[];
}
export interface Results {
  results: Result[];
}

export type Mode = "auto" | "light" | "dark";
export interface Settings {
  theme: { mode: Mode; name: string };
  timezone: string;
}
export interface Session {
  id: string;
  name: string;
  created: number;
  last_used: number | null;
  current: boolean;
}
export interface Sessions {
  sessions: Session[];
}
export interface Token {
  id: string;
  name: string;
  scope: "full" | "read";
  created: number;
  last_used: number | null;
  expires: number | null;
  secret?: string;
}
export interface Tokens {
  tokens: Token[];
}
export interface SignInLink {
  link: { url: string; code: string; expires: number; qr: string };
}
