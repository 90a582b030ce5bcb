// Days of the person's clock.

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** "2026-11-23" of the person's clock. */
export function dayKey(ms: number): string {
  const d = new Date(ms);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
}

/** From its first moment to before that of the next: [from, to). */
export function dayBounds(key: string): [number, number] {
  const [y = 1970, m = 1, d = 1] = key.split("-").map(Number);
  return [new Date(y, m - 1, d).getTime(), new Date(y, m - 1, d + 1).getTime()];
}
