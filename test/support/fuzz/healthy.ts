import { type Live, Parlando } from "#engine/client";
import { bytesOf, PAUSE_MS, RATE_HZ, spoken, UTTERANCE_MS } from "../spoken-numbers.ts";

const CHUNK_MS = 100;
const EACH_MS = UTTERANCE_MS + PAUSE_MS;

/** A live run at real-time pace beside what a server has to stand: it says what it noticed of it. */
export class HealthyRun {
  readonly finals: string[] = [];
  #stopping = false;
  readonly #talking: Promise<number>;
  readonly #hearing: Promise<string>;

  private constructor(private readonly live: Live) {
    this.#hearing = this.#hear();
    this.#talking = this.#talk();
  }

  /** @param key of a project of its own. */
  static async start(url: string, key: string, workflow: string): Promise<HealthyRun> {
    const client = new Parlando({ url, key });
    const live = { encoding: "s16le", sampleRateHz: RATE_HZ, channels: 1 } as const;
    return new HealthyRun(await client.start({ workflow: { text: workflow }, inputs: { talk: { live } } }));
  }

  /** Lets the last number come out. @returns what is wrong, empty where nothing is. */
  async finish(): Promise<string[]> {
    this.#stopping = true;
    const said = await this.#talking;
    this.live.end();
    const state = await this.#hearing;
    const wanted = Array.from({ length: said }, (_, i) => String(i + 1)).join(" ");
    const faults: string[] = [];
    if (state !== "done") faults.push(`the run beside it ended as ${state}`);
    if (this.finals.join(" ") !== wanted)
      faults.push(`the run beside it: ${said} numbers were said, and ${this.finals.length} finals came`);
    return faults;
  }

  /** @returns how many numbers were said. */
  async #talk(): Promise<number> {
    const startedMs = performance.now();
    for (let number = 1; ; number++) {
      const pcm = spoken([number]);
      for (let ms = 0; ms < EACH_MS; ms += CHUNK_MS) {
        const from = (ms * RATE_HZ) / 1000;
        this.live.send("talk", bytesOf(pcm.subarray(from, from + (CHUNK_MS * RATE_HZ) / 1000)));
        const dueMs = startedMs + (number - 1) * EACH_MS + ms + CHUNK_MS;
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
      }
      if (this.#stopping) return number;
    }
  }

  async #hear(): Promise<string> {
    let state = "without an end";
    for await (const event of this.live.events()) {
      if (event.type === "text.final") this.finals.push(event.data.text);
      if (event.type === "run.ended") state = event.data.state;
    }
    return state;
  }
}
