/** The process in which bergamot runs. Its script is written for a browser's Worker, so it is given the four things that it asks of one. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runInThisContext } from "node:vm";
import { EngineError } from "#engine/errors";
import { serveRequests } from "#native/own-process";
import type { BergamotAsk, BergamotModel } from "./engine.ts";

/** Of the package's Worker, what is used here. */
interface Translator {
  initialize(options: object): Promise<void>;
  loadTranslationModel(pair: Pair, files: { model: ArrayBuffer; shortlist: ArrayBuffer; vocabs: ArrayBuffer[] }): void;
  translate(request: {
    models: Pair[];
    texts: { text: string; html: boolean }[];
  }): readonly { target: { text: string } }[];
}

interface Pair {
  readonly from: string;
  readonly to: string;
}

/** The one model of this process; the names are the library's affair alone. */
const PAIR: Pair = { from: "source", to: "target" };

let translator: Translator | undefined;

serveRequests("bergamot", async (data) => {
  const ask = data as BergamotAsk;
  if (ask.do === "open") {
    translator = await open(ask.scripts, ask.model);
    return true;
  }
  if (!translator) throw new EngineError("ENGINE_FAILED", "bergamot: asked before it was opened");
  const [answer] = translator.translate({ models: [PAIR], texts: [{ text: ask.text, html: false }] });
  return answer?.target.text ?? "";
});

async function open(scripts: string, model: BergamotModel): Promise<Translator> {
  const script = join(scripts, "translator-worker.js");
  const made: { translator?: Translator } = {};
  const given = {
    location: pathToFileURL(script),
    importScripts: (...names: string[]) =>
      names.forEach((name) => void evaluate(readFileSync(join(scripts, name), "utf8"))),
    fetch: async (url: URL) => new Response(readFileSync(url), { headers: { "Content-Type": "application/wasm" } }),
    addEventListener: () => undefined,
    parlandoMade: made,
  };
  for (const [name, value] of Object.entries(given))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  evaluate(`${readFileSync(script, "utf8")}\nparlandoMade.translator = worker;`);
  const { translator: found } = made;
  if (!found) throw new EngineError("ENGINE_FAILED", "bergamot: its script made no translator");
  await found.initialize({ cacheSize: 0 });
  found.loadTranslationModel(PAIR, {
    model: bytesOf(model.model),
    shortlist: bytesOf(model.shortlist),
    vocabs: model.vocabularies.map(bytesOf),
  });
  return found;
}

/** As a script of its own, whose names are everybody's. */
const evaluate = (code: string): unknown => runInThisContext(code);

const bytesOf = (path: string): ArrayBuffer => new Uint8Array(readFileSync(path)).buffer;
