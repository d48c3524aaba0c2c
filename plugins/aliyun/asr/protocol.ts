import type { Attempt, DialRequest, LinkProtocol, NodeContext, Peer, Session, Wire } from "#engine/plugin";
import { OPUS_PACKET_MS } from "#engine/plugin";
import type { Access } from "../access.ts";
import { NlsPeer } from "../task.ts";
import type { AudioWriter } from "./audio.ts";
import type { AsrSettings } from "./config.ts";
import type { SessionOptions } from "./recognition-session.ts";
import { SentenceSession } from "./sentence-session.ts";
import { TranscriptionSession } from "./transcription-session.ts";

/** Recognition as a link needs it: a connection for each task, as the vendor's own clients do. */
export class RecognitionProtocol implements LinkProtocol {
  readonly vendor = "aliyun";
  readonly chunkMs: number;
  readonly #order = { endSample: 0 };
  #settings: AsrSettings;
  #transcription: TranscriptionSession | undefined;

  constructor(
    settings: AsrSettings,
    readonly ctx: NodeContext,
    readonly access: Access,
    readonly newWriter: () => AudioWriter,
  ) {
    this.#settings = settings;
    this.chunkMs = settings.format === "pcm" ? settings.chunkMs : OPUS_PACKET_MS;
  }

  get secrets(): readonly string[] {
    return this.access.secrets;
  }

  dial(attempt: Attempt): Promise<DialRequest> {
    return this.access.request(attempt);
  }

  /** Live settings have changed: they hold for the task that is under way, as far as the service lets it be changed, and for the next ones. */
  update(settings: AsrSettings): void {
    this.#settings = settings;
    this.#transcription?.update(settings);
  }

  connect(wire: Wire): Peer {
    return new NlsPeer(this.ctx, this.access.canRenew, (session) => this.#open(session, wire));
  }

  #open(session: Session, wire: Wire): SentenceSession | TranscriptionSession {
    const options: SessionOptions = {
      settings: this.#settings,
      ctx: this.ctx,
      wire,
      writer: this.newWriter(),
      order: this.#order,
    };
    if (this.#settings.mode === "sentence") return new SentenceSession(session, options);
    this.#transcription = new TranscriptionSession(session, options);
    return this.#transcription;
  }
}
