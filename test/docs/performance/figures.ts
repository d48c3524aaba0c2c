import { type Figure, figures, type Report, reports } from "./results.ts";

/** The goals in the order of the page, in words; what has none stands below them in the page's second table. */
const GOALS: readonly (readonly [key: string, words: string])[] = [
  ["vad.ffi.one", "one call per 20 ms frame / raw C, one session"],
  ["vad.ffi.thousand", "the same, 1000 sessions"],
  ["vad.session.thousand", "session object / raw C, 1000 sessions"],
  ["vad.lanes.hundred", "raw C / lanes, 100 ready sessions, AVX2"],
  ["vad.lanes.thousand", "the same, 1000 ready sessions"],
  ["vad.lanes.portable", "the same, portable C"],
  ["vad.lanes.mismatches", "mismatches against the plain detector"],
  ["chain.inline.vsGstreamer", "six inline nodes: GStreamer, six `identity` / ours"],
  ["chain.queued.vsIdentity", "a queue on every edge: GStreamer `identity` / ours"],
  ["chain.queued.vsQueued", "a queue on every edge: GStreamer `queue ! identity` / ours"],
  ["chain.inline.thousand", "1000 runs / one run, inline"],
  ["chain.queued.thousand", "1000 runs / one run, queued"],
  ["path.vsDetector", "the whole path, 1000 runs / one raw C detector call"],
  ["path.vsLivekitBun", "the path, one run: LiveKit's wiring in Bun / ours"],
  ["path.vsPipecat", "the path, one run: pipecat / ours"],
  ["batch.realtime", "an hour of speech from a WAV file to segments, times real time"],
  ["batch.vsRaw", "the same / raw C over the samples in memory"],
  ["resample.vsSpeex", "48 kHz to 16 kHz: speexdsp quality 3 / ours"],
  ["resample.snr", "signal-to-noise ratio of a tone, the worst of five"],
  ["memory.perRun", "resident memory of a live run after 2 s of speech, 10,000 runs"],
  ["memory.slope", "growth over a virtual hour, 1000 runs with a reader at half speed, upper end of the 95 % interval"],
  ["paced.p99", "age of a frame, 99 of 100, 1000 runs at real time on one core"],
];

const digits = (value: number): string =>
  Number.isInteger(value) || Math.abs(value) >= 1000 ? String(Math.round(value)) : value.toPrecision(3);

const withUnit = (value: number, unit: string): string =>
  unit === "x" ? `${digits(value)}×` : `${digits(value)} ${unit}`.trim();

const goalOf = ({ goal, unit }: Figure): string =>
  goal ? `${goal.op === "<=" ? "≤" : "≥"} ${withUnit(goal.value, unit)}` : "—";

const spreadOf = ({ spread }: Figure): string => (spread ? `${digits(spread.min)} to ${digits(spread.max)}` : "—");

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

/** Every goal with what was measured. */
export function goalTable(): string {
  const rows = GOALS.map(([key, words]) => {
    const found = figures.find((each) => each.key === key);
    if (!found) return [words, `\`${key}\``, "", "", "", "not measured"];
    const verdict = found.verdict === "missed" ? "**missed**" : "met";
    return [words, `\`${key}\``, goalOf(found), withUnit(found.value, found.unit), spreadOf(found), verdict];
  });
  const met = rows.filter((row) => row.at(-1) === "met").length;
  const summary = `${met} of ${rows.length} goals are met.`;
  return `${summary}\n\n${table(["what", "key", "goal", "value", "spread", "verdict"], rows)}`;
}

/** The goals that were missed, and what their figures are made of. */
export function missedText(): string {
  const missed = GOALS.flatMap(([key]) => figures.filter((each) => each.key === key && each.verdict === "missed"));
  if (missed.length === 0) return "No goal was missed.";
  return missed
    .map((each) => {
      const found = `\`${each.key}\`: ${withUnit(each.value, each.unit)}, where ${goalOf(each)} was wanted`;
      return each.note === undefined ? `- ${found}.` : `- ${found}: ${each.note}.`;
    })
    .join("\n");
}

/** What the values were made of. */
export function partsTable(): string {
  const place = new Map(GOALS.map(([key], i) => [key, i]));
  const placeOf = ({ key }: Figure) => place.get(key) ?? GOALS.length;
  const rows = figures
    .filter(({ note }) => note !== undefined)
    .toSorted((a, b) => placeOf(a) - placeOf(b))
    .map((each) => [`\`${each.key}\``, withUnit(each.value, each.unit), each.note!.replaceAll("|", "\\|")]);
  return table(["key", "value", "made of"], rows);
}

/** Where and when. */
export function machineText(): string {
  const [first] = reports;
  if (!first) throw new Error("test/bench/results is empty");
  const { machine } = first;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const rows = reports.map((each) => [
    each.results.map(({ name }) => `\`${name}\``).join(" "),
    each.machine.startedAt.slice(0, 16).replace("T", " "),
    each.machine.loadAverage.join(" "),
    `\`${each.machine.commit}\``,
  ]);
  return [
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}. ${sameMachine()}`,
    table(["benchmark", "begun (UTC)", "load average", "commit"], rows),
    `Versions: ${versions.join(", ")}.`,
  ].join("\n\n");
}

function sameMachine(): string {
  const about = ({ machine: { processor, cores, system } }: Report) => `${processor} ${cores} ${system}`;
  return new Set(reports.map(about)).size === 1 ? "All on this machine." : "Not all on one machine: see the files.";
}
