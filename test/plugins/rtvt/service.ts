import { loadOpus } from "#engine/plugin";
import { builtInTypes } from "#test/built-in-types";
import { vendorService } from "#test/vendor-service";
import { gateway } from "../../../plugins/rtvt/gateway.ts";
import { PROJECT } from "./fixtures/vectors.ts";

await loadOpus(); // a gateway loads it in the machine's time, in which a virtual minute passes

/** The project of the emulator. */
export const KEY = { id: `${PROJECT.pid}`, secret: PROJECT.key, facts: {} };
export const TCP = "rtvt.test:14001";
export const WEB = "rtvt.test:14002";

/** What every config of a test has. */
export const ACCESS = { url: `tcp://${TCP}`, pid: PROJECT.pid, key: PROJECT.key, source: "en" };
export const OVER_WEB = { ...ACCESS, url: `ws://${WEB}/service/websocket` };

export interface Sentence {
  readonly text: string;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Until it is answered. */
  readonly delayMs?: number;
}

/** Sentences of a second each, one after the other. */
export const seconds = (...texts: readonly string[]): Sentence[] =>
  texts.map((text, i) => ({ text, fromMs: i * 1000, untilMs: (i + 1) * 1000 }));

/** A workflow that hears these sentences and translates each into its capitals, in every target language. */
export const hears = (sentences: readonly Sentence[], targets: readonly string[] = ["es"]): string => `
parlando: 1
name: hears
inputs:
  talk: { kind: audio }
params:
  source: { type: string, default: en }
nodes:
  asr:
    use: core.script
    from: inputs.talk
    with:
      as: asr
      language: en
      partialEveryMs: 200
      blocking: false
      results:
${sentences.map((sentence) => `        - ${JSON.stringify({ partials: "auto", ...sentence })}`).join("\n")}
${targets.map((target) => `  ${target}: { use: core.script, from: [asr.partial, asr.final], with: { as: translate, otherwise: upper, partials: true, language: ${target} } }`).join("\n")}
outputs:
  texts: [asr.partial, asr.final${targets.map((target) => `, ${target}`).join("")}]
`;

/** The service over TCP and over WebSockets. */
export const { openService, withService, served } = vendorService({
  gateway,
  tcp: TCP,
  web: WEB,
  types: builtInTypes(),
  keys: [KEY],
  access: ACCESS,
});
