import type { Client, GatewayHost, GatewayKey, Incoming } from "#engine/plugin";
import { decodeMessage, hexId, isHexId, type SpeechMessage } from "../wire.ts";
import { ListeningTurn } from "./listening-turn.ts";
import { Outlet, type Refusal } from "./outlet.ts";
import type { ServedTurn, TurnPlace } from "./place.ts";
import type { GatewaySettings } from "./settings.ts";
import { SpeakingTurn } from "./speaking-turn.ts";

/** What begins a turn where none of its id is under way. */
const BEGINNINGS = new Set(["audio", "synthesis.context", "ssml"]);
/** Ids of turns that have ended: none may be used again. */
const REMEMBERED = 1000;

/** One client on one socket: one turn after the other, each under an id of its own. */
export class Conversation {
  #turn: ServedTurn | undefined;
  #turnId = "";
  #context: unknown;
  readonly #ended = new Set<string>();
  #refused = false;
  readonly #leaving: Promise<void>[] = [];

  constructor(
    private readonly client: Client,
    private readonly request: Incoming,
    private readonly key: GatewayKey,
    private readonly host: GatewayHost,
    private readonly settings: GatewaySettings,
  ) {
    client.onVendorError((code) => this.#turn?.vendorError(code));
  }

  /** Talks until the client has gone; then nothing of it is left. */
  async run(): Promise<void> {
    try {
      for await (const message of this.client.connection) {
        if (this.#refused) continue;
        const read = this.#read(message);
        if (read) await this.#take(read);
      }
    } finally {
      this.#leave();
      await Promise.all(this.#leaving);
    }
  }

  #read(message: string | Uint8Array): SpeechMessage | undefined {
    try {
      const read = decodeMessage(message);
      if (isHexId(hexId(read.requestId)) || read.requestId === "") return read;
      this.#refuse({ close: 1002, reason: "Missing/Empty header. X-RequestId" });
    } catch (error) {
      const words = error instanceof Error ? error.message : "";
      const missing = /has no (Path|X-RequestId)/.exec(words)?.[1];
      if (missing) this.#refuse({ close: 1002, reason: `Missing/Empty header. ${missing}` });
      else this.#refuse({ close: 1007, reason: "The message cannot be read." });
    }
    return undefined;
  }

  async #take(message: SpeechMessage): Promise<void> {
    const { path, body } = message;
    const requestId = hexId(message.requestId);
    if (path === "speech.context") this.#context = jsonOf(typeof body === "string" ? body : "");
    if (path === "speech.config" || path === "speech.context" || path === "telemetry") return;
    if (requestId !== this.#turnId) {
      if (!BEGINNINGS.has(path)) return; // late, of a turn that is over
      if (this.#ended.has(requestId)) {
        if (path === "audio") return; // clients go on sending until they have heard of the end
        return this.#refuse({ close: 1002, reason: "The request id was used before." });
      }
      if (path === "audio" && typeof body !== "string" && body.length === 0) return;
      this.#begin(message);
    }
    await this.#turn?.message(message);
  }

  #begin({ path, requestId: sent }: SpeechMessage): void {
    const requestId = hexId(sent);
    this.#leave();
    const scripted = this.client.fault("vendorError");
    const outlet = new Outlet(this.client, this.host, sent);
    const place: TurnPlace = {
      outlet,
      key: this.key,
      host: this.host,
      settings: this.settings,
      path: this.request.path,
      query: new URLSearchParams(this.request.query),
      context: this.#context,
      refuse: (refusal) => this.#refuse(refusal),
      over: () => this.#over(requestId),
    };
    this.#turnId = requestId;
    this.#turn = path === "audio" ? new ListeningTurn(place) : new SpeakingTurn(place);
    if (scripted) this.#turn.vendorError(scripted.code ?? "Error");
  }

  #over(requestId: string): void {
    this.#ended.add(requestId);
    const [oldest] = this.#ended;
    if (this.#ended.size > REMEMBERED && oldest !== undefined) this.#ended.delete(oldest);
    if (this.#turn) this.#leaving.push(this.#turn.gone());
    this.#turn = undefined;
    this.#turnId = "";
  }

  #leave(): void {
    this.#turn?.leave();
    if (this.#turnId !== "") this.#over(this.#turnId);
  }

  #refuse({ close, reason }: Refusal): void {
    if (this.#refused) return;
    this.#refused = true;
    this.#leave();
    this.client.connection.close(close, reason);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
