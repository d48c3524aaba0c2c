import {
  type ConnectionEnd,
  type DialRequest,
  EngineError,
  type LinkProtocol,
  type Message,
  type NodeContext,
  type Peer,
  type PeerSession,
  type Session,
  s16leBytes,
  type Wire,
} from "#engine/plugin";
import { secretsOf } from "../access.ts";
import { languageOf } from "../engines.ts";
import { REALTIME_CODES, vendorError } from "../status.ts";
import { END_OF_AUDIO, heardIn, readRealtime } from "../wire.ts";
import type { AsrSettings } from "./config.ts";
import { sessionUrl } from "./query.ts";
import { EachSentence, OneUtterance, type Sentences } from "./sentences.ts";

/** Real-time recognition as a link needs it: a connection for each session, as its address carries what is asked for. */
export class RecognitionProtocol implements LinkProtocol {
  readonly vendor = "tencent";
  readonly chunkMs: number;
  readonly secrets: readonly string[];
  readonly order = { endSample: 0 };

  constructor(
    /** The ones for the next session. */
    public settings: AsrSettings,
    readonly ctx: NodeContext,
  ) {
    this.chunkMs = settings.chunkMs;
    this.secrets = secretsOf(settings);
  }

  dial(): DialRequest {
    return { url: sessionUrl(this.settings, this.ctx) };
  }

  connect(wire: Wire): Peer {
    return new RecognitionPeer(this, wire);
  }
}

/** One connection, which is one session of the service's. */
class RecognitionPeer implements Peer {
  readonly #ready: PromiseWithResolvers<void>;
  readonly #done: PromiseWithResolvers<void>;
  #greeted = false;
  #asked = false;
  #over = false;
  #voice = "";
  #session: Session | undefined;
  #sentences: Sentences | undefined;

  constructor(
    readonly protocol: RecognitionProtocol,
    readonly wire: Wire,
  ) {
    this.#ready = wire.expect();
    this.#done = wire.expect();
  }

  /** The service speaks first. */
  greet(): Promise<void> {
    return this.#ready.promise;
  }

  message(message: Message): void {
    const { ctx } = this.protocol;
    const said = readRealtime(message);
    this.#voice = said.voice_id ?? this.#voice;
    if (said.code !== 0) {
      const error = vendorError(REALTIME_CODES, said.code, "recognition");
      ctx.report({ type: "failed", voiceId: this.#voice, code: error.code, vendorCode: said.code });
      throw error;
    }
    if (!this.#greeted) {
      this.#greeted = true;
      ctx.report({ type: "started", voiceId: this.#voice });
      this.#ready.resolve();
    }
    for (const heard of heardIn(said)) this.#sentences?.heard(heard);
    if (said.final === 1) this.#finished();
  }

  session(session: Session): PeerSession {
    const { settings, ctx, order } = this.protocol;
    this.#session = session;
    const language = settings.language ?? languageOf(settings.engine);
    const options = { session, ctx, order, vendor: () => ({ voiceId: this.#voice }), ...(language && { language }) };
    this.#sentences = settings.sessions === "utterance" ? new OneUtterance(options) : new EachSentence(options);
    return {
      open: async () => {},
      send: (frame) => {
        if (frame.kind === "audio" && !this.#over) this.wire.send(s16leBytes(frame.pcm));
      },
      finish: () => {
        if (!this.#asked && !this.#over) this.wire.send(END_OF_AUDIO);
        this.#asked = true;
        return this.#done.promise;
      },
    };
  }

  /** A socket that is closed in the midst of a session leaves it without an answer. */
  ended(end: ConnectionEnd): unknown {
    if (this.#over) return undefined;
    return new EngineError(
      "VENDOR_LOST",
      `Tencent's socket was closed in the midst of a session, with code ${end.code ?? "none"}`,
      {
        details: { voiceId: this.#voice, ...(end.code !== undefined && { closeCode: end.code }) },
      },
    );
  }

  #finished(): void {
    if (this.#over) return;
    this.#over = true;
    this.#sentences?.end();
    this.protocol.ctx.report({ type: "completed", voiceId: this.#voice, byItself: !this.#asked });
    this.#done.resolve();
    if (!this.#asked) this.#session?.over();
  }
}
