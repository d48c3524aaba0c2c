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

/** Of rows that are about both vendors. */
const AZURE = "works with Model Studio; Azure Speech is to come";

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
      row("A4", "hundreds at once in one process", "500 at once succeed; each holds 95 to 131 KiB, wanted were 100"),
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
    judge:
      "the vectors of messages, a stand-in service, and Model Studio's own library for Python against the gateway; no live service",
    rows: [
      row("S1", "start, stop and close of a stream", AZURE),
      row("S2", "stopping without waiting"),
      row("S3", "the state of a stream"),
      row("S4", "audio in, held until the vendor is ready"),
      row("S5", "text in, piece by piece", AZURE),
      row("S6", "partial and final texts", AZURE),
      row(
        "S7",
        "times, words, sentence ids, confidence",
        "Azure Speech is to come; no model of Model Studio gives a confidence",
      ),
      row("S8", "audio out, by utterance", AZURE),
      row("S9", "the vendor's own events", AZURE),
      row("S10", "opened, completed and closed, as events", AZURE),
      row("S11", "errors with code, task and whether to try again", AZURE),
      row("S12", "times of words in synthesis; visemes", "visemes, which Azure Speech has, are to come"),
      row("S13", "the vendor as a choice, by `choose:`"),
      row("S14", "model, voice, language, rate and format, with the vendor's defaults", AZURE),
      row("S15", "silence limits", "Azure Speech is to come; Model Studio has the silence that ends a sentence only"),
      row("S16", "address, key, workspace, client's name, inspection; key and region", AZURE),
      row("S17", "containers in: PCM, WAV, MP3, FLAC, Ogg", AZURE),
      row("S18", "containers out: PCM, WAV, MP3, Ogg", AZURE),
      row("S19", "recognition in real time and of recordings", AZURE),
      row("S20", "continuous, or one sentence", AZURE),
      row("S21", "languages and dialects", AZURE),
      row("S22", "punctuation", AZURE),
      row("S23", "translation", AZURE),
      row("S24", "speed, pitch and volume on one scale", AZURE),
      row("S25", "SSML, styles, emotions", AZURE),
      row("S26", "hot words and models of one's own", AZURE),
      row("S27", "speakers", AZURE),
      row("S28", "noise and echo suppression, gain"),
      row("S29", "buffering", AZURE),
      row("S30", "reconnecting, with what was not answered"),
      row("S31", "pooling and warm starts", AZURE),
      row("S32", "a node runs many turns", AZURE),
      row("S33", "first audio and delays, measured"),
      row("S34", "a voice chat's session, and barge-in", "the event names of the voice chat are to come as a gateway"),
      row("S35", "microphone and speaker"),
      row("S36", "privacy: TLS by default, plain sockets only when asked", AZURE),
      row("S37", "limits: rate errors told apart, concurrency for each key", AZURE),
      row("S38", "environment names", AZURE),
      row("S39", "recordings in and out in five formats, for both vendors", AZURE),
      row("S40", "gain and noise suppression as nodes"),
      row("S41", "a lost audio device is an event, and can be opened again"),
      row("S42", "retention, consent and deletion"),
      row("S43", "rate and concurrency for each credential, across runs"),
      row("S44", "the guide's four examples as workflows"),
    ],
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
