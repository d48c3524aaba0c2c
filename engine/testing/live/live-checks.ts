import type { AudioFrame, Frame, NodeDefinition, TextFrame } from "#engine/plugin";
import { defaultPort, msToSamples, Resampler } from "#engine/plugin";
import { type ClockedNetwork, SystemClock } from "#engine/runtime";
import { type Check, probe, type Subject } from "../contract/probe.ts";
import { recogniserContract, synthesiserContract, translatorContract } from "../contract/text-checks.ts";

export interface LiveOptions {
  readonly definition: NodeDefinition;
  /** As it stands in `with:`, credentials and all. */
  readonly config: unknown;
  readonly network: ClockedNetwork;
  /** Speech in a language that the service is set to, one channel. */
  readonly speech: { readonly pcm: Int16Array; readonly sampleRateHz: number };
  /** Texts to be spoken or translated. */
  readonly texts: readonly string[];
}

/**
 * What the node gives for the speech or the texts, in one session with the service itself, in real time; undefined for a role that takes
 * neither.
 */
export async function liveSession(options: LiveOptions): Promise<readonly Frame[] | undefined> {
  const subject = subjectOf(options);
  return subject && (await probe(subject)).frames();
}

const FRAME_MS = 20;

/** A service may hear the same twice and answer otherwise. */
const NOT_OF_SERVICES = /gives the same for the same input$/u;

/**
 * The suite of a node's role against the service itself, in real time: what needs no fault on its side. Each check is a session or two,
 * which the service may bill.
 * @returns undefined for a role that has no suite which can be run so.
 */
export const liveChecks = (options: LiveOptions): Check[] | undefined =>
  checksOf(options)?.filter(({ name }) => !NOT_OF_SERVICES.test(name));

function checksOf(options: LiveOptions): Check[] | undefined {
  const { definition, config } = options;
  const subject = subjectOf(options);
  if (!subject) return undefined;
  const make = () => subject;
  switch (definition.role(definition.config.parse(config))) {
    case "translate":
      return translatorContract(definition.type, make);
    case "tts":
      return synthesiserContract(definition.type, make);
    default:
      return recogniserContract(definition.type, make);
  }
}

function subjectOf({ definition, config, network, speech, texts }: LiveOptions): Subject | undefined {
  const parsed = definition.config.parse(config);
  const inputs = definition.inputs(parsed);
  const port = inputs[defaultPort(inputs) ?? ""];
  const of = { definition, config, real: { clock: new SystemClock(), network } };
  switch (definition.role(parsed)) {
    case "asr":
    case "interpret": {
      const wanted = port?.audio?.sampleRateHz ?? speech.sampleRateHz;
      const rate = typeof wanted === "number" ? wanted : (wanted[0] ?? speech.sampleRateHz);
      return { ...of, frames: spoken(speech, rate, port?.kinds.includes("speech") ?? false) };
    }
    case "translate":
      return { ...of, frames: texts.map((text, at) => said(text, at, "transcript")) };
    case "tts":
      return { ...of, frames: texts.map((text, at) => said(text, at, "prompt")) };
    default:
      return undefined;
  }
}

function spoken({ pcm, sampleRateHz }: LiveOptions["speech"], rate: number, marks: boolean): Frame[] {
  const heard = rate === sampleRateHz ? pcm : resampled(pcm, sampleRateHz, rate);
  const size = msToSamples(FRAME_MS, rate);
  const utterance = "u1";
  const frames: AudioFrame[] = [];
  for (let at = 0; at < heard.length; at += size)
    frames.push({
      kind: "audio",
      pcm: heard.slice(at, at + size),
      sampleRateHz: rate,
      channels: 1,
      startSample: at,
      ...(marks && { utterance }),
    });
  if (!marks) return frames;
  const mark = (kind: "start" | "end", atSample: number): Frame => ({
    kind: "speech",
    mark: kind,
    utterance,
    atSample,
    sampleRateHz: rate,
  });
  return [mark("start", 0), ...frames, mark("end", heard.length)];
}

function resampled(pcm: Int16Array, fromHz: number, toHz: number): Int16Array {
  const resampler = new Resampler({ fromHz, toHz, channels: 1 });
  return Int16Array.from([...resampler.push(pcm), ...resampler.flush()]);
}

const said = (text: string, at: number, role: TextFrame["role"]): TextFrame => ({
  kind: "text",
  role,
  text,
  utterance: `u${at + 1}`,
  revision: 1,
  final: true,
  stableChars: text.length,
  startSample: at * 16_000,
  endSample: (at + 1) * 16_000,
  sampleRateHz: 16_000,
  language: "en",
});
