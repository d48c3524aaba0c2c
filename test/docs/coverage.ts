import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { ROOT } from "./pages.ts";

/** What is to work in the end: an id, what it is, and what still falls short of it. */
interface Row {
  readonly id: string;
  readonly what: string;
  readonly short?: string;
}

interface System {
  readonly name: string;
  /** What judged the tests that are named. */
  readonly judge: string;
  readonly rows: readonly Row[];
}

const row = (id: string, what: string, short?: string): Row => ({ id, what, ...(short && { short }) });

export const SYSTEMS: readonly System[] = [
  {
    name: "The engine itself",
    judge: "our own tests and proofs",
    rows: [
      row("E1", "graphs in YAML: source, detection, recognition, translation, synthesis, sink"),
      row(
        "E2",
        "plugins register node types",
        "plugins are registered in engine/main.ts; loading from parlando.yaml comes later",
      ),
      row("E3", "streaming frames, scheduled between nodes"),
      row("E4", "a native detector through bun:ffi in the hot loop"),
      row("E5", "HTTP and WebSocket API"),
      row("E6", "outside data checked by schema at every door"),
      row("E7", "MessagePack for RTVT and for live streams"),
      row("E8", "findings with file, line and column"),
      row("E9", "SQLite and PostgreSQL through drizzle"),
      row("E10", "bun:test"),
      row(
        "E11",
        "authoring, the API and plugins, each from README alone",
        "no tutorial that is executed line by line yet",
      ),
    ],
  },
  {
    name: "RTVT",
    judge: "published vectors and a stand-in service; no foreign client, no live service",
    rows: [
      row("R1", "token from pid, key and time"),
      row("R2", "login and its failures"),
      row("R3", "streams: source, target, alternatives"),
      row("R4", "switches for finals, partials and translation"),
      row("R5", "640-byte frames, acknowledged, with a sequence"),
      row("R6", "sending without waiting"),
      row("R7", "sending of any length, the tail padded and counted"),
      row("R8", "results with their ids and times"),
      row("R9", "results acknowledged; one-way and unknown pushes"),
      row("R10", "several targets, synthesised results, Opus"),
      row("R11", "connections come and go, nothing is lost"),
      row("R12", "streams closed, everything released"),
      row("R13", "64-bit stream ids, exact"),
      row("R14", "keep-alive"),
      row("R15", "encryption", "own arithmetic for four curves, not constant-time"),
      row("R16", "WebSocket transport"),
      row("R17", "every error code mapped"),
    ],
  },
  {
    name: "Aliyun NLS",
    judge: "published vectors, and the vendor's own npm library against the gateway, under Bun and Node",
    rows: [
      row("A1", "one-sentence recognition"),
      row("A2", "its parameters"),
      row("A3", "its events, with the run's labels"),
      row("A4", "hundreds at once in one process"),
      row("A5", "continuous transcription"),
      row("A6", "synthesis: plain, long with subtitles, flowing"),
      row("A7", "token created and refreshed"),
      row("A8", "the language is stated, not sent"),
      row("A9", "every status code; a trace on request"),
    ],
  },
  {
    name: "Tencent",
    judge: "published vectors and a stand-in service",
    rows: [
      row("T1", "signature of the record API and its bounds"),
      row("T2", "source by URL or upload, the file as it is"),
      row("T3", "engines and channels that fit"),
      row("T4", "text encodings"),
      row("T5", "callbacks: acknowledged, de-duplicated, redelivered; a wait survives a restart"),
      row("T6", "every code with meaning, retry and fallback"),
      row("T7", "parameters changed between calls"),
      row("T8", "current, flash and real-time recognition; synthesis"),
      row("T9", "what the local decoder cannot read"),
    ],
  },
  {
    name: "Agora",
    judge: "",
    rows: [row("G1–G11", "voice detection of both generations, dump, pacing, volume, connections, the native library")],
  },
  {
    name: "AgentScope: Model Studio and Azure",
    judge: "",
    rows: [row("S1–S44", "the realtime contract with both vendors, and the guide's examples")],
  },
];

/** Test files by the rows that they name in `covers(…)`. */
export function namedRows(): Map<string, string[]> {
  const named = new Map<string, string[]>();
  for (const path of [...new Glob("test/**/*.test.ts").scanSync(ROOT)].sort())
    for (const [, list] of readFileSync(join(ROOT, path), "utf8").matchAll(/\bcovers\(([^)]*)\)/g))
      for (const [, id] of list!.matchAll(/"([A-Z]\d+)"/g)) {
        const files = named.get(id!) ?? [];
        if (!files.includes(path)) files.push(path);
        named.set(id!, files);
      }
  return named;
}

export function statusOf(): string {
  const named = namedRows();
  return SYSTEMS.map(({ name, judge, rows }) => {
    const lines = rows.map(({ id, what, short }) => {
      const files = named.get(id) ?? [];
      const state = files.length === 0 ? "**not yet**" : short ? "partial" : "works";
      const tests = files.map((path) => `[${path.slice("test/".length, -".test.ts".length)}](../${path})`).join(", ");
      return `| ${id} | ${what} | ${state} | ${[tests, short].filter(Boolean).join("; ")} |`;
    });
    return [
      `## ${name}`,
      ...(judge ? ["", `Judged by ${judge}.`] : []),
      "",
      "| row | what | state | tests, and what falls short |",
      "| --- | --- | --- | --- |",
      ...lines,
    ].join("\n");
  }).join("\n\n");
}
