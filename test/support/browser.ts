import { type Browser, chromium, type Page } from "playwright-core";

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome"];

/** Where a browser lies that the tests can use; undefined where there is none. */
export const browserPath = PROGRAMS.map((name) => Bun.which(name)).find((path) => path !== null);

/** Why tests of web pages are left out here; undefined where they run. */
export const noBrowser =
  browserPath === undefined ? "no Chromium on this machine (apt-get install chromium)" : undefined;

/** A browser without a window. @param microphone a WAV file that it hears in place of a microphone, over and over. */
export function openBrowser(microphone?: string): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath!,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      ...(microphone === undefined ? [] : [`--use-file-for-fake-audio-capture=${microphone}`]),
    ],
  });
}

/** What went wrong in a page, and what it asked of anybody but the server at `origin`. Both are empty in a good page. */
export function watchPage(page: Page, origin: string): { readonly errors: string[]; readonly outside: string[] } {
  const seen = { errors: [] as string[], outside: [] as string[] };
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && seen.errors.push(message.text()));
  page.on("request", (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (protocol !== "data:" && protocol !== "blob:" && asked !== origin) seen.outside.push(request.url());
  });
  page.on("websocket", (socket) => {
    if (new URL(socket.url()).host !== new URL(origin).host) seen.outside.push(socket.url());
  });
  return seen;
}
