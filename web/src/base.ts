// Where the app is: everything of a Hearth may be under a path, https://host/hearth/.

const page = (globalThis as { document?: { querySelector(s: string): { href: string } | null } })
  .document;
// Of a file beside the app's page: the service worker's own script, else what the page links to.
const beside = page ? page.querySelector("link[rel=manifest]")!.href : location.href;

/** "" or "/hearth" */
export const ROOT = beside.replace(/^[a-z]+:\/\/[^/]*/, "").replace(/\/[^/]*$/, "");

/** The address of a path as it would be without ROOT: whatever is linked to or asked for. */
export const at = (path: string) => ROOT + path;

/** The path of this page, without ROOT. */
export const here = () => location.pathname.slice(ROOT.length) + location.search;

/** What a browser keeps by name it keeps for a whole host, where another Hearth may be. */
export const own = (name: string) => (ROOT ? `${name} ${ROOT}` : name);
export const isOwn = (name: string) => (name.split(" ")[1] ?? "") === ROOT;
