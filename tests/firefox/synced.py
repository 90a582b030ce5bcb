"""A real Firefox that is signed in, by its own page as a person does it, at the Sync double, and
syncs when it is told to. What it has is asked of its own interfaces."""
import time

from firefox import PATIENCE, Firefox, FirefoxError

DAY = 86400
PREFS = {
    # only when told
    "services.sync.scheduler.idleInterval": DAY,
    "services.sync.scheduler.activeInterval": DAY,
    "services.sync.scheduler.immediateInterval": DAY,
    "services.sync.scheduler.fxa.singleDeviceInterval": DAY,
    "services.sync.syncedTabs.syncDelayAfterTabChange": 0,
    # no pages of its own in the history
    "browser.newtabpage.activity-stream.feeds.system.topsites": False,
}

# Until a sync that was begun here is over; one that Firefox began by itself goes first.
SYNC = """
const Weave = load("Weave"), service = Weave.Service;
const { setTimeout } = ChromeUtils.importESModule("resource://gre/modules/Timer.sys.mjs");
const wait = () => new Promise(resolve => setTimeout(resolve, 20));
service.scheduler.syncThreshold = 1e9;
for (;;) {
  while (service.locked || Weave.Status.checkSetup() != "success.status_ok") await wait();
  let ended = false;
  const note = () => { ended = true; };
  const topics = ["weave:service:sync:finish", "weave:service:sync:error"];
  for (const topic of topics) Services.obs.addObserver(note, topic);
  await service.sync({ why: "user" });
  for (const topic of topics) Services.obs.removeObserver(note, topic);
  if (ended) break;
  await wait();
}
return [Weave.Status.service, Weave.Status.sync, Weave.Status.engines];
"""

VISITS = """
const db = await load("PlacesUtils").promiseDBConnection();
const rows = await db.execute(`SELECT h.url, h.title, h.hidden, v.visit_date, v.visit_type
  FROM moz_historyvisits v JOIN moz_places h ON h.id = v.place_id
  ORDER BY v.visit_date DESC, v.id DESC`);
return rows.map(row => ["url", "title", "hidden", "visit_date", "visit_type"].map(
  name => row.getResultByName(name)));
"""

# The list that its library shows.
LIBRARY = """
const PlacesUtils = load("PlacesUtils"), history = PlacesUtils.history;
const options = history.getNewQueryOptions();
options.resultType = options.RESULTS_AS_VISIT;
options.sortingMode = options.SORT_BY_DATE_DESCENDING;
const root = history.executeQuery(history.getNewQuery(), options).root;
root.containerOpen = true;
const told = [];
for (let i = 0; i < root.childCount; i++) {
  const node = root.getChild(i);
  told.push([node.uri, node.title, Math.floor(node.time / 1000)]);
}
root.containerOpen = false;
return told;
"""

# The folders that its library and sidebar begin with.
ROOTS = """
const history = load("PlacesUtils").history, options = history.getNewQueryOptions();
options.resultType = options.RESULTS_AS_ROOTS_QUERY;
const root = history.executeQuery(history.getNewQuery(), options).root, told = [];
root.containerOpen = true;
for (let i = 0; i < root.childCount; i++) told.push(root.getChild(i).title);
root.containerOpen = false;
return told;
"""

# The windows as their person has them, the one used last in front.
TABS = """
const { BrowserWindowTracker } = ChromeUtils.importESModule(
  "resource:///modules/BrowserWindowTracker.sys.mjs");
return BrowserWindowTracker.getOrderedWindows({ private: false }).map(win =>
  [...win.gBrowser.tabs].filter(tab => tab.linkedBrowser.currentURI.schemeIs("http")).map(tab => ({
    url: tab.linkedBrowser.currentURI.spec, title: tab.linkedBrowser.contentTitle,
    pinned: tab.pinned, group: tab.group && [tab.group.label, tab.group.color, tab.group.collapsed],
    last_used: tab.lastAccessed,
  })));
"""

