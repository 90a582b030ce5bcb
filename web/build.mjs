// node build.mjs --out FOLDER [--dev]: bundles src/ into FOLDER. Files under assets/ carry a hash
// of their contents in the name; what compresses has a .gz and a .br beside it.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import zlib from "node:zlib";

const here = path.dirname(fileURLToPath(import.meta.url));
const words = process.argv.slice(2);
const dev = words.includes("--dev");
const out = path.resolve(
  words.includes("--out") ? words[words.indexOf("--out") + 1] : path.join(here, "dist"),
);
const { version } = JSON.parse(await readFile(path.join(here, "package.json"), "utf8"));

const common = {
  absWorkingDir: here,
  bundle: true,
  minify: !dev,
  sourcemap: dev,
  target: ["es2022", "safari16", "firefox115", "chrome111"],
  define: { VERSION: JSON.stringify(version), "process.env.NODE_ENV": '"production"' },
  legalComments: "none",
  logLevel: "warning",
  loader: { ".svg": "text", ".woff2": "file" },
  assetNames: "assets/[name]", // fonts: the pages that the daemon renders name them
};

// esbuild names outputs by hash; this finds the one an input became.
function outputOf(metafile, input) {
  const found = Object.entries(metafile.outputs).find(([, o]) => o.entryPoint === input);
  if (!found) throw new Error(`nothing was made of ${input}`);
  return "/" + path.relative(out, path.join(here, found[0]));
}

async function bundles() {
  const app = await build({
    ...common,
    entryPoints: ["src/app.ts", "src/styles/app.css"],
    outdir: out,
    format: "esm",
    splitting: true,
    entryNames: "assets/[name]-[hash]",
    chunkNames: "assets/[name]-[hash]",
    metafile: true,
    minifyIdentifiers: !dev,
    plugins: dev ? [] : [slimTemplates],
  });
  // Must run in, and lead away, browsers that know nothing of the above.
  const boot = await build({
    ...common,
    target: ["es2015"],
    entryPoints: ["src/boot.ts"],
    outdir: out,
    format: "iife",
    entryNames: "assets/[name]-[hash]",
    metafile: true,
  });
  const first =
    app.metafile.outputs[path.relative(here, out + outputOf(app.metafile, "src/app.ts"))];
  return {
    app: outputOf(app.metafile, "src/app.ts"),
    style: outputOf(app.metafile, "src/styles/app.css"),
    boot: outputOf(boot.metafile, "src/boot.ts"),
    fonts: Object.keys(app.metafile.outputs)
      .filter(o => /-latin-wght-normal\.woff2$/.test(o))
      .map(o => "/" + path.relative(out, path.join(here, o))),
    preload: first.imports
      .filter(i => i.kind === "import-statement")
      .map(i => "/" + path.relative(out, path.join(here, i.path))),
  };
}

// White space between tags of a template carries nothing here: layout is grid and flex.
const slimTemplates = {
  name: "slim-templates",
  setup(b) {
    b.onLoad({ filter: /src\/.*\.ts$/ }, async args => {
      const text = await readFile(args.path, "utf8");
      const contents = text
        .replace(/>\n\s+(?=<\/)/g, ">") // before the end of an element
        .replace(/(>|\})\n\s+(?=<|\$\{)/g, "$1 ")
        .replace(/\n\s+(?=[.?@]?[\w-]+=(?:"|\$\{))/g, " "); // attributes, one a line
      return { contents, loader: "ts" };
    });
  },
};

async function walk(folder) {
  const found = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await walk(full)));
    else found.push(full);
  }
  return found.sort();
}

// The service worker keeps what the app needs to open without a network: everything but the
// pictures for home screens.
async function serviceWorker() {
  const files = (await walk(out))
    .map(f => path.relative(out, f))
    .filter(f => /^assets\/|^index\.html$/.test(f) && !f.endsWith(".map"));
  const manifest = [];
  for (const f of files) {
    const revision = f.startsWith("assets/")
      ? null
      : createHash("sha256")
          .update(await readFile(path.join(out, f)))
          .digest("hex")
          .slice(0, 16);
    manifest.push({ url: f, revision }); // beside the worker
  }
  await build({
    ...common,
    entryPoints: ["src/sw.ts"],
    outfile: path.join(out, "sw.js"),
    format: "iife",
    sourcemap: false,
    define: { ...common.define, "self.__WB_MANIFEST": JSON.stringify(manifest) },
  });
}

async function compress() {
  for (const file of await walk(out)) {
    if (!/\.(html|js|css|svg|webmanifest)$/.test(file)) continue;
    const bytes = await readFile(file);
    const forms = [
      [".gz", zlib.gzipSync(bytes, { level: dev ? 1 : 9 })],
      [
        ".br",
        zlib.brotliCompressSync(bytes, {
          params: {
            [zlib.constants.BROTLI_PARAM_QUALITY]: dev ? 4 : 11,
            [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
          },
        }),
      ],
    ];
    for (const [extension, form] of forms)
      if (form.length < bytes.length) await writeFile(file + extension, form);
  }
}

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await cp(path.join(here, "icons"), path.join(out, "icons"), { recursive: true });
await cp(path.join(here, "manifest.webmanifest"), path.join(out, "manifest.webmanifest"));
const made = await bundles();
// Browsers ask for it with each page: under a name of its contents it is kept.
const drawn = await readFile(path.join(here, "icons/hearth.svg"));
const icon = `/assets/hearth-${createHash("sha256").update(drawn).digest("hex").slice(0, 8)}.svg`;
await writeFile(path.join(out, icon), drawn);
const page = (await readFile(path.join(here, "index.html"), "utf8"))
  .replace("{{boot}}", made.boot)
  .replace("{{icon}}", icon)
  .replace("{{style}}", made.style)
  .replace("{{app}}", made.app)
  .replace(
    "{{fonts}}",
    made.fonts
      .map(f => `<link rel="preload" href="${f}" as="font" type="font/woff2" crossorigin>`)
      .join(""),
  )
  .replace("{{preload}}", made.preload.map(p => `<link rel="modulepreload" href="${p}">`).join(""));
await writeFile(path.join(out, "index.html"), page);
await serviceWorker();
await compress();
