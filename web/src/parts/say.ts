// Short messages: shown for a while, and read out.
let timer = 0;

/** `action`: what can still be done about it, while it is shown. */
export function say(text: string, seconds = 4, action?: { label: string; run: () => void }) {
  const place = document.querySelector<HTMLElement>("#said");
  if (!place) return;
  clearTimeout(timer);
  place.textContent = text;
  place.classList.toggle("acts", action !== undefined);
  if (action) {
    const button = document.createElement("button");
    button.textContent = action.label;
    button.addEventListener("click", action.run, { once: true });
    place.append(" ", button);
  }
  place.classList.add("shown");
  timer = window.setTimeout(() => {
    place.classList.remove("shown", "acts");
    timer = window.setTimeout(() => (place.textContent = ""), 400);
  }, seconds * 1000);
}
