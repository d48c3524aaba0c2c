import { connect } from "node:net";
import { ERROR_TRAITS } from "#engine/errors";
import { pick, type Random } from "../random.ts";
import { Document } from "./document.ts";
import { makeRaw } from "./raw.ts";
import { type MadeRequest, makeRequest } from "./requests.ts";
import { type MadeSocket, makeSocket } from "./sockets.ts";
import { STANDS_FOR } from "./traffic.ts";

/** An answer that takes longer than this is a fault. */
const ANSWER_MS = 30_000;
/** What a raw connection is given to be answered. */
const RAW_MS = 150;

export interface Tally {
  requests: number;
  messages: number;
  raw: number;
  /** By status, code or code of closing. */
  readonly answers: Map<string, number>;
  readonly faults: string[];
}

/** Sends malformed traffic to one server and judges each answer. */
export class Attack {
  readonly tally: Tally = { requests: 0, messages: 0, raw: 0, answers: new Map(), faults: [] };
  /** Ids that the server gave out, the last of each kind. */
  readonly #given: Record<string, string[]> = {};

  private constructor(
    private readonly url: string,
    private readonly key: string,
    private readonly document: Document,
  ) {}

  static async on(url: string, key: string): Promise<Attack> {
    return new Attack(url, key, new Document(await (await fetch(`${url}/openapi.json`)).text()));
  }

  get count(): number {
    return this.tally.requests + this.tally.messages + this.tally.raw;
  }

  /** One request, one socket or one raw connection. @param name how a fault says which it was. */
  async once(random: Random, name: string): Promise<void> {
    const way = random();
    if (way < 0.75) await this.#request(makeRequest(this.document, random), random, name);
    else if (way < 0.985) await this.#socket(makeSocket(this.document, random), random, name);
    else await this.#raw(makeRaw(this.key, random), name);
  }

