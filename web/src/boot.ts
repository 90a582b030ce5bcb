// Before anything else, and in any browser: the theme of last time is set before the first paint, and a browser that cannot run the app is
// sent to the basic pages. Keep to what a browser of 2015 parses.
(function () {
  const able =
    "noModule" in HTMLScriptElement.prototype &&
    "customElements" in window &&
    "at" in Array.prototype &&
    "inert" in HTMLElement.prototype &&
    CSS.supports("color", "oklch(50% 0 0)");
  if (!able) {
    location.replace("/basic/");
    return;
  }
  const root = document.documentElement;
  try {
    const kept = JSON.parse(localStorage.getItem("theme") || "{}");
    root.dataset["theme"] = kept.name || "hearth";
    root.dataset["mode"] = kept.mode || "auto";
  } catch (e) {
    root.dataset["theme"] = "hearth";
    root.dataset["mode"] = "auto";
  }
})();
