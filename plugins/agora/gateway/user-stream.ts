import { type AudioFrame, type Frame, type GatewayHost, type GatewayKey, ServedRun } from "#engine/plugin";
import type { AgoraFrame } from "#native/agora";
import { Segmenter } from "../vad/segmenter.ts";
import type { Generation } from "../vad/vad-v2.ts";
import type { GatewaySettings } from "./settings.ts";

/** Frames of 10 ms that wait for a run that is slow; beyond them the oldest are dropped, for the talk goes on. */
const MOST_WAITING = 500;

export interface UserPlace {
  readonly user: string;
  readonly channel: string;
  readonly key: GatewayKey;
  readonly host: GatewayHost;
  readonly settings: GatewaySettings;
  readonly generation: Generation;
  readonly sampleRateHz: number;
  /** The user begins to speak. */
  began(): void;
  /** What the workflow answers. */
  answer(frame: AudioFrame): void;
}

/** One remote user: a detector and a run of the workflow of its own, both gone when the user is. */
export class UserStream {
  readonly #run: ServedRun;
  readonly #segmenter: Segmenter | undefined;
  readonly #waiting: (AudioFrame | "flush")[] = [];
  #wake: (() => void) | undefined;
  #position = 0;
  #left = false;
  #failed = false;
  /** Frames that found no room. */
  dropped = 0;
  readonly #pumped: Promise<void>;

  constructor(private readonly place: UserPlace) {
    const { host, key, settings, generation, user, channel, sampleRateHz } = place;
    const ctx = {
      newUtterance: () => host.newId(),
      count() {},
      gate() {},
      epochMs: () => host.epochMs(),
    };
    this.#segmenter = settings.vad && new Segmenter({ ...settings.vad, generation }, ctx);
    this.#run = new ServedRun(
      host,
      {
        key,
        input: { kind: "audio", format: { sampleRateHz, channels: 1 } },
        params: { channel, user },
        labels: { channel: channel.slice(0, 255), user },
      },
      {
        ready() {},
        output: (frame) => this.#heard(frame),
        completed() {},
        failed: (error) => {
          this.#failed = true;
          host.log.warn("the run of a user has failed", { user, code: error?.code ?? "INTERNAL" });
        },
      },
    );
    this.#pumped = this.#pump();
  }

  /** Whether its run takes what is said. */
  get sound(): boolean {
    return !this.#failed;
  }

  push({ pcm, sampleRateHz, labels }: AgoraFrame): void {
    if (this.#left || sampleRateHz !== this.place.sampleRateHz) return;
    const frame: AudioFrame = { kind: "audio", pcm, sampleRateHz, channels: 1, startSample: this.#position };
    this.#position += pcm.length;
    if (this.#segmenter) this.#segmenter.next(frame, labels, (made) => this.#cut(made));
    else this.#wait(frame);
  }

  /** The user has gone: what was said so far still comes out. Resolves when nothing of it is left. */
  async leave(): Promise<void> {
    if (this.#left) return this.#run.gone();
    this.#segmenter?.close((made) => this.#cut(made));
    this.#segmenter?.free();
    this.#left = true;
    this.#wake?.();
    await this.#pumped;
    this.#run.end();
    await this.#run.gone();
  }

  #cut(made: Frame): void {
    if (made.kind === "audio") return this.#wait(made);
    if (made.kind !== "speech") return;
    if (made.mark === "start") this.place.began();
    else this.#wait("flush"); // marks do not go into a workflow's input: the end of one is told as its end
  }

  #wait(frame: AudioFrame | "flush"): void {
    this.#waiting.push(frame);
    if (this.#waiting.length > MOST_WAITING) {
      this.#waiting.shift();
      this.dropped++;
    }
    this.#wake?.();
  }

  async #pump(): Promise<void> {
    await this.#run.settled;
    for (;;) {
      const frame = this.#waiting.shift();
      if (frame === "flush") this.#run.flush();
      else if (frame) await this.#run.push(frame);
      else if (this.#left || this.#failed) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  #heard(frame: Frame): void {
    if (frame.kind === "audio") this.place.answer(frame);
  }
}
