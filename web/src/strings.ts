// Every sentence of the app. Numbers and dates come formatted by Intl.
import type { AccountState } from "./data/types.js";

const plural = new Intl.PluralRules("en");
const number = new Intl.NumberFormat(navigator.language);
function n(count: number, one: string, other: string) {
  return `${number.format(count)} ${plural.select(count) === "one" ? one : other}`;
}

const states: Record<Exclude<AccountState, "ok">, { title: string; text: string }> = {
  waiting: {
    title: "Waiting for your first device",
    text:
      "You are signed in, but nothing has been uploaded yet. Sign in to sync in Firefox on a " +
      "computer or phone; what it uploads appears here by itself.",
  },
  signin_needed: {
    title: "Please sign in again",
    text:
      "Your account no longer accepts this server's key: the password may have been changed, " +
      "or the device was removed. Hearth asks once in a while whether that is still so. What is " +
      "already here stays and can be read.",
  },
  paused: {
    title: "Paused",
    text: "This account is not being synced at the moment. What is already here can be read.",
  },
  error: {
    title: "Syncing has trouble",
    text: "The last attempts did not work. Hearth keeps trying; what is already here can be read.",
  },
};

export const S = {
  appName: "Hearth",
  viewNames: {
    home: "Home",
    search: "Search",
    tabs: "Tabs",
    bookmarks: "Bookmarks",
    history: "History",
    sites: "Sites",
    account: "Account",
    themes: "Themes",
    missing: "Not found",
  },
  navigation: "Hearth",
  skip: "Skip to the content",
  loading: "Loading",
  loadingMore: "Loading more…",
  tryAgain: "Try again",
  clear: "Clear",
  cancel: "Cancel",
  copy: "Copy",
  copied: "Copied",
  copyFailed: "This browser did not allow copying",
  done: "Done",
  never: "Never",
  soon: "any moment",
  missingTitle: "There is no such page",
  missingText: "The address may be mistyped.",

  // connection
  offlineTitle: "The server cannot be reached",
  offlineText: "Check the connection. What you have seen before is still here.",
  offlineHint: "Offline: this is what was last seen.",
  failedTitle: "That did not work",
  serverTrouble:
    "The server has trouble at the moment. Nothing is lost; try again in a little while.",
  slowDown: (seconds: number) =>
    seconds > 0
      ? `Too often. Try again in ${n(seconds, "second", "seconds")}.`
      : "Too often. Try again in a little while.",
  updateReady: "A new version of Hearth is ready.",
  updateNow: "Use it now",

  // status
  syncing: "Syncing…",
  notSyncedYet: "Not synced yet",
  syncedAgo: (when: string) => `Synced ${when}`,
  uploadedAgo: (device: string, when: string) => `${device} last uploaded ${when}`,
  uploaded: (when: string) => `uploaded ${when}`,
  states,
  signInAgain: "Sign in again",
  howToFill: "How to fill it",
  seeAccount: "See the account",
  fillText:
    "No device has uploaded anything yet. In Firefox, open Settings, then Sync, and sign in " +
    "with the same account; on a phone it is under Settings, Sync and save data.",

  // home
  greetings: {
    night: "Still up",
    morning: "Good morning",
    afternoon: "Good afternoon",
    evening: "Good evening",
  },
  jumpBackIn: "Jump back in",
  topSites: "Where you go most",
  recentlyBookmarked: "Recently bookmarked",
  moreTabs: (count: number) => n(count, "more tab", "more tabs"),
  noTabsText: "No tabs are open on your other devices.",
  noTopText: "The pages you visit most will stand here.",
  noBookmarksText: "Bookmarks that you add in Firefox appear here.",

  // rows
  notALink: "Shown only: this kind of address cannot be opened from here",
  moreFor: (title: string) => `More for ${title}`,
  copyAddress: "Copy address",
  share: "Share…",
  historyOfSite: (host: string) => `History of ${host}`,

  // search
  searchLabel: "Search tabs, bookmarks and history",
  searchPlaceholder: "Search your web",
  searchIn: "Search in",
  searchKinds: {
    "": "Everything",
    tabs: "Tabs",
    bookmarks: "Bookmarks",
    history: "History",
  } as Record<string, string>,
  kinds: {
    tab: "open tab",
    bookmark: "bookmark",
    history: "visited",
    keyword: "keyword",
  } as Record<string, string>,
  results: "Results",
  resultCount: (count: number) => (count === 0 ? "Nothing found" : n(count, "result", "results")),
  nothingYet: "Nothing here yet",
  searchEmpty: "As soon as a device has uploaded, everything can be found here.",
  noResults: "Nothing found",
  noResultsText: "Try fewer or shorter words; parts of words count.",
  noResultsOffline:
    "Nothing of it in what was last seen. With a connection, everything is searched.",
  searchOffline: "Offline: searching in what was last seen.",

  // tabs
  filterTabs: "Filter tabs",
  windowNumber: (number: number) => `Window ${number}`,
  unnamedGroup: "Unnamed group",
  tabGroup: (color: string | null, count: number) =>
    `${color ? color + " group" : "group"}, ${n(count, "tab", "tabs")}`,
  pinned: "pinned",
  hideDevice: "Hide this device",
  deviceHidden: (name: string) => `${name} is hidden. The account view can show it again.`,
  openAll: "Open all",
  openMany: (count: number) => `Open ${count} tabs?`,
  opened: (count: number) =>
    `Opened ${n(count, "tab", "tabs")}. Missing some? The browser may have blocked them.`,
  tabCount: (count: number) => n(count, "tab", "tabs"),
  inactiveTabs: (count: number) =>
    n(count, "tab not used for two weeks", "tabs not used for two weeks"),
  noTabsOnDevice: "No tabs are open here.",
  noTabsMatch: "No open tab has these words.",
  noDevices: "No devices yet",
  noDevicesText: "Tabs that are open in Firefox on your devices appear here.",

  // bookmarks
  untitledFolder: "(no title)",
  itemCount: (count: number) => n(count, "item", "items"),
  breadcrumbs: "Folders above",
  tags: "Tags",
  keyword: "Keyword",
  filterBookmarks: "Filter bookmarks",
  sortBy: "Order",
  byFolder: "By folder",
  byName: "By name",
  byAdded: "Newest first",
  emptyFolder: "This folder is empty",
  emptyFolderText: "What you put into it in Firefox appears here.",
  folderGone: "This folder is no longer there",
  folderGoneText: "It was removed or is on its way.",
  noBookmarksMatch: "No bookmark has these words.",

  // history
  filterHistory: "Filter history",
  calendar: "Calendar",
  previousMonth: "Month before",
  nextMonth: "Month after",
  bySite: "By site",
  byDay: "By day",
  allSites: "Show all sites again",
  filterSites: "Filter sites",
  visitCount: (count: number) => n(count, "visit", "visits"),
  pageCount: (count: number) => n(count, "page", "pages"),
  noHistory: "No history yet",
  noHistoryText: "Pages that you visit in Firefox appear here after the next sync.",
  noVisitsMatch: "No visit has these words.",
  noSitesMatch: "No site has this in its name.",
  historyEnd: (visits: string) => `That is all: ${visits} visits.`,

  // removing here
  remove: "Remove",
  undo: "Undo",
  removeVisit: "Remove this visit…",
  removePage: "Remove page from history…",
  removeSite: (host: string) => `Remove ${host} from history…`,
  removeVisitOf: (when: string) => `Remove the visit of ${when}?`,
  removePageSure: "Remove all visits of this page?",
  removeSiteSure: "Remove all visits of this site?",
  removeText:
    "It is removed on this server alone and kept removed, also when it is synced again. It is " +
    "not removed from Firefox or from the Sync server.",
  removedHere: (visits: number) =>
    visits === 0
      ? "Nothing of it was here; it is kept out from now on."
      : `${n(visits, "visit", "visits")} removed here.`,
  clearHistory: "Clear history…",
  clearTitle: "Clear history",
  clearWhich: "What is to be removed here?",
  clearSpans: {
    hour: "The last hour",
    today: "Today",
    day: "A day",
    range: "A range of days",
    everything: "Everything until now",
  },
  clearFrom: "First day",
  clearTo: "Last day",
  clearYes: "Remove here",
  clearNothing: "Choose days of which the first is not after the last.",
  removed: "Removed here",
  removedText:
    "What you removed from your history here is kept out, although Firefox or the Sync server " +
    "may still have it. Of the address of a page nothing is kept.",
  removedNothing: "Nothing.",
  removedPage: "All visits of a page",
  removedVisit: (when: string) => `Visit of ${when}`,
  removedSpan: "All visits",
  removedBetween: (since: string, until: string) =>
    since && until
      ? `${since} – ${until}`
      : since
        ? `from ${since} on`
        : until
          ? `until ${until}`
          : "",
  removedAgo: (when: string) => `removed ${when}`,
  removedMore: "There is more, which the API lists.",
  showMore: "Show more",
  allowAgain: "Allow again",
  allowAgainFor: (what: string) => `Allow again: ${what}`,
  allowedAgain:
    "It is not kept out any more. What your devices' Sync data still have of it comes back with " +
    "the next complete sync, which was asked for.",

  // account
  signedInAs: "Signed in as",
  lastSync: "Last sync",
  nextSync: "Next sync",
  nextSyncAt: (time: string) => `next sync at ${time}`,
  kept: "Kept here",
  keptCounts: (bookmarks: string, pages: string, visits: string, tabs: string) =>
    `${bookmarks} bookmarks, ${pages} pages with ${visits} visits, ${tabs} tabs`,
  syncNow: "Sync now",
  syncAsked: "Asked for.",
  syncStarted: "Looking for what is new…",
  syncDone: "Up to date.",
  syncFailed: (detail: string) => `That did not work. ${detail}`,
  devices: "Devices",
  hiddenDevices: "Hidden devices",
  hiddenText:
    "They and their tabs are shown nowhere here, also after the next sync. Nothing is changed on " +
    "the devices, or in your Firefox account.",
  allHidden: "All devices are hidden.",
  showAgain: "Show again",
  showDevice: (name: string) => `Show ${name} again`,
  signedInBrowsers: "Signed-in browsers",
  someBrowser: "A browser",
  thisBrowser: "This browser",
  lastUsed: (when: string) => `last used ${when}`,
  since: (when: string) => `since ${when}`,
  signOut: "Sign out",
  signOutHere: "Sign out of this browser",
  signOutOther: (name: string) => `Sign out ${name}`,
  everywhere: "Sign out everywhere",
  everywhereSure: "Sign out of this and all other browsers?",
  addDevice: "Add another device",
  qrAlt: "QR code with a sign-in link",
  qrText:
    "Scan this with the other device's camera. It works once, for ten minutes. Show it to " +
    "nobody else: it signs in as you.",
  codeText: (host: string) => `No camera? Open ${host}/auth/code there and type this.`,
  apiTokens: "API tokens",
  tokensText: "For programs that read or sync your account here.",
  newToken: "New token",
  tokenName: "What is it for?",
  tokenScope: "It may",
  tokenDays: "Until",
  scopes: { read: "only read", full: "read and change" } as Record<string, string>,
  forever: "revoked",
  days: (d: number) => n(d, "day from now", "days from now"),
  makeToken: "Make token",
  tokenOnce: "Copy the token now. It is not shown again.",
  neverUsed: "never used",
  expires: (when: string) => `until ${when}`,
  revoke: "Revoke",
  revokeToken: (name: string) => `Revoke ${name}`,
  tokenRevoked: "The token no longer works",
  exports: "Take it with you",
  exportNames: {
    "bookmarks.html": "Bookmarks, for any browser",
    "bookmarks.json": "Bookmarks, Firefox backup",
    "history.json": "History, JSON",
    "history.csv": "History, table",
    "tabs.html": "Open tabs, as bookmarks",
    "tabs.json": "Open tabs, JSON",
  },
  forgetMe: "Forget me",
  forgetText:
    "Deletes everything this server keeps of you: the copy of your bookmarks, history and " +
    "tabs, the list of your signed-in browsers, API tokens and keys. Your Firefox account and " +
    "your devices keep theirs.",
  forgetSure:
    "Delete everything that this server keeps of you? This cannot be undone here; signing in " +
    "again fetches it anew.",
  forgetYes: "Yes, forget me",
  forgetFresh:
    "Nothing was deleted yet. So that nobody can do this who merely finds your browser open, " +
    "sign in once more, as you did the first time; then ask again within ten minutes.",

  // themes
  light: "Light and dark",
  picture: "Picture",
  modes: { auto: "Automatic", light: "Light", dark: "Dark" },
  themes: {
    hearth: "Hearth",
    tide: "Tide",
    moss: "Moss",
    dusk: "Dusk",
    dune: "Dune",
    frost: "Frost",
    poppy: "Poppy",
    ink: "Ink",
  } as Record<string, string>,
  themesText: "Your choice is kept with your account: every browser that you sign in shows it.",
  themeNotKept: "The theme is kept in this browser only: the server could not be told",

  // welcome
  welcomeTitle: "Your web, at home",
  welcomeText:
    "Bookmarks, history and the tabs that are open on your other devices, found as fast as " +
    "you type.",
  signIn: "Sign in",
  typeCode: "Type a code",
  welcomeBasic: "An old or small browser?",
  basicPages: "Use the basic pages.",
};
