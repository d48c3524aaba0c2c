import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Control, openControl } from "#engine/control";
import { NodeTypes } from "#engine/plugin";
import { newHousehold, SystemClock } from "#engine/runtime";
import { type Example, type Listening, listen } from "#engine/server";
import core from "#plugins/core";
import { configOf } from "./control.ts";
import { KeptLog } from "./served.ts";
import letters, { LETTERS } from "./spoken-letters.ts";
import numbers, { ECHOED } from "./spoken-numbers.ts";

const types = new NodeTypes([core, numbers, letters]);

const examples: readonly Example[] = [
  { name: "transcribe", text: ECHOED, input: { name: "talk", kind: "audio" } },
  { name: "speak", text: LETTERS, input: { name: "words", kind: "text" } },
];

/** A server with everything behind it, on a store that outlives it: it can break and begin again at the same address. */
export class WholeServer implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "parlando-whole-"));
  #control: Control | undefined;
  #listening: Listening | undefined;
  #port = 0;

  static async open(): Promise<WholeServer> {
    const server = new WholeServer();
    await server.begin();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  get control(): Control {
    if (!this.#control) throw new Error("the server is broken just now");
    return this.#control;
  }

  async begin(): Promise<void> {
    const clock = new SystemClock();
    const log = new KeptLog();
    const config = configOf({ listen: { port: this.#port }, limits: { lateMs: 1000 } });
    const household = newHousehold();
    const control = await openControl({ config, types, household, clock, environment: {}, cwd: this.#folder, log });
    this.#control = control;
    this.#listening = listen({ control, clock, log, version: "0.0.0", examples });
    this.#port = this.#listening.port;
  }

  /** As if its process had died, as far as one process can show it. */
  async break(): Promise<void> {
    await this.#listening?.stop();
    await this.#control?.close();
    this.#listening = undefined;
    this.#control = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.break();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
