import { EngineError } from "#engine/errors";
import type { HttpResponse } from "#engine/plugin";

/** An answer whose body is read once, from whatever brings it. */
export class StreamedResponse implements HttpResponse {
  constructor(
    readonly status: number,
    readonly headers: Readonly<Record<string, string>>,
    private readonly source: AsyncIterable<Uint8Array>,
    /** For messages: where it came from. */
    private readonly endpoint: string,
  ) {}

  async *chunks(): AsyncIterable<Uint8Array> {
    try {
      yield* this.source;
    } catch (error) {
      if (error instanceof EngineError) throw error;
      throw new EngineError("VENDOR_LOST", `the answer of ${this.endpoint} broke off`, { cause: error });
    }
  }

  async bytes(): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const chunk of this.chunks()) parts.push(chunk);
    return new Uint8Array(Buffer.concat(parts));
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  async json(): Promise<unknown> {
    const text = await this.text();
    try {
      return JSON.parse(text);
    } catch {
      throw new EngineError("VENDOR_PROTOCOL", `the answer of ${this.endpoint} is no JSON (${text.length} characters)`);
    }
  }
}
