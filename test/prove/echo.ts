import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { levelDbfs } from "#engine/audio";
import type { AudioFrame, Frame, NodeDefinition, NodeEvent } from "#engine/plugin";
import { SystemClock } from "#engine/runtime";
import { findSpeexDsp } from "#native/speexdsp";
import core from "#plugins/core";
import { inline, planOf, startPlan, task } from "#test/doubles";
import { recordingPcm, recordingsInstalled } from "#test/recordings";
import { concat, framesOf } from "#test/signals";

const RATE_HZ = 16_000;
const SPOKEN = ["librivox/sense_and_sensibility_01_austen_64kb-0870.wav", "cards/005.wav"];
const TIMES = 4;
const PAUSE_MS = 1500;
/** A busy machine must not let the device run dry within speech. */
const LEAD_MS = 400;

/**
 * Measures core.echo with `reference: speakers` in real time, on a sound card of the test's own that plays and records by one clock: the machine speaks several
 * times with pauses in which its device runs dry, and by how much its echo is lower behind the filter is told for each second of speech.
 * Nothing is promised, so that the status is 0 unless it could not be measured.
 */
export default async function echoBesideSpeaker(): Promise<number> {
  if (!recordingsInstalled() || findSpeexDsp() === undefined) {
    console.log("not measured: apt-get install pocketsphinx-testdata libspeexdsp1");
    return 1;
  }
  const folder = mkdtempSync(join(tmpdir(), "parlando-echo-"));
  const before = process.env.PATH;
  soundCard(folder);
  try {
    const { heard, clean, events } = await conversation();
    const spoken = events.filter(({ type }) => type === "played");
    console.log(
      `${spoken.length} times ${SPOKEN.length} recordings, ${PAUSE_MS} ms apart; echo lower by, in dB, for each second of speech:`,
    );
    for (const { atMs, ofMs } of spoken) console.log(attenuation(heard, clean, Number(atMs), Number(ofMs)).join("  "));
    return 0;
  } finally {
    process.env.PATH = before;
    rmSync(folder, { recursive: true });
  }
}

/** Programs named as ALSA's, in front of all others. */
function soundCard(folder: string): void {
  const card = join(import.meta.dir, "../support/sound-card/card.ts");
  for (const name of ["aplay", "arecord"]) {
    writeFileSync(join(folder, name), `#!/bin/sh\nexec ${process.execPath} ${card} ${name} ${folder}/played\n`);
    chmodSync(join(folder, name), 0o755);
  }
  process.env.PATH = `${folder}:${process.env.PATH}`;
}

/** A node type of the core with its settings filled in, and ports as the doubles' plans name them. */
function settled(type: string, settings: object): NodeDefinition {
  const definition = core.nodes.find((node) => node.type === type)!;
  const config = definition.config.parse(settings);
  const anything = { kinds: ["audio", "speech"] as const };
  return {
    ...definition,
    inputs: () => (type === "core.microphone" ? {} : { in: anything }),
    outputs: () => (type === "core.speaker" ? {} : { out: anything }),
    create: (_, ctx) => definition.create(config, ctx),
  };
}

/** What the microphone heard, and what was left of it, both from the beginning of the devices' time line. */
async function conversation() {
  const speech = concat(...SPOKEN.map(recordingPcm));
  const listening = Promise.withResolvers<void>();
  const voice: NodeDefinition = {
    ...task(async (_input, emit, signal, ctx) => {
      await listening.promise;
      for (let time = 0; time < TIMES; time++) {
        for (const frame of framesOf(speech, { utterance: `machine-${time}` })) await emit(frame);
        await ctx.clock.sleep((speech.length * 1000) / RATE_HZ + PAUSE_MS, signal);
      }
      run.drain();
    }),
    inputs: () => ({}),
  };
  const [heard, clean] = [new Recorder(listening.resolve), new Recorder()];
  const events: NodeEvent[] = [];
  const plan = planOf(
    {
      voice,
      speaker: settled("core.speaker", { leadMs: LEAD_MS }),
      mic: settled("core.microphone", {}),
      raw: heard.node,
      echo: settled("core.echo", { reference: "speakers" }),
      left: clean.node,
    },
    [
      ["voice", "speaker", { queued: true, ms: 60_000 }],
      ["mic", "raw"],
      ["mic", "echo"],
      ["echo", "left"],
    ],
  );
  const { run } = startPlan(
    { ...plan, limits: { ...plan.limits, startMs: 10_000, drainMs: 20_000 } },
    {
      clock: new SystemClock(),
      onEvent(event) {
        if (event.type === "node" && event.node === "speaker") events.push(event.event);
      },
    },
  );
  await run.done;
  return { heard, clean, events };
}

/** Keeps audio by its place. */
class Recorder {
  readonly #frames: AudioFrame[] = [];
  readonly node: NodeDefinition;

  constructor(begun?: () => void) {
    this.node = inline({
      onFrame: (frame: Frame) => {
        begun?.();
        if (frame.kind === "audio") this.#frames.push(frame);
      },
    });
  }

  between(fromMs: number, toMs: number): Int16Array {
    const [from, to] = [fromMs, toMs].map((ms) => Math.round((ms * RATE_HZ) / 1000)) as [number, number];
    const pieces = this.#frames.flatMap(({ pcm, startSample }) => {
      const piece = pcm.subarray(Math.max(0, from - startSample), Math.max(0, to - startSample));
      return piece.length > 0 ? [piece] : [];
    });
    return concat(...pieces);
  }
}

function attenuation(heard: Recorder, clean: Recorder, atMs: number, ofMs: number): string[] {
  const found: string[] = [];
  for (let from = atMs; from + 1000 <= atMs + ofMs; from += 1000) {
    const [before, after] = [heard, clean].map((each) => levelDbfs(each.between(from, from + 1000)));
    found.push((before! - after!).toFixed(1).padStart(5));
  }
  return found;
}
