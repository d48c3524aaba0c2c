import {
  type ConnectionEnd,
  type DialRequest,
  EngineError,
  type Frame,
  type LinkProtocol,
  type Message,
  type NodeContext,
  type Peer,
  type PeerSession,
  type Session,
  SpokenPcm,
  type SpokenSoFar,
  spokenText,
  type TextFrame,
  type Wire,
} from "#engine/plugin";
import { secretsOf, signedUrl } from "../access.ts";
import { SPEECH_CODES, SPEECH_NOTICE, vendorError } from "../status.ts";
import { type FlowingAction, flowingMessage, readSpeech, splitText, spokenWords } from "../wire/spoken.ts";
import { serviceUrl, type TtsSettings } from "./config.ts";
import { speechParameters } from "./parameters.ts";

/** One message carries no more than 600 Chinese characters. */
const MOST_THIRDS = 1800;

/** Flowing synthesis as a link needs it: a connection for each utterance, given its text while that is still being written. */
export class FlowingProtocol implements LinkProtocol {
  readonly vendor = "tencent";
  readonly secrets: readonly string[];
  readonly soFar: SpokenSoFar = { endSample: 0 };
  /** How much of an utterance was given to the service: one whose session ended early goes on where it was. */
  readonly written: { utterance: string | undefined; chars: number } = { utterance: undefined, chars: 0 };

  constructor(
    /** As they are for the next session. */
    public settings: TtsSettings,
    readonly ctx: NodeContext,
  ) {
    this.secrets = secretsOf(settings);
  }

  dial(): DialRequest {
    const { settings, ctx } = this;
    const parameters = speechParameters(settings, ctx, ctx.newId());
    const { secretKey } = settings;
    return { url: signedUrl(serviceUrl(settings), parameters, { method: "GET", name: "Signature", secretKey }) };
  }

  connect(wire: Wire): Peer {
    return new FlowingPeer(this, wire);
  }
}

/** One connection, which is one session of the service's. */
class FlowingPeer implements Peer {
  readonly #ready: PromiseWithResolvers<void>;
  readonly #done: PromiseWithResolvers<void>;
  #sessionId = "";
  #session: Session | undefined;
  #audio: SpokenPcm | undefined;
  #text: TextFrame | undefined;
  #over = false;
  #asked = false;
  #startSample = 0;
  #callOff: (() => void) | undefined;

  constructor(
    readonly protocol: FlowingProtocol,
    readonly wire: Wire,
  ) {
    this.#ready = wire.expect();
    this.#done = wire.expect();
    wire.signal.addEventListener("abort", () => this.#callOff?.(), { once: true });
  }

  /** Nothing may be sent before the service says that it is ready. */
  greet(): Promise<void> {
    return this.#ready.promise;
  }

  message(message: Message): void {
    this.#callOff?.();
    if (typeof message !== "string") return this.#spoken(message);
    const said = readSpeech(message);
    this.#sessionId = said.session_id ?? this.#sessionId;
    if (said.code !== 0 && said.code !== SPEECH_NOTICE) throw vendorError(SPEECH_CODES, said.code, "a text");
    if (said.result?.subtitles) this.#audio?.addWords(spokenWords(said.result.subtitles));
    if (said.final === 1) return this.#finished();
    if (said.ready === 1) this.#ready.resolve();
    this.#watch();
  }

  session(session: Session): PeerSession {
    const { settings, soFar } = this.protocol;
    this.#startSample = soFar.endSample;
    this.#session = session;
    this.#audio = new SpokenPcm(settings.sampleRateHz, soFar);
    return {
      open: async () => {},
      send: (frame) => this.#write(frame),
      finish: () => {
        if (!this.#asked && !this.#over) this.#act("ACTION_COMPLETE");
        this.#asked = true;
        this.#watch();
        return this.#done.promise;
      },
      abandon: () => this.#callOff?.(),
    };
  }

  /** A socket that is closed in the midst of a session leaves it without its audio. */
  ended(end: ConnectionEnd): unknown {
    if (this.#over) return undefined;
    return new EngineError(
      "VENDOR_LOST",
      `Tencent's socket was closed before a text was spoken, with code ${end.code ?? "none"}`,
    );
  }

  /** Of a partial, what no later revision changes; of the final, the rest. */
  #write(frame: Frame): void {
    if (frame.kind !== "text") return;
    this.#text = frame;
    const { written } = this.protocol;
    if (written.utterance !== frame.utterance) Object.assign(written, { utterance: frame.utterance, chars: 0 });
    const more = (frame.final ? frame.text : frame.text.slice(0, frame.stableChars)).slice(written.chars);
    if (more.trim() === "") return; // blanks go with what follows
    written.chars += more.length;
    for (const text of splitText(more, MOST_THIRDS)) this.#act("ACTION_SYNTHESIS", text);
  }

  #act(action: FlowingAction, data?: string): void {
    this.wire.send(flowingMessage(this.#sessionId, this.protocol.ctx.newId(), action, data));
  }

  #spoken(bytes: Uint8Array): void {
    if (!this.#text) throw new EngineError("VENDOR_PROTOCOL", "Tencent spoke before it was given a text");
    const audio = this.#audio?.frame(bytes, this.#text);
    if (audio) this.#session?.emit(audio, "audio");
    this.#watch();
  }

  #finished(): void {
    if (this.#over) return;
    this.#over = true;
    const { settings, soFar, ctx } = this.protocol;
    this.#audio?.end(ctx);
    const place = { startSample: this.#startSample, endSample: soFar.endSample, sampleRateHz: settings.sampleRateHz };
    if (settings.subtitles && this.#text)
      this.#session?.emit(spokenText(this.#text, this.#audio?.words ?? [], place), "spoken");
    ctx.report({ type: "completed", samples: place.endSample - place.startSample });
    this.#done.resolve();
    if (!this.#asked) this.#session?.over();
  }

  /** From now on, the next answer has so long to come. */
  #watch(): void {
    this.#callOff?.();
    const { settings, ctx } = this.protocol;
    if (settings.answerMs === 0 || this.#over || !this.#text) return;
    this.#callOff = ctx.clock.after(settings.answerMs, () =>
      this.wire.fail(new EngineError("RESULT_LATE", `Tencent has not answered a text for ${settings.answerMs} ms`)),
    );
  }
}
