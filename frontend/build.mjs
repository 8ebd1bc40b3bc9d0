// Builds everything the browser loads into static/dist, each file named after its content, and the manifest that names them.
import { context, build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import path from "node:path";

const here = import.meta.dirname;
const out = path.join(here, "..", "static", "dist");
const entries = ["css/app.css", "css/settings.css", "css/customers.css", "css/policies.css", "css/oncall.css", "css/escalations.css", "css/promises.css", "css/bare.css", "css/chat.css", "js/main.ts", "chat/loader.ts", "chat/frame.ts", "worker/push.ts"];
const preloaded = { "geist.woff2": /geist-latin-wght-normal/ };
const budgets = { "app.css": 16, "main.js": 40, "bare.css": 16, "loader.js": 2, "frame.js": 8, "chat.css": 4 };

const options = {
  absWorkingDir: here,
  entryPoints: entries,
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome130", "firefox130", "safari18"],
  entryNames: "[name].[hash]",
  assetNames: "[name].[hash]",
  loader: { ".woff2": "file" },
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
  plugins: [{ name: "manifest", setup: (run) => run.onEnd(finish) }],
};

if (process.argv.includes("--watch")) {
  await (await context(options)).watch();
} else {
  await build(options);
}

async function finish(result) {
  if (result.errors.length) return;
  await mkdir(out, { recursive: true });
  const manifest = named(result.metafile.outputs);
  manifest["icons.svg"] = await write("icons", "svg", await sprite());
  manifest["home-192.png"] = await write("home-192", "png", await readFile(path.join(here, "marks/home-192.png")));
  manifest["home-512.png"] = await write("home-512", "png", await readFile(path.join(here, "marks/home-512.png")));
  manifest["home.json"] = await write("home", "json", home(manifest));
  await tidy(new Set([...Object.values(manifest), ...Object.keys(result.metafile.outputs).map((file) => path.basename(file))]));
  const sizes = await compress(Object.values(manifest));
  const draft = path.join(out, "manifest.json.new");
  await writeFile(draft, JSON.stringify(manifest, null, 2) + "\n");
  await rename(draft, path.join(out, "manifest.json"));
  report(manifest, sizes);
}

/** Plain name to built name, for entry points and the preloaded font. */
function named(outputs) {
  const manifest = {};
  for (const [file, { entryPoint }] of Object.entries(outputs)) {
    const built = path.basename(file);
    if (entryPoint && entries.includes(entryPoint)) manifest[path.basename(entryPoint).replace(/\.ts$/, ".js")] = built;
    for (const [plain, pattern] of Object.entries(preloaded)) if (pattern.test(built)) manifest[plain] = built;
  }
  return manifest;
}

/** One file with a symbol for each icon of icons.txt: lucide's outlines and our own marks. Looked at as a picture it is the favicon. */
async function sprite() {
  const names = (await readFile(path.join(here, "icons.txt"), "utf8")).split(/\s+/).filter(Boolean);
  const own = new Set(await readdir(path.join(here, "marks")));
  const symbols = await Promise.all(names.map(async (name) => {
    const folder = own.has(`${name}.svg`) ? "marks" : "node_modules/lucide-static/icons";
    const svg = await readFile(path.join(here, folder, `${name}.svg`), "utf8");
    const body = svg.replace(/<!--.*?-->/gs, "").replace(/^\s*<svg[^>]*>|<\/svg>\s*$/g, "").replace(/\s*\n\s*/g, "");
    return `<symbol id="i-${name}" viewBox="0 0 24 24">${body.trim()}</symbol>`;
  }));
  const favicon = await readFile(path.join(here, "marks/favicon.svg"), "utf8");
  return favicon.replace("</svg>", `${symbols.join("")}</svg>`);
}

/** What a telephone needs to keep the product on its home screen; only from there iPhones let it notify anybody. */
function home(manifest) {
  const icons = [192, 512].map((size) => ({ src: manifest[`home-${size}.png`], sizes: `${size}x${size}`, type: "image/png" }));
  return JSON.stringify({ name: "Kept", id: "/", start_url: "/", scope: "/", display: "standalone", icons });
}

/** Writes something under a name that holds its digest. */
async function write(plain, kind, content) {
  const name = `${plain}.${createHash("sha256").update(content).digest("hex").slice(0, 8)}.${kind}`;
  await writeFile(path.join(out, name), content);
  return name;
}

/** Removes what an earlier build left. */
async function tidy(kept) {
  for (const file of await readdir(out)) {
    const plain = file.replace(/\.gz$/, "");
    if (plain !== "manifest.json" && !kept.has(plain)) await rm(path.join(out, file));
  }
}

/** Writes a .gz beside each text file, so that the server need not compress; gives the sizes in bytes. */
async function compress(files) {
  const sizes = {};
  for (const file of files.filter((name) => !/\.(woff2|png)$/.test(name))) {
    const zipped = gzipSync(await readFile(path.join(out, file)), { level: 9 });
    await writeFile(path.join(out, `${file}.gz`), zipped);
    sizes[file] = zipped.length;
  }
  return sizes;
}

function report(manifest, sizes) {
  for (const [plain, file] of Object.entries(manifest)) {
    if (!(file in sizes)) continue;
    const kilobytes = sizes[file] / 1000;
    const over = budgets[plain] && kilobytes > budgets[plain];
    console.log(`${plain.padEnd(14)} ${kilobytes.toFixed(1).padStart(6)} kB gzip${over ? `, over its ${budgets[plain]} kB` : ""}`);
    if (over) process.exitCode = 1;
  }
}
