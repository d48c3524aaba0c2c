const id = () => crypto.randomUUID().replaceAll("-", "");

/** A client of Aliyun's transcription, by hand: sends audio and remembers what it is told. */
export class TranscriptionClient {
  readonly told: { readonly name: string; readonly result?: string; readonly status?: number }[] = [];
  readonly #socket: WebSocket;
  readonly #task = id();
  readonly #waiting: { holds(): boolean; resolve(): void }[] = [];
  readonly closed: Promise<number>;

  /** @param web `host:port` and prefix of the gateway. */
  constructor(web: string, token: string, appkey: string) {
    this.#socket = new WebSocket(`ws://${web}/ws/v1?token=${token}`);
    this.closed = new Promise((resolve) => {
      this.#socket.onclose = ({ code }) => resolve(code);
    });
    this.#socket.onopen = () => this.#say("StartTranscription", appkey, { format: "pcm", sample_rate: 16_000 });
    this.#socket.onmessage = ({ data }) => {
      const { header, payload } = JSON.parse(String(data));
      this.told.push({ name: header.name, result: payload?.result, status: header.status });
      for (const waiting of this.#waiting.filter((each) => each.holds())) {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        waiting.resolve();
      }
    };
  }

  /** The sentences that are final, in order. */
  get finals(): string[] {
    return this.told.flatMap(({ name, result }) => (name === "SentenceEnd" ? [result ?? ""] : []));
  }

  until(holds: (client: this) => boolean): Promise<void> {
    if (holds(this)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ holds: () => holds(this), resolve }));
  }

  get started(): Promise<void> {
    return this.until(({ told }) => told.some(({ name }) => name === "TranscriptionStarted"));
  }

  send(pcm: Int16Array): void {
    this.#socket.send(new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength));
  }

  stop(): void {
    this.#say("StopTranscription", "example-appkey", {});
  }

  #say(name: string, appkey: string, payload: unknown): void {
    const header = { message_id: id(), task_id: this.#task, namespace: "SpeechTranscriber", name, appkey };
    this.#socket.send(JSON.stringify({ header, payload }));
  }
}
