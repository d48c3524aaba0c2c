import {
  credentialLimits,
  defineNode,
  type LinkSettings,
  linkNode,
  linkPool,
  linkSettings,
  loadOpus,
  type NodeContext,
  type OpusCodec,
  type OutputPorts,
  type Session,
  type TaskNode,
  type Wire,
} from "#engine/plugin";
import { Access, socketUrl } from "./access.ts";
import { isReadable } from "./audio-reader.ts";
import { RealtimeProtocol } from "./realtime/protocol.ts";
import { type TtsSettings, ttsConfig, wayOf } from "./speaking/config.ts";
import { HttpSpeaker } from "./speaking/http-speaker.ts";
import { QwenSpeakingSession } from "./speaking/qwen-session.ts";
import type { SayingOptions, WrittenSoFar } from "./speaking/saying.ts";
import type { SpokenSoFar } from "./speaking/spoken-audio.ts";
import { CosyVoiceSession, SambertSession } from "./speaking/task-sessions.ts";
import { TaskProtocol } from "./task/protocol.ts";

/**
 * A text takes as long as it is spoken, where what follows plays it; `answerMs` looks after the service instead. A task that is given
 * nothing for 23 s is given up by the service, so one whose text is not written on is finished before.
 */
const LINK: Partial<LinkSettings> = {
  openMs: 15_000,
  finishMs: 0,
  keepAliveMs: 10_000,
  poolMs: 50_000,
  idleMs: 20_000,
};

const outputs = ({ format, sampleRateHz, subtitles }: TtsSettings): OutputPorts => ({
  ...(isReadable(format)
    ? { audio: { kinds: ["audio"], audio: { sampleRateHz, channels: 1 }, default: true } as const }
    : { recording: { kinds: ["recording"], default: true } as const }),
  ...(subtitles && { spoken: { kinds: ["text"], carries: ["words"] } as const }),
});

/** Speaks texts by Model Studio. */
export const tts = defineNode({
  type: "modelstudio.tts",
  summary: "Speaks texts by Model Studio (DashScope): CosyVoice, Sambert or Qwen, also while they are written.",
  role: "tts",
  shape: "task",
  inputs: { text: { kinds: ["text"] } },
  outputs,
  config: ttsConfig,
  effects: ["network"],
  retry: { attempts: 3 },
  async create(settings, ctx): Promise<TaskNode> {
    const access = await Access.open(settings, ctx);
    const of = { concurrency: settings.concurrency, perSecond: 0, waitMs: 30_000 };
    const limits = await ctx.resource(credentialLimits(of, ...access.credential, "speaking"));
    const codec = settings.format === "opus" ? await ctx.outside(loadOpus) : undefined;
    if (wayOf(settings) === "http") return new HttpSpeaker(settings, { ctx, access, limits, codec });
    const speaker = new Speaker(settings, ctx, access, codec);
    const link = linkNode({
      ctx,
      protocol: speaker.protocol(),
      settings: linkSettings(LINK, settings.link),
      sessions: settings.mode === "flowing" ? "text" : "frame",
      limits,
      pool: await ctx.resource(linkPool(...access.credential, socketUrl(settings, "inference", settings.model))),
    });
    return {
      run: (from, emit, signal) => link.run(from, emit, signal),
      onControl: (control, emit) => link.onControl?.(control, emit),
      onUpdate: (changed) => {
        speaker.settings = ttsConfig.parse(changed);
      },
      held: () => link.held?.() ?? 0,
      close: () => link.close?.(),
    };
  },
});

/** What the sessions of a node share. */
class Speaker {
  readonly #soFar: SpokenSoFar = { endSample: 0 };
  readonly #progress: WrittenSoFar = { utterance: undefined, chars: 0 };

  constructor(
    /** As they are for the next session. */
    public settings: TtsSettings,
    readonly ctx: NodeContext,
    readonly access: Access,
    readonly codec: OpusCodec | undefined,
  ) {}

  protocol(): TaskProtocol | RealtimeProtocol {
    const { ctx, access, settings } = this;
    const way = wayOf(settings);
    if (way === "qwen-realtime") {
      const url = socketUrl(settings, "realtime", settings.model);
      return new RealtimeProtocol({ ctx, access, url, make: (...on) => new QwenSpeakingSession(this.#options(...on)) });
    }
    const Task = way === "sambert" ? SambertSession : CosyVoiceSession;
    const url = socketUrl(settings, "inference", settings.model);
    return new TaskProtocol({ ctx, access, url, make: (...on) => new Task(this.#options(...on)) });
  }

  #options(session: Session, wire: Wire): SayingOptions {
    const { ctx, settings, codec } = this;
    return { ctx, wire, session, settings, codec, soFar: this.#soFar, progress: this.#progress };
  }
}
