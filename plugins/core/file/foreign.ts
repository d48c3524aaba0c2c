import {
  type Container,
  type Engine,
  EngineError,
  type Environment,
  findProgram,
  hostEnvironment,
  killGroup,
  type Program,
} from "#engine/plugin";
import type { ByteSource } from "./byte-source.ts";

/** ffmpeg's own names of what it is told to expect, so that a file cannot make it read anything else, such as a list of other files. */
const DEMUXERS: Partial<Record<Container, string>> = {
  amr: "amr",
  speex: "ogg",
  ogg: "ogg",
  aac: "aac",
  m4a: "mov",
  webm: "matroska",
  aiff: "aiff",
  au: "au",
  caf: "caf",
  wma: "asf",
};

/** Whether a container is one that ffmpeg decodes where it is installed. */
export const isForeign = (container: Container | undefined): container is Container =>
  container !== undefined && DEMUXERS[container] !== undefined;

/**
 * The recording as a WAV, made by ffmpeg while it is read.
 * @param head what was read of the source already.
 * @throws EngineError ENGINE_MISSING; later AUDIO_DAMAGED where it could not read on.
 */
export function asWav(
  container: Container,
  source: ByteSource,
  head: Uint8Array,
  environment: Environment = hostEnvironment(),
): ByteSource {
  const program = findProgram("ffmpeg", environment);
  if (!program)
    throw new EngineError(
      "ENGINE_MISSING",
      `${container} is decoded by ffmpeg, which is not installed (apt-get install ffmpeg)`,
    );
  return new Decoding(program, container, source, head);
}

class Decoding implements ByteSource {
  readonly name: string;
  readonly size = undefined;
  readonly #child: ReturnType<typeof start>;
  readonly #output: AsyncIterator<Uint8Array>;
  readonly #source: ByteSource;
  readonly #container: Container;
  #feeding: Promise<unknown> | undefined;

  constructor(program: Program, container: Container, source: ByteSource, head: Uint8Array) {
    this.name = source.name;
    this.#source = source;
    this.#container = container;
    this.#child = start(program, container, source.path);
    this.#output = this.#child.stdout[Symbol.asyncIterator]();
    // what goes wrong here ends the program's input, and shows in how it ends
    if (source.path === undefined) this.#feeding = this.#feed(head.slice());
  }

  async next(): Promise<Uint8Array | undefined> {
    const { done, value } = await this.#output.next();
    if (!done) return value;
    await this.#child.exited;
    const fault = await this.#feeding;
    if (fault !== undefined) throw fault;
    if (this.#child.exitCode !== 0)
      throw new EngineError("AUDIO_DAMAGED", `${this.#container}: ffmpeg could not read it to its end`);
    return undefined;
  }

  async close(): Promise<void> {
    killGroup(this.#child.pid);
    await this.#child.exited;
    await this.#feeding;
    await this.#source.close();
  }

  /** @returns what went wrong with the source, not with the program. */
  async #feed(head: Uint8Array): Promise<unknown> {
    const { stdin } = this.#child;
    if (typeof stdin === "number" || !stdin) return undefined;
    let fault: unknown;
    let bytes: Uint8Array | undefined = head;
    while (bytes) {
      try {
        stdin.write(bytes.slice());
        await stdin.flush();
      } catch {
        break; // it has ended, and its exit status says why
      }
      bytes = await this.#source.next(65_536).catch((error: unknown) => {
        fault = error;
        return undefined;
      });
    }
    await Promise.resolve(stdin.end()).catch(() => undefined);
    return fault;
  }
}

/** It may open nothing but the one file, or its standard input. */
function start(program: Program, container: Container, path: string | undefined) {
  const input = path === undefined ? "pipe:0" : `file:${path}`;
  const reading = ["-protocol_whitelist", "file,pipe", "-f", DEMUXERS[container] ?? container, "-i", input];
  const args = ["-hide_banner", "-loglevel", "quiet", "-xerror", ...reading];
  const writing = ["-map", "0:a:0", "-c:a", "pcm_s16le", "-f", "wav", "pipe:1"];
  return Bun.spawn([program.path, ...args, ...writing], {
    stdin: path === undefined ? "pipe" : "ignore",
    stdout: "pipe",
    stderr: "ignore",
    env: program.env,
    detached: true,
  });
}

/** What `doctor` says of it. */
export const ffmpegEngine: Engine = {
  name: "ffmpeg for recordings",
  purpose: "recordings other than WAV, MP3, FLAC, Ogg Vorbis, Ogg Opus and Silk",
  optional: true,
  async find() {
    const program = findProgram("ffmpeg", hostEnvironment());
    if (program) return { found: true, path: program.path };
    return { found: false, missing: "ffmpeg in PATH", mend: "apt-get install ffmpeg" };
  },
};
