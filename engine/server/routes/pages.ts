import { join } from "node:path";
import type { Example } from "../calls/ports.ts";
import { newRoutes } from "../http/routes.ts";

const PAGES = join(import.meta.dir, "../pages");

/** Files that a browser may ask for, and what they are. */
const FILES = {
  "/try": ["try.html", "text/html; charset=utf-8"],
  "/try/try.js": ["try.js", "text/javascript; charset=utf-8"],
  "/try/audio-worklets.js": ["audio-worklets.js", "text/javascript; charset=utf-8"],
  "/docs": ["docs.html", "text/html; charset=utf-8"],
  "/docs/docs.js": ["docs.js", "text/javascript; charset=utf-8"],
  "/assets/style.css": ["style.css", "text/css; charset=utf-8"],
} as const;

/** Nothing of these pages comes from elsewhere, and a browser holds them to it. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; media-src 'self' blob:; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `/try`, `/docs`, and `/client.js`: the client of `parlando/client` for browsers and for Node. */
export const pagesRoutes = (examples: readonly Example[]) => {
  const routes = newRoutes();
  for (const [path, [file, type]] of Object.entries(FILES))
    routes.get(path, async (c) => c.body(await Bun.file(join(PAGES, file)).text(), 200, headersOf(type)));
  routes.get("/", (c) => c.redirect("/try"));
  routes.get("/favicon.ico", (c) => c.body(null, 204));
  routes.get("/try/examples.json", (c) => c.json({ items: examples }, 200, headersOf("application/json")));
  let client: Promise<string> | undefined;
  routes.get("/client.js", async (c) => {
    client ??= bundleClient();
    return c.body(await client, 200, headersOf("text/javascript; charset=utf-8"));
  });
  return routes;
};

const headersOf = (type: string) => ({
  "content-type": type,
  "cache-control": "no-cache",
  "content-security-policy": POLICY,
  "referrer-policy": "no-referrer",
});

/** The client as one module without imports. */
async function bundleClient(): Promise<string> {
  const built = await Bun.build({
    entrypoints: [join(import.meta.dir, "../../client/index.ts")],
    target: "browser",
    format: "esm",
    minify: { whitespace: true, syntax: true },
  });
  return built.outputs[0]!.text();
}
