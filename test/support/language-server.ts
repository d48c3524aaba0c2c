import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { CHECKOUT } from "./command-line.ts";

const SERVER = join(CHECKOUT, "node_modules/yaml-language-server/bin/yaml-language-server");

const message = z.looseObject({ id: z.union([z.number(), z.string()]).optional(), method: z.string().optional() });

const diagnostics = z.object({
  uri: z.string(),
  diagnostics: z.array(z.object({ message: z.string(), range: z.object({ start: z.object({ line: z.number() }) }) })),
});
const completions = z.object({
  items: z.array(z.object({ label: z.string(), documentation: z.unknown().optional() })),
});
const hover = z.union([z.object({ contents: z.union([z.string(), z.object({ value: z.string() })]) }), z.null()]);

/** Where something is asked: a line and a character in it, both from 0. */
interface Place {
  readonly line: number;
  readonly character: number;
}

/** The YAML language server that editors use, in a process of its own, with files in a folder. */
export class LanguageServer {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "ignore">;
  readonly #answers = new Map<number, (result: unknown) => void>();
  readonly #told = new Map<string, (found: z.output<typeof diagnostics>["diagnostics"]) => void>();
  #last = 0;

  private constructor(readonly folder: string) {
    this.#child = Bun.spawn([process.execPath, SERVER, "--stdio"], {
      cwd: folder,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "ignore",
    });
    void this.#read();
  }

  static async start(folder: string): Promise<LanguageServer> {
    const server = new LanguageServer(folder);
    const capabilities = { textDocument: { hover: { contentFormat: ["markdown"] } } };
    await server.#ask("initialize", { processId: process.pid, rootUri: null, capabilities });
    server.#tell("initialized", {});
    return server;
  }

  /** Opens a new file; resolves to what the server finds wrong with it, as `line: message` with lines from 1. */
  async open(name: string, text: string): Promise<string[]> {
    const uri = this.#uri(name);
    writeFileSync(join(this.folder, name), text);
    const told = Promise.withResolvers<z.output<typeof diagnostics>["diagnostics"]>();
    this.#told.set(uri, told.resolve);
    this.#tell("textDocument/didOpen", { textDocument: { uri, languageId: "yaml", version: 1, text } });
    return (await told.promise).map(({ message, range }) => `${range.start.line + 1}: ${message}`);
  }

  /** What could be written at a place, by label, with what is said of each. */
  async complete(name: string, position: Place): Promise<ReadonlyMap<string, string>> {
    const answer = await this.#ask("textDocument/completion", { textDocument: { uri: this.#uri(name) }, position });
    const { items } = completions.parse(answer);
    return new Map(items.map(({ label, documentation }) => [label, JSON.stringify(documentation ?? "")]));
  }

  async hover(name: string, position: Place): Promise<string> {
    const answer = await this.#ask("textDocument/hover", { textDocument: { uri: this.#uri(name) }, position });
    const contents = hover.parse(answer)?.contents ?? "";
    return typeof contents === "string" ? contents : contents.value;
  }

  async stop(): Promise<void> {
    this.#child.kill();
    await this.#child.exited;
  }

  #uri(name: string): string {
    return pathToFileURL(join(this.folder, name)).href;
  }

  #ask(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#last;
    const answer = Promise.withResolvers<unknown>();
    this.#answers.set(id, answer.resolve);
    this.#send({ id, method, params });
    return answer.promise;
  }

  #tell(method: string, params: unknown): void {
    this.#send({ method, params });
  }

  #send(what: object): void {
    const body = JSON.stringify({ jsonrpc: "2.0", ...what });
    this.#child.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    this.#child.stdin.flush();
  }

  async #read(): Promise<void> {
    let bytes = Buffer.alloc(0);
    for await (const chunk of this.#child.stdout) {
      bytes = Buffer.concat([bytes, chunk]);
      for (;;) {
        const head = bytes.indexOf("\r\n\r\n");
        if (head < 0) break;
        const length = Number(/Content-Length: (\d+)/i.exec(bytes.subarray(0, head).toString())?.[1]);
        if (bytes.length < head + 4 + length) break;
        this.#take(JSON.parse(bytes.subarray(head + 4, head + 4 + length).toString()));
        bytes = bytes.subarray(head + 4 + length);
      }
    }
  }

  #take(raw: unknown): void {
    const { id, method, ...rest } = message.parse(raw);
    if (method === "textDocument/publishDiagnostics") {
      const found = diagnostics.parse(rest.params);
      this.#told.get(found.uri)?.(found.diagnostics);
    } else if (method === "workspace/configuration") {
      // what an editor that has no settings of its own answers
      const items = z.object({ items: z.array(z.unknown()) }).parse(rest.params).items;
      this.#send({ id, result: items.map(() => ({})) });
    } else if (method !== undefined && id !== undefined) this.#send({ id, result: null });
    else if (typeof id === "number") this.#answers.get(id)?.(rest.result);
  }
}