# A window for each list of tabs; all pages are there when it returns.
OPEN = """
const [windows] = arguments;
const principal = Services.scriptSecurityManager.getSystemPrincipal();
const { setTimeout } = ChromeUtils.importESModule("resource://gre/modules/Timer.sys.mjs");
const until = async condition => {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 20));
};
for (const [number, tabs] of windows.entries()) {
  let win = Services.wm.getMostRecentWindow("navigator:browser");
  if (number > 0) {
    win = win.OpenBrowserWindow();
    await until(() => win.gBrowserInit?.delayedStartupFinished);
  }
  const groups = new Map();
  for (const { url, pinned, group } of tabs) {
    const tab = win.gBrowser.addTab(url, { triggeringPrincipal: principal });
    await until(() => tab.linkedBrowser.currentURI.spec === url &&
      !tab.linkedBrowser.webProgress?.isLoadingDocument && tab.linkedBrowser.contentTitle);
    if (pinned) win.gBrowser.pinTab(tab);
    if (group) groups.set(group.join(), [...(groups.get(group.join()) ?? []), tab]);
  }
  for (const [name, members] of groups) {
    const [label, color] = name.split(",");
    win.gBrowser.addTabGroup(members, { label, color });
  }
}
"""


class SyncedFirefox(Firefox):
    """`service`: the double, with writing allowed."""
    def __init__(self, service, folder=None, prefs=None):
        super().__init__(folder, {
            **PREFS, "identity.fxaccounts.autoconfig.uri": service.url,
            **(prefs or {})
        })

    # --- as a person
    def in_page(self, name, **parameters):
        return self.wire.call(f"WebDriver:{name}", parameters)

    def element(self, selector):
        found = self.in_page("FindElement", using="css selector", value=selector)["value"]
        return next(iter(found.values()))

    def until_title(self, *titles):
        end = time.monotonic() + PATIENCE
        while (title := self.in_page("GetTitle")["value"]) not in titles:
            if time.monotonic() > end:
                raise FirefoxError(f"the page is still called {title!r}\n{self.log_text()}")
            time.sleep(0.02)
        return title

    def sign_in(self, email, password):
        """On the page that its menu leads to."""
        address = self.chrome('return await load("FxAccounts").config.promiseConnectAccountURI('
                              '"menupanel");')
        self.wire.call("Marionette:SetContext", {"value": "content"})
        try:
            self.in_page("Navigate", url=address)
            self.until_title("Sign in to Firefox")
            for field, text in (("#email", email), ("#password", password)):
                self.in_page("ElementSendKeys", id=self.element(field), text=text)
            self.in_page("ElementClick", id=self.element("#submit"))
            title = self.until_title("You are signed in", "Not signed in")
            if title != "You are signed in":
                raise FirefoxError(self.in_page("GetElementText", id=self.element("#problem")))
            self.in_page("Navigate", url="about:blank")
        finally:
            self.wire.call("Marionette:SetContext", {"value": "chrome"})

    def sync(self):
        service, sync, engines = self.chrome(SYNC)
        if (service, sync) != ("success.status_ok", "success.sync"):
            raise FirefoxError(f"{service}, {sync}, {engines}\n{self.log_text()}")

    def open_windows(self, *windows):
        """Lists of {"url", "pinned", "group": [label, color]}; the first goes into the window
        that is there."""
        self.chrome(OPEN, list(windows))

    # --- what it has
    def tree(self, guid="root________"):
        return self.chrome('return await load("PlacesUtils").promiseBookmarksTree(arguments[0]);',
                           guid)

    def visits(self):
        """(url, title, hidden, ms, type) of every visit there is, the newest first."""
        return [(url, title or "", bool(hidden), date // 1000, kind)
                for url, title, hidden, date, kind in self.chrome(VISITS)]

    def library(self):
        """(url, title, ms) of the visits that its library lists, the newest first."""
        return [(url, title or "", date) for url, title, date in self.chrome(LIBRARY)]

    def roots(self):
        """Titles of the folders that its library begins with."""
        return self.chrome(ROOTS)

    def tabs(self):
        return self.chrome(TABS)
