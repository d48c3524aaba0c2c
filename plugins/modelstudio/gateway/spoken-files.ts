import { type GatewayHost, type Outgoing, type SpokenOutFormat, wavHeader } from "#engine/plugin";
import { answered } from "./refusal.ts";

/** The service keeps its files for a day; here they go sooner where many are made. */
const KEPT_MS = 86_400_000;
const MOST_BYTES = 64 * 1024 * 1024;

const TYPES: Partial<Record<SpokenOutFormat, string>> = { wav: "audio/wav", mp3: "audio/mpeg", opus: "audio/ogg" };

interface SpokenFile {
  readonly bytes: Uint8Array;
  readonly type: string;
  readonly untilMs: number;
}

/** What was spoken for calls, to be fetched by its address: whoever has that may, as with the service. */
export class SpokenFiles {
  /** In the order in which they were made. */
  readonly #files = new Map<string, SpokenFile>();
  #bytes = 0;

  constructor(readonly host: GatewayHost) {}

  /** @returns the last part of its address, and when it goes, in seconds since 1970. */
  keep(bytes: Uint8Array, format: SpokenOutFormat): { readonly id: string; readonly expiresAtS: number } {
    const id = this.host.newId();
    const untilMs = this.host.epochMs() + KEPT_MS;
    this.#files.set(id, { bytes, type: TYPES[format] ?? "application/octet-stream", untilMs });
    this.#bytes += bytes.length;
    for (const [old, file] of this.#files) {
      if (old === id || (this.#bytes <= MOST_BYTES && file.untilMs > this.host.epochMs())) break;
      this.#files.delete(old);
      this.#bytes -= file.bytes.length;
    }
    return { id, expiresAtS: Math.floor(untilMs / 1000) };
  }

  read(id: string): Outgoing {
    const file = this.#files.get(id);
    if (!file || file.untilMs <= this.host.epochMs())
      return answered({ code: "NotFound", message: "no such audio" }, 404);
    return { status: 200, headers: { "content-type": file.type }, body: file.bytes };
  }
}

/** Bare samples as the file that the service makes of them. */
export const asWav = (samples: Uint8Array, sampleRateHz: number): Uint8Array =>
  Buffer.concat([wavHeader({ sampleRateHz, channels: 1 }, samples.length), samples]);
