// What the services answer: docs/openapi.yaml, of which `npm run types` makes openapi.d.ts. Here
// are only names for parts of answers.
import type { Days, Me, Results, Settings, Sites, Tabs, Tags, Visits } from "./openapi.js";

export type * from "./openapi.js";
export type Account = Me["account"];
export type AccountState = Account["state"];
export type Day = Days["days"][number];
export type DeviceTabs = Tabs["devices"][number];
export type Mode = Settings["theme"]["mode"];
export type Result = Results["results"][number];
export type Site = Sites["sites"][number];
export type Tag = Tags["tags"][number];
export type Visit = Visits["visits"][number];
