import { figure } from "./results.ts";

/** One bar: what it stands for, whose figure it is, and nanoseconds for a frame. */
interface Bar {
  readonly name: string;
  readonly ours: boolean;
  readonly nanos: number;
}

const part = (key: string, name: string): number => {
  const found = figure(key).parts?.values[name];
  if (found === undefined) throw new Error(`${key} has no part ${name}`);
  return found;
};

const ours = (name: string, key: string, of: string): Bar => ({ name, ours: true, nanos: part(key, of) });
const theirs = (name: string, key: string, of: string): Bar => ({ name, ours: false, nanos: part(key, of) });

const groups = (): readonly (readonly [title: string, bars: readonly Bar[]])[] => [
  [
    "Voice activity detection, 1000 sessions, 20 ms at 16 kHz",
    [
      ours("lanes, AVX2", "vad.lanes.thousand", "ours"),
      ours("lanes, portable C", "vad.lanes.portable", "ours"),
      ours("session object", "vad.session.thousand", "ours"),
      ours("one call per frame", "vad.ffi.thousand", "ours"),
      theirs("the detector in a C loop", "vad.lanes.thousand", "raw C"),
    ],
  ],
  [
    "Six pass-through nodes, 640-byte frames",
    [
      ours("inline", "chain.inline.vsGstreamer", "inline"),
      ours("a queue on every edge", "chain.queued.vsIdentity", "queued"),
      theirs("GStreamer, identity", "chain.inline.vsGstreamer", "GStreamer identity"),
      theirs("GStreamer, queue ! identity", "chain.queued.vsQueued", "GStreamer queue ! identity"),
    ],
  ],
  [
    "Source, detector, recogniser, sink",
    [
      theirs("the detector alone, in C", "path.vsDetector", "raw C detector"),
      ours("1000 runs", "path.vsDetector", "1000 runs"),
      ours("one run", "path.vsLivekitBun", "one run"),
      theirs("LiveKit's wiring in Bun, no detector", "path.vsLivekitBun", "LiveKit in Bun"),
      theirs("LiveKit's wiring in Node, no detector", "path.vsLivekitNode", "LiveKit in Node"),
      theirs("pipecat, no detector", "path.vsPipecat", "pipecat"),
    ],
  ],
  [
    "48 kHz to 16 kHz, 20 ms",
    [
      ours("AVX2", "resample.vsSpeex", "ours"),
      ours("portable C", "resample.vsSpeex.portable", "ours in portable C"),
      ours("TypeScript", "resample.vsTypescript", "ours in TypeScript"),
      theirs("speexdsp, quality 3", "resample.vsSpeex", "speexdsp quality 3"),
    ],
  ],
];

const WIDTH = 860;
const LABELS = 270;
const FIGURES = 80;
const ROW = 22;
const TITLE = 34;
/** The left and right ends of the bars, in nanoseconds; each factor of ten has the same width. */
const [LEAST, MOST] = [100, 100_000];

const xOf = (nanos: number): number =>
  LABELS + ((WIDTH - LABELS - FIGURES) * Math.log10(Math.max(nanos, LEAST) / LEAST)) / Math.log10(MOST / LEAST);

const text = (x: number, y: number, words: string, more = ""): string =>
  `<text x="${x}" y="${y}"${more}>${words.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</text>`;

const readable = (nanos: number): string =>
  nanos >= 10_000
    ? `${(nanos / 1000).toFixed(0)} µs`
    : nanos >= 1000
      ? `${(nanos / 1000).toFixed(1)} µs`
      : `${nanos} ns`;

/** What a frame costs, ours and others', as an SVG of plain shapes. */
export function chart(): string {
  const shapes: string[] = [];
  let y = 12;
  for (const [title, bars] of groups()) {
    y += TITLE;
    shapes.push(text(0, y - 10, title, ' font-weight="bold"'));
    for (const { name, ours: own, nanos } of bars) {
      const end = Math.round(xOf(nanos));
      shapes.push(text(LABELS - 8, y + 15, name, ' text-anchor="end"'));
      shapes.push(
        `<rect x="${LABELS}" y="${y + 3}" width="${end - LABELS}" height="${ROW - 6}" fill="${own ? "#1f6feb" : "#9aa4af"}"/>`,
      );
      shapes.push(text(end + 6, y + 15, readable(nanos)));
      y += ROW;
    }
  }
  const grid = [100, 1000, 10_000, 100_000].map((nanos) => {
    const x = Math.round(xOf(nanos));
    return `<line x1="${x}" y1="30" x2="${x}" y2="${y + 4}" stroke="#d0d7de"/>${text(x, y + 20, readable(nanos), ' text-anchor="middle" fill="#57606a"')}`;
  });
  const height = y + 30;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" role="img">`,
    "<title>Processor time for a frame, logarithmic; blue is Parlando</title>",
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...grid,
    ...shapes,
    "</svg>",
    "",
  ].join("\n");
}
