import { spyOn } from "bun:test";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What the launcher's functions take; see `engine/launch/machine.mjs`. */
export interface Machine {
  checkout: string;
  cacheDir: string;
  platform: string;
  arch: string;
  musl: boolean;
  avx2: boolean;
  uid: number;
  release: string;
  root: string;
  env: Record<string, string | undefined>;
}

const project = join(import.meta.dir, "../..");

/** A checkout of its own with the launcher in it, a cache, and a PATH that holds only programs made by the test. */
export class FakeMachine {
  readonly folder = mkdtempSync(join(tmpdir(), "parlando-launch-"));
  readonly checkout = join(this.folder, "checkout");
  readonly cache = join(this.folder, "cache");
  readonly programs = join(this.folder, "bin");

  constructor() {
    for (const folder of [join(this.checkout, "engine"), join(this.checkout, "native"), this.programs]) {
      mkdirSync(folder, { recursive: true });
    }
    cpSync(join(project, "engine/launch"), join(this.checkout, "engine/launch"), { recursive: true });
    for (const file of ["engine/launch.mjs", "package.json", "bun.lock"]) {
      cpSync(join(project, file), join(this.checkout, file));
    }
  }

  /** Puts a shell script on PATH. Its calls are kept; in it, `$0` is the program and `$FOLDER` the test's folder. */
  program(name: string, script: string): string {
    const file = join(this.programs, name);
    const log = join(this.folder, `${name}.calls`);
    // One write of one line: two launchers at once do not mix their lines.
    writeFileSync(
      file,
      `#!/bin/sh\nFOLDER="${this.folder}"\nPATH="$PATH:/usr/bin:/bin"\necho "$*" >> "${log}"\n${script}\n`,
    );
    chmodSync(file, 0o755);
    return file;
  }

  /** An npm that installs the Bun package its arguments name: a shell script, which knows that name as `$name`. While there is a file `hold`, it waits. */
  npmBringing(bun: string): void {
    this.program(
      "npm",
      `[ "$1" = install ] || exit 1
      while [ -e "$FOLDER/hold" ]; do sleep 0.01; done
      for name; do :; done
      name="\${name%@*}"
      mkdir -p "$3/node_modules/$name/bin"
      printf '#!/bin/sh\\nname=%s\\n%s\\n' "$name" '${bun}' > "$3/node_modules/$name/bin/bun"`,
    );
  }

  /** The arguments of each call of a program, in order. */
  calls(name: string): string[] {
    const log = join(this.folder, `${name}.calls`);
    return existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : [];
  }

  env(): Record<string, string> {
    return { PATH: this.programs, HOME: this.folder, PARLANDO_CACHE: this.cache };
  }

  machine(changes: Partial<Machine> = {}): Machine {
    return {
      checkout: this.checkout,
      cacheDir: this.cache,
      platform: "linux",
      arch: "x64",
      musl: false,
      avx2: true,
      uid: 0,
      release: "bookworm",
      root: join(this.folder, "root"),
      env: this.env(),
      ...changes,
    };
  }

  /** Runs the launcher of the checkout as a user would. */
  launch(args: string[], env: Record<string, string> = {}) {
    const node = Bun.which("node");
    if (!node) throw new Error("node is not on PATH, and the launcher is a Node program");
    return Bun.spawn([node, join(this.checkout, "engine/launch.mjs"), ...args], {
      cwd: this.checkout,
      env: { ...this.env(), ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
  }

  /** The same to its end. */
  async launched(args: string[], env: Record<string, string> = {}) {
    const child = this.launch(args, env);
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    return { status: await child.exited, out, err };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What the set-up remarks while the work is done; nothing of it reaches the terminal. */
export function remarksOf(work: () => unknown): string {
  let remarks = "";
  const write = spyOn(process.stderr, "write").mockImplementation((text) => {
    remarks += String(text);
    return true;
  });
  try {
    work();
  } finally {
    write.mockRestore();
  }
  return remarks;
}

/** A module of the launcher, which is JavaScript: its types are what the test says they are. */
export async function launcherModule<T>(name: string): Promise<T> {
  const module: T = await import(join(project, "engine/launch", `${name}.mjs`));
  return module;
}

/** Lines of a stream as they come. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const parts = `${rest}${decoder.decode(bytes, { stream: true })}`.split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

/** Reads lines until one holds the text. */
export async function until(lines: AsyncGenerator<string>, wanted: string): Promise<void> {
  for (let next = await lines.next(); !next.done; next = await lines.next()) if (next.value.includes(wanted)) return;
  throw new Error(`the output ended before "${wanted}"`);
}
