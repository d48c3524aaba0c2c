import { existsSync } from "node:fs";
import { EngineError } from "#engine/errors";
import { cText, type Shim, shimHere } from "./binding.ts";
import {
  type AgoraEvent,
  type AgoraFrame,
  AUDIO_RECORD_BYTES,
  agoraEvent,
  audioFrame,
  EVENT_RECORD_BYTES,
} from "./records.ts";

/** The layouts of the vendor's library: 4.4.30 comes with its releases up to 2.3, 4.4.32 with those from 2.4 on. */
export type AgoraAbi = "4.4.30" | "4.4.32";

export interface ServiceOptions {
  /** The vendor's shared library; those that it needs are found beside it by the system's loader. */
  readonly library: string;
  readonly abi: AgoraAbi;
  readonly appId: string;
  /** 7 chorus, 9 AI server. */
  readonly scenario: number;
  /** A mask of regions; 0xFFFFFFFF is the whole world. */
  readonly area?: number;
  /** Of the audio that comes in. */
  readonly sampleRateHz: number;
}

const WORLD = 0xffff_ffff;
const NO_LIBRARY = -2;
const WRONG_ABI = -3;
const CLOSED = -4;
const FULL = -5;
const BAD_ARGUMENT = -6;

/** What this process has loaded; a library is never let go. */
let loaded: { readonly library: string; readonly abi: AgoraAbi } | undefined;

function load(shim: Shim, library: string, abi: AgoraAbi): void {
  if (loaded && (loaded.library !== library || loaded.abi !== abi))
    throw new EngineError("ENGINE_TAKEN", `this process has loaded ${loaded.library} as ${loaded.abi} already`);
  const result = shim.pa_load(cText(library), abi === "4.4.30" ? 4430 : 4432);
  if (result < 0) throw failure(shim, result, `${library} as ${abi}`);
  loaded = { library, abi };
}

/** The vendor's service. A process has one: a second is refused until the first is closed. */
export class AgoraService {
  readonly #shim: Shim;
  #open = true;

  private constructor(
    shim: Shim,
    readonly sampleRateHz: number,
  ) {
    this.#shim = shim;
  }

  /**
   * Loads the library, checks its layout and opens the service.
   * @throws EngineError ENGINE_MISSING when there is no such library or nothing to build the shim with; ENGINE_FAILED when it is of another
   *   layout, cannot be loaded or refuses; ENGINE_TAKEN when the process has a service already, or another library.
   */
  static open({ library, abi, appId, scenario, area = WORLD, sampleRateHz }: ServiceOptions): AgoraService {
    if (!existsSync(library))
      throw new EngineError(
        "ENGINE_MISSING",
        `${library} is not there: Agora's native library comes with its server SDK, from Agora's download site`,
      );
    const shim = shimHere();
    load(shim, library, abi);
    const opened = shim.pa_service_open(cText(appId), scenario, area, sampleRateHz);
    if (opened === FULL)
      throw new EngineError("ENGINE_TAKEN", "Agora allows one service in a process, and one is open");
    if (opened < 0) throw failure(shim, opened, "the service");
    return new AgoraService(shim, sampleRateHz);
  }

  /**
   * A connection that is in no channel yet.
   * @param volumeMs between two reports of volumes; 0 for none.
   */
  connection(volumeMs = 0): AgoraConnection {
    const id = this.#shim.pa_open(volumeMs);
    if (id < 0) throw failure(this.#shim, id, "a connection");
    return new AgoraConnection(this.#shim, id);
  }

  /** After all its connections. A second call does nothing. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#shim.pa_service_close();
  }
}

/** One connection to a channel. Frames and events wait in it until they are asked for; more than 256 of either are dropped and counted. */
export class AgoraConnection {
  readonly #audio = new Uint8Array(AUDIO_RECORD_BYTES);
  readonly #event = new Uint8Array(EVENT_RECORD_BYTES);

  constructor(
    private readonly shim: Shim,
    readonly id: number,
  ) {}

  /** Returns at once; `connected` or `failed` follows as an event. @param user decimal, `0`: the server gives one. */
  connect(token: string, channel: string, user: string): void {
    this.#check(this.shim.pa_connect(this.id, cText(token), cText(channel), cText(user)), "connect");
  }

  /** Once it is connected. @param hears everybody, one user, or nobody. */
  join(options: {
    readonly publishes: boolean;
    readonly hears: "everybody" | "nobody" | { readonly user: string };
  }): void {
    const { publishes, hears } = options;
    const user = hears === "everybody" ? null : cText(hears === "nobody" ? "" : hears.user);
    this.#check(this.shim.pa_join(this.id, publishes ? 1 : 0, user), "join");
  }

  /** @param pcm interleaved, whole milliseconds; not kept after the call. */
  send(pcm: Int16Array, channels: number, sampleRateHz: number): void {
    this.#check(this.shim.pa_send(this.id, pcm, pcm.length / channels, channels, sampleRateHz), "send");
  }

  /** Drops what was sent and is not played yet. */
  clear(): void {
    this.#check(this.shim.pa_clear(this.id), "clear");
  }

  renewToken(token: string): void {
    this.#check(this.shim.pa_renew_token(this.id, cText(token)), "renew the token");
  }

  /** The next frame of any user, in the order they came. */
  nextFrame(): AgoraFrame | undefined {
    const bytes = this.#check(this.shim.pa_read_audio(this.id, this.#audio, this.#audio.length), "read");
    return bytes > 0 ? audioFrame(this.#audio) : undefined;
  }

  nextEvent(): AgoraEvent | undefined {
    const bytes = this.#check(this.shim.pa_read_event(this.id, this.#event, this.#event.length), "read");
    return bytes > 0 ? agoraEvent(this.#event) : undefined;
  }

  get dropped(): number {
    return Math.max(0, this.shim.pa_dropped(this.id));
  }

  /** Leaves the channel; the connection can join another. */
  leave(): void {
    this.#check(this.shim.pa_leave(this.id), "leave");
  }

  /** After `leave`. The id is never given again to a call that holds it. */
  close(): void {
    this.#check(this.shim.pa_close(this.id), "close");
  }

  #check(result: number, doing: string): number {
    if (result < 0) throw failure(this.shim, result, `connection ${this.id} cannot ${doing}`);
    return result;
  }
}

function failure(shim: Shim, result: number, where: string): EngineError {
  const why = `Agora, ${where}: ${shim.pa_why()}`;
  if (result === NO_LIBRARY) return new EngineError("ENGINE_MISSING", why);
  if (result === WRONG_ABI)
    return new EngineError("ENGINE_FAILED", `${why}: the library has another layout than the one configured`);
  if (result === BAD_ARGUMENT || result === CLOSED) return new EngineError("NODE_PROTOCOL", why);
  return new EngineError("ENGINE_FAILED", why);
}
