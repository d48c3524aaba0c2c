import type { AudioFrame, NodeDefinition, NodeEvent } from "#engine/plugin";
import { type RunReport, SystemClock } from "#engine/runtime";
import core from "#plugins/core";
import { audio, planOf, startPlan, task } from "./doubles.ts";

/** The machine speaks so many frames before the user speaks over it. */
const MACHINE_FRAMES = 15;
const USER_FRAMES = 18;
const FRAME_MS = 20;
const FRAME_SAMPLES = 320;

export interface SpokenOver {
  readonly report: RunReport;
  /** One for each time that the machine fell silent: from the first voiced frame, and from the trigger. */
  readonly silences: readonly { readonly afterMs: number; readonly triggerMs: number }[];
  readonly triggers: readonly NodeEvent[];
  readonly played: readonly NodeEvent[];
}

export interface SpokenOverOptions {
  /** How often the machine has to be cut off. One that had nothing to say in the moment does not count, and is tried again. */
  readonly times: number;
  /** Of `core.speaker`. */
  readonly settings: object;
  readonly minMs?: number;
  /** The machine must be heard to its end. */
  readonly protected?: boolean;
  readonly onEvent?: (event: NodeEvent) => void;
}

/** Lets a user speak over the machine, in real time and on a real device. */
export async function speakOver(options: SpokenOverOptions): Promise<SpokenOver> {
  const { times, settings, minMs = 200 } = options;
  const definition = core.nodes.find(({ type }) => type === "core.speaker")!;
  const config = definition.config.parse(settings);
  const speaker: NodeDefinition = {
    ...definition,
    inputs: () => ({ in: { kinds: ["audio"] } }),
    create: (_, ctx) => definition.create(config, ctx),
  };
  const silences: SpokenOver["silences"][number][] = [];
  const triggers: NodeEvent[] = [];
  const played: NodeEvent[] = [];
  const stage = new Stage(() => silences.length >= times || (options.protected === true && triggers.length >= times));
  const nodes = { user: user(stage), voice: voice(stage, options.protected === true), speaker };
  const plan = planOf(nodes, [["voice", "speaker", { queued: true, ms: 2000 }]]);
  const bargeIn = { when: [{ node: "user", port: "out" }], minMs, timed: false, flush: ["voice", "speaker"] };
  const { run } = startPlan(
    { ...plan, bargeIns: [bargeIn], limits: { ...plan.limits, startMs: 10_000, drainMs: 20_000 } },
    {
      clock: new SystemClock(),
      onEvent(event) {
        if (event.type !== "node") return;
        options.onEvent?.(event.event);
        const { type, afterMs, triggerMs } = event.event;
        if (type === "bargeIn") triggers.push(event.event);
        if (type === "played") played.push(event.event);
        if (type === "silenced" && typeof afterMs === "number" && typeof triggerMs === "number")
          silences.push({ afterMs, triggerMs });
      },
    },
  );
  return { report: await run.done, silences, triggers, played };
}

/** Whose turn it is: the two never wait for times, only for each other. */
class Stage {
  #machine = Promise.withResolvers<void>();
  #user = Promise.withResolvers<void>();

  constructor(readonly over: () => boolean) {}

  machineHasSpoken = (): void => this.#machine.resolve();
  untilMachineHasSpoken = (): Promise<void> => this.#machine.promise;
  untilUserHasSpoken = (): Promise<void> => this.#user.promise;

  userHasSpoken(): void {
    this.#machine = Promise.withResolvers<void>();
    this.#user.resolve();
    this.#user = Promise.withResolvers<void>();
  }
}

/** More rounds than a machine that is very busy needs. */
const MOST_ROUNDS = 200;

const asSource = (node: NodeDefinition): NodeDefinition => ({ ...node, inputs: () => ({}) });

/** A detector: each frame when its last sample was spoken. */
const user = (stage: Stage): NodeDefinition =>
  asSource(
    task(async (_input, emit, signal, { clock }) => {
      const beganMs = clock.nowMs();
      for (let round = 0; round < MOST_ROUNDS && !stage.over(); round++) {
        await stage.untilMachineHasSpoken();
        const utterance = `user-${round}`;
        const fromMs = clock.nowMs() - beganMs;
        const fromSample = Math.round(fromMs * 16);
        const at = (ms: number) => clock.sleep(Math.max(0, beganMs + fromMs + ms - clock.nowMs()), signal);
        const mark = { kind: "speech", utterance, sampleRateHz: 16_000 } as const;
        await at(FRAME_MS);
        await emit({ ...mark, mark: "start", atSample: fromSample, voicedSample: fromSample });
        for (let frame = 0; frame < USER_FRAMES; frame++) {
          await at((frame + 1) * FRAME_MS);
          await emit({ ...audio(fromSample + frame * FRAME_SAMPLES), utterance });
        }
        await emit({ ...mark, mark: "end", atSample: fromSample + USER_FRAMES * FRAME_SAMPLES });
        await clock.sleep(FRAME_MS, signal); // what fell silent is told
        stage.userHasSpoken();
      }
    }),
  );

/** Speaks at twice the pace of life until the user has spoken, whoever listens. */
const voice = (stage: Stage, spared: boolean): NodeDefinition =>
  asSource(
    task(async (_input, emit, signal, { clock }) => {
      let startSample = 0;
      for (let round = 0; round < MOST_ROUNDS && !stage.over(); round++) {
        let userSpoke = false;
        void stage.untilUserHasSpoken().then(() => {
          userSpoke = true;
        });
        for (let frame = 0; !userSpoke && frame < 3 * (MACHINE_FRAMES + USER_FRAMES); frame++) {
          const spoken: AudioFrame = {
            ...audio(startSample, FRAME_SAMPLES, (round % 100) + 1),
            utterance: `machine-${round}`,
            ...(spared && { protected: true as const }),
          };
          startSample += FRAME_SAMPLES;
          await emit(spoken);
          if (frame === MACHINE_FRAMES) stage.machineHasSpoken();
          await clock.sleep(FRAME_MS / 2, signal);
        }
        if (!userSpoke) await stage.untilUserHasSpoken();
      }
    }),
  );

/** What an ALSA device that writes into a file is configured by. */
export const fileDevice = (raw: string): string =>
  `pcm.parlando_out { type file slave.pcm "null" file "${raw}" format "raw" }`;
