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
      row("E2", "plugins register node types"),
      row("E3", "streaming frames, scheduled between nodes"),
      row("E4", "a native detector through bun:ffi in the hot loop"),
      row("E5", "HTTP and WebSocket API"),
      row("E6", "outside data checked by schema at every door"),
      row("E7", "MessagePack for RTVT and for live streams"),
      row("E8", "findings with file, line and column"),
      row("E9", "SQLite and PostgreSQL through drizzle"),
      row("E10", "bun:test"),
      row("E11", "authoring, the API and plugins, each from README alone"),
    ],
  },
  {
    name: "RTVT",
    judge:
      "published vectors, a stand-in service, and the vendor's own clients for Go and Python, from their sources, against the gateway; no live service",
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
      row("R15", "encryption"),
      row("R16", "WebSocket transport"),
      row("R17", "every error code mapped"),
    ],
  },
  {
    name: "Aliyun NLS",
    judge:
      "published vectors, and the vendor's own libraries against the gateway: the npm one in the tests, under Bun and Node; those for Python, Go and Java by hand; no live service",
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
    judge:
      "published vectors, a stand-in service, and the vendor's own libraries for Go, Java and Python against the gateway, by hand; no live service",
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
    judge:
      "vectors of the vendor's own detector, and a stand-in for the vendor's library with the same C interface; not the vendor's library itself",
    rows: [
      row("G1", "VAD V2 of both generations: states, and what is returned"),
      row("G2", "a detector and a run for each remote user, made and freed with the user"),
      row("G3", "dumps of the detector; any edge recorded"),
      row("G4", "pacing: lead, underflow, clearing, no lost tail"),
      row("G5", "one service in a process, many connections, released in order"),
      row("G6", "nothing is called, and nothing is slow, in a callback"),
      row("G7", "join, leave, publish and subscribe; audio of each user"),
      row("G8", "volumes of several speakers"),
      row("G9", "scenarios; chorus sets delay and track by itself"),
      row("G10", "the vendor's library from a configured path, its layout checked"),
      row("G11", "a recording sent into a channel, as an example"),
    ],
  },
  {
    name: "AgentScope: Model Studio and Azure",
    judge:
      "the vectors of messages, stand-in services, and both vendors' own libraries against the gateways: in the tests Model Studio's for Python and Azure's for JavaScript under Bun and Node, by hand Model Studio's for Java and Azure's native one for Python; no live service",
    rows: [
      row("S1", "start, stop and close of a stream"),
      row("S2", "stopping without waiting"),
      row("S3", "the state of a stream"),
      row("S4", "audio in, held until the vendor is ready"),
      row("S5", "text in, piece by piece"),
      row("S6", "partial and final texts"),
      row("S7", "times, words, sentence ids, and a confidence where the vendor gives one, as Azure Speech does"),
      row("S8", "audio out, by utterance"),
      row("S9", "the vendor's own events"),
      row("S10", "opened, completed and closed, as events"),
      row("S11", "errors with code, task and whether to try again"),
      row("S12", "times of words in synthesis; visemes"),
      row("S13", "the vendor as a choice, by `choose:`"),
      row("S14", "model, voice, language, rate and format, with the vendor's defaults"),
      row("S15", "silence limits", "Model Studio has the silence that ends a sentence only; Azure Speech has both"),
      row("S16", "address, key, workspace, client's name, inspection; key and region"),
      row("S17", "containers in: PCM, WAV, MP3, FLAC, Ogg"),
      row("S18", "containers out: PCM, WAV, MP3, Ogg"),
      row("S19", "recognition in real time and of recordings"),
      row("S20", "continuous, or one sentence"),
      row("S21", "languages and dialects"),
      row("S22", "punctuation"),
      row("S23", "translation"),
      row("S24", "speed, pitch and volume on one scale"),
      row("S25", "SSML, styles, emotions"),
      row("S26", "hot words and models of one's own"),
      row("S27", "speakers"),
      row("S28", "noise and echo suppression, gain"),
      row("S29", "buffering"),
      row("S30", "reconnecting, with what was not answered"),
      row("S31", "pooling and warm starts"),
      row("S32", "a node runs many turns"),
      row("S33", "first audio and delays, measured"),
      row("S34", "a voice chat's session, and barge-in"),
      row("S35", "microphone and speaker"),
      row("S36", "privacy: TLS by default, plain sockets only when asked"),
      row("S37", "limits: rate errors told apart, concurrency for each key"),
      row("S38", "environment names"),
      row("S39", "recordings in and out in five formats, for both vendors"),
      row("S40", "gain and noise suppression as nodes"),
      row("S41", "a lost audio device is an event, and can be opened again"),
      row("S42", "retention; a reference to consent, stored as a label; deletion by label"),
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
