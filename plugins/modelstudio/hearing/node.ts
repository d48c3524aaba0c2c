import {
  credentialLimits,
  type LinkProtocol,
  type LinkSettings,
  linkNode,
  linkPool,
  linkSettings,
  type NodeContext,
  OPUS_PACKET_MS,
  type Session,
  type TaskNode,
  type Wire,
} from "#engine/plugin";
import { Access, socketUrl } from "../access.ts";
import { hearingFamily } from "../models.ts";
import { RealtimeProtocol } from "../realtime/protocol.ts";
import { TaskProtocol } from "../task/protocol.ts";
import { audioWriters } from "./audio.ts";
import { type HearingSettings, transcriptLanguage } from "./config.ts";
import { InputUntil } from "./first-only.ts";
import { type HotWordsUser, hotWordsOf } from "./hot-words.ts";
import { portOf } from "./ports.ts";
import { QwenSession } from "./qwen-session.ts";
import { RecognitionSession } from "./recognition-session.ts";
import { type Order, Sentences } from "./sentences.ts";

/**
 * The service gives up a task after 23 s without anything and a socket after 60 s without a task; its own library waits 300 s for the last
 * results, which is longer than a run wants to.
 */
const LINK: Partial<LinkSettings> = { openMs: 10_000, finishMs: 20_000, keepAliveMs: 10_000, poolMs: 50_000 };
/** Where silence is not sent in place of nothing, a task is finished before the service gives it up. */
const IDLE_MS = 20_000;
/** The longest that a link may hold audio. */
const MOST_BUFFER_MS = 120_000;

/** The node of both types that hear. @param read takes changed settings in. */
export async function hearingNode(
  settings: HearingSettings,
  ctx: NodeContext,
  read: (config: unknown) => HearingSettings,
): Promise<TaskNode> {
  const hearing = await Hearing.open(settings, ctx);
  const limits = { concurrency: settings.concurrency, perSecond: 0, waitMs: 30_000 };
  const { access } = hearing;
  const url = socketUrl(settings, "inference", settings.model);
  const link = linkNode({
    ctx,
    protocol: hearing.protocol(),
    settings: linkSettings({ ...LINK, ...timesOf(settings) }, settings.link),
    sessions: settings.mode === "utterance" ? "utterance" : "stream",
    limits: await ctx.resource(credentialLimits(limits, ...access.credential, "hearing")),
    pool: await ctx.resource(linkPool(...access.credential, url)),
  });
  return {
    run: (from, emit, signal) =>
      link.run(settings.mode === "single" ? new InputUntil(from, hearing.firstHeard) : from, emit, signal),
    onControl: (control, emit) => link.onControl?.(control, emit),
    onUpdate: (changed) => {
      hearing.settings = read(changed);
    },
    held: () => link.held?.() ?? 0,
    close: async () => {
      await link.close?.();
      await hearing.close();
    },
  };
}

const timesOf = ({ bufferSize, chunkMs, heartbeat }: HearingSettings): Partial<LinkSettings> => ({
  ...(!heartbeat && { idleMs: IDLE_MS }),
  ...(bufferSize !== undefined && { bufferMs: Math.min(MOST_BUFFER_MS, Math.max(100, bufferSize * chunkMs)) }),
});

/** What the sessions of a node share. */
class Hearing {
  readonly #order: Order = new Map();
  readonly #first = Promise.withResolvers<void>();

  private constructor(
    /** As they are for the next session. */
    public settings: HearingSettings,
    readonly ctx: NodeContext,
    readonly access: Access,
    readonly newWriter: Awaited<ReturnType<typeof audioWriters>>,
    readonly hotWords: HotWordsUser | undefined,
  ) {}

  static async open(settings: HearingSettings, ctx: NodeContext): Promise<Hearing> {
    const access = await Access.open(settings, ctx);
    const newWriter = await audioWriters(settings.format, settings.sampleRateHz, ctx);
    const { hotWords: words, model } = settings;
    return new Hearing(settings, ctx, access, newWriter, await hotWordsOf({ access, ctx, words, model }));
  }

  /** Resolves when a sentence has had its final. */
  get firstHeard(): Promise<void> {
    return this.#first.promise;
  }

  protocol(): LinkProtocol {
    const { ctx, access, settings } = this;
    const family = hearingFamily(settings.model);
    const kind = family === "qwen" ? "realtime" : "inference";
    const common = {
      ctx,
      access,
      url: socketUrl(settings, kind, settings.model),
      chunkMs: settings.format === "opus" ? OPUS_PACKET_MS : settings.chunkMs,
    };
    if (kind === "realtime")
      return new RealtimeProtocol({ ...common, make: (session, wire) => this.#qwen(session, wire) });
    return new TaskProtocol({ ...common, make: (session, wire) => this.#task(session, wire) });
  }

  /** The hot words' list goes when nobody needs it any more. */
  async close(): Promise<void> {
    await this.hotWords?.leave();
  }

  #task(session: Session, wire: Wire): RecognitionSession {
    const { ctx, settings } = this;
    return new RecognitionSession(
      { session, ctx, wire },
      {
        settings,
        writer: this.newWriter(),
        sentences: this.#sentences(session),
        vocabularyId: async () => settings.vocabularyId ?? this.hotWords?.id(),
        heardOne: () => this.#first.resolve(),
      },
    );
  }

  #qwen(session: Session, wire: Wire): QwenSession {
    const { ctx, settings } = this;
    const writer = this.newWriter();
    const sentences = this.#sentences(session);
    return new QwenSession({ ctx, wire, session, settings, writer, sentences, heardOne: () => this.#first.resolve() });
  }

  #sentences(session: Session): Sentences {
    const { ctx, settings } = this;
    return new Sentences({
      ctx,
      session,
      order: this.#order,
      language: transcriptLanguage(settings),
      transcripts: settings.transcripts ?? true,
      joined: settings.mode === "utterance",
      port: (frame) => portOf(frame, settings),
    });
  }
}
