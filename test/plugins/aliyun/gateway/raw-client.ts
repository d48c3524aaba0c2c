import type { Connection, Network } from "#engine/plugin";
import type { VirtualClock } from "#engine/runtime";
import type { Emulator } from "#engine/testing";
import { hears } from "#test/service-workflows";
import type { ServiceOptions } from "#test/vendor-service";
import { TOKEN, withService } from "../service.ts";

/** What the gateway tells of a task. */
export interface Event {
  readonly header: {
    readonly name: string;
    readonly namespace: string;
    readonly status: number;
    readonly task_id: string;
    readonly [word: string]: unknown;
  };
  readonly payload?: Record<string, unknown>;
}

/** A number as an id of a message or task. */
export const hex = (n: number) => n.toString(16).padStart(32, "0");

/** A client of one socket, as any library would be: what it sends and what it was told. */
export class RawClient {
  readonly told: (Event | Uint8Array)[] = [];
  #messages = 0;
  readonly done: Promise<void>;

  constructor(
    readonly connection: Connection,
    readonly namespace: string,
  ) {
    this.done = (async () => {
      for await (const message of connection)
        this.told.push(typeof message === "string" ? (JSON.parse(message) as Event) : message);
    })();
  }

  send(name: string, payload?: unknown, header: Record<string, unknown> = {}): void {
    const own = {
      message_id: hex(++this.#messages),
      task_id: hex(999),
      namespace: this.namespace,
      name,
      appkey: "example-appkey",
    };
    this.connection.send(
      JSON.stringify({ header: { ...own, ...header }, ...(payload === undefined ? {} : { payload }) }),
    );
  }

  get events(): Event[] {
    return this.told.filter((item): item is Event => !(item instanceof Uint8Array));
  }

  get names(): string[] {
    return this.events.map(({ header }) => header.name);
  }

  get audioBytes(): number {
    return this.told.reduce((sum, item) => sum + (item instanceof Uint8Array ? item.length : 0), 0);
  }
}

/** A client at the emulated service. */
export interface Scene {
  readonly client: RawClient;
  readonly clock: VirtualClock;
  readonly network: Network;
  readonly emulator: Emulator;
  /** Lets run time pass, so that all that is under way arrives. */
  pass(ms?: number): Promise<void>;
}

/** Plays a test with a client whose socket is open, and closes that in the end. */
export const scene = <T>(
  options: Partial<ServiceOptions> & { readonly namespace?: string; readonly path?: string; readonly token?: string },
  play: (scene: Scene) => Promise<T>,
): Promise<T> =>
  withService({ workflow: hears("one two", "three"), ...options }, async ({ clock, network, emulator }) => {
    const headers = { "X-NLS-Token": options.token ?? TOKEN };
    const connection = await network.dial({ url: `ws://nls.test${options.path ?? "/ws/v1"}`, headers });
    const client = new RawClient(connection, options.namespace ?? "SpeechRecognizer");
    try {
      return await play({ client, clock, network, emulator, pass: (ms = 100) => clock.sleep(ms) });
    } finally {
      connection.destroy();
    }
  });

/** So much silence at 16 kHz, as bytes. */
export const audio = (ms: number) => new Uint8Array(ms * 32);
/** What a recognition or transcription is begun with. */
export const START = { format: "pcm", sample_rate: 16000, enable_intermediate_result: true };
