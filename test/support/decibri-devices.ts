/** Listens or plays once through decibri, in a process whose environment tells ALSA what its devices are; prints what came of it as JSON. */
import type { NodeDefinition, NodeEvent } from "#engine/plugin";
import { SystemClock } from "#engine/runtime";
import core from "#plugins/core";
import { inline, planOf, sourceOf, startPlan } from "./doubles.ts";
import { framesOf, tone } from "./signals.ts";

export interface ThroughDecibri {
  readonly state: string;
  readonly code?: string;
  /** The first ones that were heard. */
  readonly heard: readonly number[];
  readonly events: readonly NodeEvent[];
}

const [type = "", device] = process.argv.slice(2);
const FRAMES = 10;

const definition = core.nodes.find((node) => node.type === type)!;
const config = definition.config.parse({ through: "decibri", reopenForMs: 0, ...(device && { device }) });
const plays = definition.role(config) === "sink";
const anything = { kinds: ["audio"] as const };
const node: NodeDefinition = {
  ...definition,
  inputs: () => (plays ? { in: anything } : {}),
  outputs: () => (plays ? {} : { out: anything }),
  create: (_, ctx) => definition.create(config, ctx),
};
const heard: number[] = [];
let frames = 0;
const ear = inline({
  onFrame(frame) {
    if (frame.kind !== "audio" || frames >= FRAMES) return;
    heard.push(...frame.pcm);
    if (++frames === FRAMES) run.drain();
  },
});
const events: NodeEvent[] = [];
const voice = sourceOf(framesOf(tone({ hz: 440, ms: 300 }), { utterance: "u" }));
const plan = plays
  ? planOf({ voice, device: node }, [["voice", "device"]])
  : planOf({ device: node, ear }, [["device", "ear"]]);
const { run } = startPlan(plan, {
  clock: new SystemClock(),
  onEvent(event) {
    if (event.type === "node" && event.node === "device") events.push(event.event);
  },
});
const { state, error } = await run.done;
const found: ThroughDecibri = { state, ...(error && { code: error.code }), heard, events };
await Bun.write(Bun.stdout, JSON.stringify(found));
process.exit(0); // its threads would keep the process
