import type { Attempt, DialRequest, LinkProtocol, NodeContext, Peer, Session, Wire } from "#engine/plugin";
import { FRAME_MS } from "../wire.ts";
import { type AudioWriter, audioWriters } from "./audio.ts";
import type { Calls } from "./calls.ts";
import { type StreamSettings, targetsOf } from "./config.ts";
import { RtvtPeer } from "./peer.ts";
import { Sentences } from "./sentences.ts";
import { type SpeechReader, speechReader } from "./speech.ts";
import { StreamSession } from "./stream-session.ts";

/** RTVT as a link needs it: streams that follow each other on one connection. */
export class StreamProtocol implements LinkProtocol {
  readonly vendor = "rtvt";
  readonly chunkMs = FRAME_MS;
  readonly reusable = true;
  readonly traces = true;
  readonly secrets: readonly string[];
  readonly #sentences: Sentences;

  private constructor(
    readonly settings: StreamSettings,
    readonly ctx: NodeContext,
    readonly newWriter: () => AudioWriter,
    readonly speech: SpeechReader | undefined,
  ) {
    this.secrets = [settings.key];
    this.#sentences = new Sentences({
      ctx,
      transcripts: settings.transcripts ?? true,
      translations: targetsOf(settings).length > 0,
    });
  }

  static async open(settings: StreamSettings, ctx: NodeContext): Promise<StreamProtocol> {
    const newWriter = await audioWriters(settings.codec, ctx);
    return new StreamProtocol(settings, ctx, newWriter, settings.speech ? await speechReader(ctx) : undefined);
  }

  dial({ signal }: Attempt): DialRequest {
    return { url: this.settings.url, signal };
  }

  connect(wire: Wire): Peer {
    const { settings, ctx } = this;
    return new RtvtPeer({
      wire,
      access: settings,
      clock: ctx.clock,
      epochMs: () => ctx.epochMs(),
      answerMs: settings.answerMs,
      count: (counter) => ctx.count(counter),
      session: (session, calls) => this.#stream(session, calls),
    });
  }

  #stream(session: Session, calls: Calls): StreamSession {
    const { settings, newWriter, speech } = this;
    return new StreamSession(session, { settings, calls, writer: newWriter(), sentences: this.#sentences, speech });
  }
}
