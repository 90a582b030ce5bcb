// Short messages: shown for a while, and read out.
let timer = 0;

export function say(text: string, seconds = 4) {
  const place = document.querySelector<HTMLElement>("#said");
  if (!place) return;
  clearTimeout(timer);
  place.textContent = text;
  place.classList.add("shown");
  timer = window.setTimeout(() => {
    place.classList.remove("shown");
    timer = window.setTimeout(() => (place.textContent = ""), 400);
  }, seconds * 1000);
}