  async #request(made: MadeRequest, random: Random, name: string): Promise<void> {
    this.tally.requests++;
    const path = this.#filled(made.path, random);
    const body = typeof made.body === "string" ? this.#filled(made.body, random) : made.body;
    const about = `${name}: ${made.method} ${path.slice(0, 150)}`;
    const headers = { authorization: `Bearer ${this.key}`, ...made.headers };
    const abort = AbortSignal.timeout(ANSWER_MS);
    try {
      const answer = await fetch(this.url + path, {
        method: made.method,
        headers,
        signal: abort,
        redirect: "manual",
        ...(body !== undefined && { body }),
      });
      const text = await readSome(answer);
      this.#judge(answer.status, text, made.method, about);
    } catch (error) {
      this.tally.faults.push(`${about}: ${error instanceof Error ? `${error.name} ${error.message}` : error}`);
    }
  }

  #judge(status: number, text: string, method: string, about: string): void {
    if (status < 400) {
      this.#count(String(status));
      return this.#remember(text);
    }
    const code = codeOf(text);
    this.#count(`${status} ${code ?? (method === "HEAD" ? "HEAD, which has no body" : "no code")}`);
    if (method === "HEAD" && status < 500) return;
    if (code === undefined) this.tally.faults.push(`${about}: ${status} without a code: ${text.slice(0, 200)}`);
    else if (status >= 500 && status !== 503) this.tally.faults.push(`${about}: ${status} ${text.slice(0, 300)}`);
    if (tellsStack(text)) this.tally.faults.push(`${about}: tells a stack: ${text.slice(0, 300)}`);
  }

  async #socket(made: MadeSocket, random: Random, name: string): Promise<void> {
    const path = this.#filled(made.path, random);
    const about = `${name}: socket ${path} ${made.protocols.join(" ")}`.slice(0, 200);
    const socket = new WebSocket(this.url.replace("http", "ws") + path, {
      protocols: [...made.protocols],
      headers: { authorization: `Bearer ${this.key}` },
    } as never);
    socket.binaryType = "arraybuffer";
    const { promise: over, resolve } = Promise.withResolvers<void>();
    let opened = false;
    let said = "";
    let quiet: ReturnType<typeof setTimeout> | undefined;
    // a socket that still lives a moment after the last answer is one that found nothing wrong
    const settle = () => {
      clearTimeout(quiet);
      quiet = setTimeout(() => socket.close(1000), 30);
    };
    const late = setTimeout(() => {
      this.tally.faults.push(`${about}: neither closed nor answered`);
      socket.terminate();
      resolve();
    }, ANSWER_MS);
    socket.onopen = () => {
      opened = true;
      for (const message of made.messages) {
        this.tally.messages++;
        socket.send(typeof message === "string" ? this.#filled(message, random) : message);
      }
      settle();
    };
    socket.onmessage = ({ data }) => {
      const text = typeof data === "string" ? data : Buffer.from(data as ArrayBuffer).toString("latin1");
      if (/"type":"error"|\xa5error/.test(text)) said = text;
      const run = /run_[\w-]{10,}/.exec(text)?.[0];
      if (run !== undefined) this.#keep("run", run);
      if (tellsStack(text)) this.tally.faults.push(`${about}: tells a stack: ${text.slice(0, 300)}`);
      settle();
    };
    socket.onclose = ({ code, reason }) => {
      clearTimeout(late);
      clearTimeout(quiet);
      if (opened) this.#judgeClose(code, reason, said, about);
      else this.#count("upgrade refused");
      resolve();
    };
    await over;
  }

  #judgeClose(code: number, reason: string, said: string, about: string): void {
    this.#count(`closed ${code}${code >= 4000 ? ` ${reason}` : ""}`);
    const expected = code === 1000 || code === 1005 || code === 1009 || (code >= 4400 && code < 4500) || code === 4503;
    if (!expected) this.tally.faults.push(`${about}: closed with ${code} ${reason}: ${said.slice(0, 300)}`);
    else if (code >= 4000 && !Object.hasOwn(ERROR_TRAITS, reason))
      this.tally.faults.push(`${about}: closed with ${code} and no code: ${reason}`);
  }

  async #raw(bytes: Uint8Array, name: string): Promise<void> {
    this.tally.raw++;
    const { port } = new URL(this.url);
    const { promise: over, resolve } = Promise.withResolvers<void>();
    let heard = "";
    const socket = connect({ host: "127.0.0.1", port: Number(port) });
    const timer = setTimeout(() => socket.destroy(), RAW_MS);
    socket.on("connect", () => socket.write(bytes));
    socket.on("data", (data: Buffer) => {
      heard += data.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
    await over;
    const status = /^HTTP\/1\.1 (\d{3})/.exec(heard)?.[1] ?? "no answer";
    this.#count(`raw ${status}`);
    // 505 is what HTTP itself has for a request of another version; the runtime's parser answers before anything of ours sees it
    if (status.startsWith("5") && status !== "505" && !(status === "503" && /"code":"[A-Z_]+"/.test(heard)))
      this.tally.faults.push(`${name}: raw bytes were answered with ${heard.slice(0, 300)}`);
    if (tellsStack(heard)) this.tally.faults.push(`${name}: raw bytes: tells a stack: ${heard.slice(0, 300)}`);
  }

  #filled(text: string, random: Random): string {
    let filled = text;
    for (const [kind, name] of Object.entries(STANDS_FOR))
      if (filled.includes(name)) filled = filled.replaceAll(name, pick(this.#given[kind] ?? ["nobody"], random));
    return filled;
  }

  #remember(text: string): void {
    for (const [kind, prefix] of [
      ["run", "run_"],
      ["upload", "up_"],
      ["job", "job_"],
      ["webhook", "wh_"],
    ] as const) {
      const id = new RegExp(`"id":"(${prefix}[\\w-]+)"`).exec(text)?.[1];
      if (id !== undefined) this.#keep(kind, id);
    }
  }

  #keep(kind: string, id: string): void {
    const ids = this.#given[kind] ?? [];
    this.#given[kind] = ids;
    if (ids.includes(id)) return;
    ids.push(id);
    if (ids.length > 20) ids.shift();
  }

  #count(answer: string): void {
    this.tally.answers.set(answer, (this.tally.answers.get(answer) ?? 0) + 1);
  }
}

/** What comes at once; a stream that goes on is let go. */
async function readSome(answer: Response): Promise<string> {
  if (answer.status >= 400) return answer.text();
  if (!/json/.test(answer.headers.get("content-type") ?? "")) {
    await answer.body?.cancel();
    return "";
  }
  return answer.text();
}

function codeOf(text: string): string | undefined {
  try {
    const { code }: { code?: unknown } = JSON.parse(text);
    return typeof code === "string" && Object.hasOwn(ERROR_TRAITS, code) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** Places in code, and folders of this machine. */
const tellsStack = (text: string): boolean =>
  /\bat (?:async )?[\w.<>#]* ?\(?\S+:\d+:\d+|node_modules|\.ts:\d+/.test(text);
