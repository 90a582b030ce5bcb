// The service worker, and the offer of a new version.
import { at } from "../base.js";
import { S } from "../strings.js";

const policy = (
  window as unknown as {
    trustedTypes?: {
      createPolicy(name: string, rules: object): { createScriptURL(url: string): unknown };
    };
  }
).trustedTypes?.createPolicy("hearth", { createScriptURL: (url: string) => url });

function offer(worker: ServiceWorker) {
  const bar = document.createElement("div");
  bar.className = "update";
  bar.setAttribute("role", "status");
  const button = document.createElement("button");
  button.className = "button";
  button.textContent = S.updateNow;
  button.addEventListener("click", () => {
    button.disabled = true;
    worker.postMessage({ type: "SKIP_WAITING" });
  });
  bar.append(S.updateReady, button);
  document.body.append(bar);
}

export function registerServiceWorker() {
  if (!("serviceWorker" in navigator) || !isSecureContext) return;
  let reloading = false;
  const hadOne = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (!hadOne || reloading) return;
    reloading = true;
    location.reload();
  });
  addEventListener("load", async () => {
    const url = policy ? policy.createScriptURL(at("/sw.js")) : at("/sw.js");
    const registration = await navigator.serviceWorker.register(url as string, {
      updateViaCache: "none",
    });
    const watch = (worker: ServiceWorker | null) =>
      worker?.addEventListener("statechange", () => {
        if (worker.state === "installed" && navigator.serviceWorker.controller) offer(worker);
      });
    if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting);
    registration.addEventListener("updatefound", () => watch(registration.installing));
  });
}
