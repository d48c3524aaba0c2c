import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { encodeWav } from "#engine/audio";
import { defaultServerConfig } from "#engine/control";
import { SystemClock } from "#engine/runtime";
import { listen } from "#engine/server";
import { noBrowser, openBrowser, watchPage } from "#test/browser";
import { FakeControl } from "#test/fake-control";
import { EXAMPLES, KeptLog } from "#test/served";

setDefaultTimeout(60_000); // on a busy machine

const cleanUp: (() => unknown)[] = [];

afterEach(async () => {
  for (const call of cleanUp.splice(0).reverse()) await call();
});

function served() {
  const config = defaultServerConfig();
  const control = new FakeControl({ listen: { ...config.listen, port: 0 } });
  const server = listen({
    control,
    clock: new SystemClock(),
    log: new KeptLog(),
    version: "1.2.3",
    examples: EXAMPLES,
  });
  cleanUp.push(() => server.stop());
  return { control, url: server.url };
}

/** A whole number of periods, so that the browser can play it round and round. */
const tone = (hz: number, rateHz: number): Int16Array =>
  Int16Array.from({ length: rateHz }, (_, i) => Math.round(12_000 * Math.sin((2 * Math.PI * hz * i) / rateHz)));

async function browserThatHears(hz: number): Promise<Browser> {
  const folder = mkdtempSync(join(tmpdir(), "parlando-page-"));
  cleanUp.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "microphone.wav");
  writeFileSync(path, encodeWav(tone(hz, 48_000), { sampleRateHz: 48_000, channels: 1 }));
  const browser = await openBrowser(path);
  cleanUp.push(() => browser.close());
  return browser;
}

/** The frequency of a tone, by how often it crosses zero upwards. */
function frequency(pcm: Int16Array, rateHz: number): number {
  let crossings = 0;
  for (let i = 1; i < pcm.length; i++) if (pcm[i - 1]! < 0 && pcm[i]! >= 0) crossings += 1;
  return (crossings * rateHz) / pcm.length;
}

/** Before anything of the page runs: whatever a player plays is measured. */
const LISTEN_IN = `
  const Node = AudioWorkletNode;
  globalThis.AudioWorkletNode = class extends Node {
    constructor(context, name, options) { super(context, name, options); this.name = name; }
    connect(...to) {
      if (this.name === "player") {
        globalThis.ear = new AnalyserNode(this.context, { fftSize: 2048 });
        super.connect(globalThis.ear);
      }
      return super.connect(...to);
    }
  };
  setInterval(() => {
    if (!globalThis.ear) return;
    const samples = new Float32Array(2048);
    globalThis.ear.getFloatTimeDomainData(samples);
    if (Math.max(...samples) > 0.2) document.documentElement.dataset.heard = "yes";
  }, 20);`;

test.skipIf(noBrowser !== undefined)(
  "in a real browser, what is said into the microphone arrives, and what is answered is shown and heard",
  async () => {
    const { control, url } = served();
    const browser = await browserThatHears(440);
    const page = await browser.newPage();
    const seen = watchPage(page, url);
    await page.addInitScript(LISTEN_IN);
    const heard = Promise.withResolvers<void>();
    control.onSession = (what, session) => {
      if (what === "audio" && session.run.tracks.talk!.received > 16_000) heard.resolve();
      if (what === "end") session.run.end();
    };
    await page.goto(`${url}/try`);
    await page.click("#talk:enabled");
    await heard.promise;

    const run = control.run("r1");
    expect(run.request).toMatchObject({
      inputs: { talk: { live: { encoding: "s16le", sampleRateHz: 16_000, channels: 1 } } },
    });
    const pcm = new Int16Array(Uint8Array.from(run.tracks.talk!.bytes).buffer);
    expect(frequency(pcm.subarray(8000, 16_000), 16_000)).toBeCloseTo(440, -1);
    expect(Number(await page.getAttribute("#level", "value"))).toBeGreaterThan(-60);

    run.final("", { text: "good mor", final: false, stableChars: 4 });
    await page.waitForSelector("#lines li.partial");
    expect(await page.textContent("#lines li.partial b")).toBe("good");
    run.final("good <b>morning</b>");
    await page.waitForSelector("#lines li.final");
    run.final("buenos días", { role: "translation", language: "es" });
    await page.waitForSelector("#lines li.translation");
    const lines = await page.$$eval("#lines li", (all) => all.map((line) => line.textContent));
    expect(lines).toEqual([expect.stringContaining("good <b>morning</b>"), expect.stringContaining("buenos días")]);

    const spoken = tone(300, 22_050);
    for (const session of run.sessions)
      session.listener.send({
        type: "audio",
        track: "speech",
        startSample: 0,
        sampleRateHz: 22_050,
        channels: 1,
        encoding: "s16le",
        generation: 1,
        bytes: new Uint8Array(spoken.buffer),
      });
    await page.waitForSelector("html[data-heard]");

    await page.click("#talk");
    await page.waitForSelector("#status:text-is('Done.')");
    expect(run.controls).toContain("end talk");
    expect(await page.textContent("#talk")).toBe("Talk");
    expect(seen).toEqual({ errors: [], outside: [] });
  },
  60_000,
);

