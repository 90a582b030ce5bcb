// Titles and addresses as text: strangers wrote them.

/** What an address is to the person: links are followed, the rest is shown. */
export function isLink(url: string): boolean {
  return /^https?:\/\/[^\s]/i.test(url) && URL.canParse(url);
}

if (!("canParse" in URL)) {
  (URL as { canParse: (url: string) => boolean }).canParse = url => {
    try {
      return Boolean(new URL(url));
    } catch {
      return false;
    }
  };
}

// Controls, and the marks that turn the direction of what stands around them (bidi embeddings,
// overrides, isolates), become visible.
const CONTROLS =
  /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]/g;
const SHOWN = 300;

export function clean(text: string): string {
  const cut = text.length > SHOWN * 4 ? text.slice(0, SHOWN * 4) : text;
  const shown = cut.replace(CONTROLS, c =>
    c === "\t" || c === "\n" || c === "\r" ? " " : "\ufffd",
  );
  return shown.length > SHOWN ? shown.slice(0, SHOWN) + "…" : shown;
}

function decode(text: string): string {
  try {
    return decodeURI(text);
  } catch {
    return text;
  }
}

/** "news.example/2026/river": without scheme and www., percent-decoded. */
export function readable(url: string): string {
  return clean(
    decode(
      url
        .slice(0, SHOWN * 4)
        .replace(/^https?:\/\/(www\.)?/i, "")
        .replace(/\/$/, ""),
    ),
  );
}

export function host(url: string): string {
  const found = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:]+|\[[^\]]*\])/i.exec(
    url.slice(0, 2048),
  );
  return found ? found[1]!.toLowerCase() : "";
}

export function titleOf(entry: { title: string | null; url: string | null }): string {
  return (entry.title && clean(entry.title).trim()) || (entry.url ? readable(entry.url) : "");
}

// --- emphasis ---

/**
 * Folded as search folds: without case and accents. Each unit of the result knows where it came
 * from.
 */
function fold(text: string): { folded: string; from: number[] } {
  let folded = "";
  const from: number[] = [];
  let at = 0;
  for (const c of text) {
    const plain = c.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    for (let i = 0; i < plain.length; i++) from.push(at);
    folded += plain;
    at += c.length;
  }
  from.push(at);
  return { folded, from };
}

/** A whole text, likewise. */
export const foldText = (text: string) =>
  text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

export interface Piece {
  text: string;
  hit: boolean;
}

export function wordsOf(query: string): string[] {
  return query
    .split(/\s+/)
    .filter(w => w !== "" && !/^[*^%+#$]$/.test(w))
    .map(w => fold(w).folded)
    .filter(w => w !== "");
}

/** The text in pieces, those that match one of the words marked. */
export function emphasize(text: string, words: string[]): Piece[] {
  if (words.length === 0) return [{ text, hit: false }];
  const { folded, from } = fold(text);
  const hits = new Uint8Array(text.length);
  for (const word of words) {
    for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length)) {
      const begin = from[at]!;
      const end = from[at + word.length]!;
      hits.fill(1, begin, end > begin ? end : begin + 1);
    }
  }
  const pieces: Piece[] = [];
  let start = 0;
  for (let i = 1; i <= text.length; i++) {
    if (i === text.length || hits[i] !== hits[start]) {
      pieces.push({ text: text.slice(start, i), hit: hits[start] === 1 });
      start = i;
    }
  }
  return pieces;
}
