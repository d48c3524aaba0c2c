import { decodeSamples, joinBytes } from "../../audio/index.ts";
import { EngineError } from "../../errors/index.ts";
import { type AudioDecoder, damaged, imported, nothingYet, notRecognised } from "./decoding.ts";

/** The library takes a whole file at once; voice messages are a minute, of some 3 kB a second. */
const MOST_BYTES = 4 * 2 ** 20;
/** What it decodes to: the rate of the voice messages that come as Silk. */
const RATE_HZ = 24_000;

/** Silk version 3 in its own container, as messengers send it. */
export async function openSilkDecoder(): Promise<AudioDecoder> {
  const { decode } = await imported("silk-wasm", () => import("silk-wasm"));
  return new SilkDecoder(decode);
}

type Decode = (input: Uint8Array, sampleRate: number) => Promise<{ readonly data: Uint8Array }>;

class SilkDecoder implements AudioDecoder {
  readonly format = { sampleRateHz: RATE_HZ, channels: 1 };
  readonly declaredSamples = undefined;
  readonly truncated = false;
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(private readonly decode: Decode) {}

  async push(bytes: Uint8Array): Promise<Int16Array> {
    this.#bytes = joinBytes(this.#bytes, bytes);
    if (this.#bytes.length > MOST_BYTES)
      throw new EngineError("AUDIO_TOO_LONG", `Silk: more than ${MOST_BYTES} bytes, and it is decoded in one piece`);
    return nothingYet();
  }

  async end(): Promise<Int16Array> {
    if (this.#bytes.length === 0) return nothingYet();
    const { data } = await this.decode(this.#bytes, RATE_HZ).catch((cause: unknown) => {
      throw damaged("Silk", "its decoder gave up", cause);
    });
    if (data.length < 2) throw notRecognised("Silk", this.#bytes.length);
    return decodeSamples(data, "s16le");
  }

  close(): void {
    this.#bytes = new Uint8Array(0);
  }
}
