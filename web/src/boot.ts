// Before anything else, and in any browser: the theme of last time is set before the first paint,
// and a browser that cannot run the app is sent to the basic pages. Keep to what a browser of 2015
// parses.
import { at, own } from "./base.js";
(function () {
  const able =
    "noModule" in HTMLScriptElement.prototype &&
    "customElements" in window &&
    "at" in Array.prototype &&
    "inert" in HTMLElement.prototype &&
    CSS.supports("color", "oklch(50% 0 0)");
  if (!able) {
    location.replace(at("/basic/"));
    return;
  }
  const root = document.documentElement;
  let kept: { name?: string; mode?: string } = {};
  try {
    kept = JSON.parse(localStorage.getItem(own("theme")) || "{}");
  } catch (e) {
    // storage is not allowed: the first theme
  }
  root.dataset["theme"] = kept.name || "hearth";
  root.dataset["mode"] = kept.mode || "auto";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const shade = () => {
    const mode = root.dataset["mode"];
    root.dataset["shade"] = mode === "dark" || (mode === "auto" && dark.matches) ? "dark" : "light";
  };
  shade();
  dark.addEventListener("change", shade);
  addEventListener("theme", shade); // another one was chosen
})();