test.skipIf(noBrowser !== undefined)("a run that fails under a talk is told as failed, and why", async () => {
  const { control, url } = served();
  const page = await (await browserThatHears(440)).newPage();
  control.onSession = (what, session) => {
    if (what === "audio") session.run.end("failed", { code: "ENGINE_MISSING", message: "no recogniser is there" });
  };
  await page.goto(`${url}/try`);
  await page.click("#talk:enabled");
  await page.waitForSelector("#status.alarm");
  expect(await page.textContent("#status")).toBe("The run has failed. ENGINE_MISSING: no recogniser is there");
});

test.skipIf(noBrowser !== undefined)("a page that a browser gives no microphone to says where it would", async () => {
  const { url } = served();
  const page = await (await browserThatHears(440)).newPage();
  // as on http:// with the name of another machine
  await page.addInitScript("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })");
  await page.goto(`${url}/try`);
  await page.click("#talk:enabled");
  await page.waitForSelector("#status.alarm");
  expect(await page.textContent("#status")).toContain(
    `https:// and http://localhost only, and this page came from ${url}`,
  );
});

test.skipIf(noBrowser !== undefined)(
  "a page that needs a key asks for it, and goes on with a token",
  async () => {
    const { control, url } = served();
    control.callers.set("the-key", { project: "default", scopes: new Set(["runs:read", "runs:write"]) });
    const browser = await browserThatHears(440);
    const page = await browser.newPage();
    await page.goto(`${url}/try`);
    await page.waitForSelector("#key", { state: "visible" });
    await page.fill("#key", "the-key");
    const joined = Promise.withResolvers<void>();
    control.onSession = (what) => what === "audio" && joined.resolve();
    await page.click("#talk:enabled");
    await joined.promise;
    expect(control.last("tokens.create")).toEqual([{ for: { run: "r1" } }]);
  },
  60_000,
);

test.skipIf(noBrowser !== undefined)(
  "in a real browser the API's page shows every route, and asks nobody else for anything",
  async () => {
    const { url } = served();
    const browser = await browserThatHears(440);
    const page = await browser.newPage();
    const seen = watchPage(page, url);
    await page.goto(`${url}/docs`);
    await page.waitForSelector("#schema-Run");
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const routes = Object.values(document.paths).reduce((sum, methods) => sum + Object.keys(methods).length, 0);
    expect(await page.$$eval("article h3 .method", (all) => all.length)).toBe(routes);
    expect(await page.textContent("#version")).toBe("1.2.3");
    // what is shown can be pasted: a header without a key would be refused
    expect(await page.$$eval("article pre", (all) => all.map((each) => each.textContent).join())).not.toContain(
      "Bearer",
    );
    await page.setViewportSize({ width: 360, height: 740 });
    await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true");
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    await page.fill("#filter", "transcribe");
    expect(await page.$$eval("article:not([hidden]) h3 code", (all) => all.map((each) => each.textContent))).toContain(
      "/v1/transcribe",
    );
    expect(await page.$$eval("article:not([hidden])", (all) => all.length)).toBeLessThan(5);
    expect(seen).toEqual({ errors: [], outside: [] });
  },
  60_000,
);

test.skipIf(noBrowser !== undefined)(
  "the API's page shows where the key goes, where the server wants one",
  async () => {
    const { url, control } = served();
    control.callers.set("somebody", { project: "p", scopes: new Set() });
    const page = await (await browserThatHears(440)).newPage();
    await page.goto(`${url}/docs`);
    await page.waitForSelector("#schema-Run");
    expect(await page.textContent("#post--v1-runs pre")).toContain('-H "authorization: Bearer $PARLANDO_KEY"');
  },
);
