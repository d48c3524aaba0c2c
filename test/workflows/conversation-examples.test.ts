import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHmac } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeWav, type Frame, hostEnvironment } from "#engine/plugin";
import { MemoryNetwork, newHousehold, type RunReport, VirtualClock } from "#engine/runtime";
import { planWorkflow, type WorkflowSource } from "#engine/workflow";
import { AccountedRun } from "#test/accounted-run";
import { builtInTypes } from "#test/built-in-types";
import { CHECKOUT } from "#test/command-line";
import { enginesMissing, NEEDS_ENGINES } from "#test/engines";
import { TWO_COMMANDS, twoCommands } from "#test/short-recording";
import { concat, silence, voice } from "#test/signals";
import { installedModes } from "../../plugins/apertium/modes.ts";

setDefaultTimeout(180_000);

const folder = mkdtempSync(join(tmpdir(), "parlando-conversation-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ran {
  readonly report: RunReport;
  /** Finals by output. */
  finals(output: string): string[];
}

async function run(
  source: WorkflowSource,
  input: Readonly<Record<string, string>>,
  network = new MemoryNetwork(new VirtualClock()),
): Promise<Ran> {
  const { plan, findings } = await planWorkflow(source, {
    types: builtInTypes(),
    purpose: "run",
    environment: {},
    secret: (name) => (name === "webhook" ? "between us" : undefined),
    cwd: CHECKOUT,
    bindings: Object.fromEntries(Object.entries(input).map(([name, location]) => [name, { location }])),
    run: { id: "example", dir: folder },
  });
  if (!plan) throw new Error(findings.map(({ message }) => message).join("\n"));
  const out: { readonly output: string; readonly frame: Frame }[] = [];
  const report = await new AccountedRun(
    plan,
    { runId: "example", clock: network.clock, onOutput: (output, frame) => void out.push({ output, frame }) },
    newHousehold({ network }),
  ).done;
  return {
    report,
    finals: (output) =>
      out.flatMap((each) =>
        each.output === output && each.frame.kind === "text" && each.frame.final ? [each.frame.text] : [],
      ),
  };
}

const inCatalan = installedModes(hostEnvironment()).some(({ name }) => name === "eng-cat");
const missing = enginesMissing.length > 0 || !inCatalan;

test.skipIf(missing)(
  `the live interpreter speaks Spanish and Catalan by the engines themselves${NEEDS_ENGINES || (inCatalan ? "" : " (apertium-eng-cat is not installed)")}`,
  async () => {
    const clock = new VirtualClock();
    const stop = clock.drive();
    const talk = await twoCommands(folder);
    const { report, finals } = await run(
      { path: "workflows/live-interpreter.yaml" },
      { talk },
      new MemoryNetwork(clock),
    );
    stop();
    expect(report.failures).toEqual([]);
    expect(finals("english")).toEqual([...TWO_COMMANDS.said]);
    expect(finals("spanish")).toEqual([...TWO_COMMANDS.inSpanish]);
    expect(finals("catalan")).toHaveLength(2);
    expect(finals("catalan")[0]).toContain("metres");
    for (const language of ["es", "ca"]) expect(existsSync(join(folder, `${language}.wav`))).toBe(true);
    expect(readFileSync(join(folder, "transcript.txt"), "utf8")).toContain(TWO_COMMANDS.inSpanish[0]);
  },
);

describe("the call centre", () => {
  /** The example, its recogniser replaced by a script for each side. */
  const scripted = readFileSync(join(CHECKOUT, "workflows/call-centre.yaml"), "utf8")
    .replace("  pocketsphinx.asr: { final: accurate }\n", "")
    .replace(
      "use: pocketsphinx.asr, from: vad,",
      'use: core.script, with: { as: asr, results: [{ text: "your card?" }] }, from: vad,',
    )
    .replace(
      "use: pocketsphinx.asr, from: vad,",
      "use: core.script, with: { as: asr, results: [{ text: 4111 1111 1111 1111 }] }, from: vad,",
    )
    .replace("https://crm.example/calls", "http://crm.example/calls");
  const call = join(folder, "call.wav");
  const agent = concat(silence({ ms: 500 }), voice({ ms: 1200 }), silence({ ms: 3500 }));
  const customer = concat(silence({ ms: 2500 }), voice({ ms: 1200 }), silence({ ms: 1500 }));
  const both = new Int16Array(2 * agent.length);
  for (let i = 0; i < agent.length; i++) {
    both[2 * i] = agent[i]!;
    both[2 * i + 1] = customer[i] ?? 0;
  }
  writeFileSync(call, encodeWav(both, { sampleRateHz: 16_000, channels: 2 }));

  test("posts what each side said, signed and without numbers", async () => {
    const clock = new VirtualClock();
    const stop = clock.drive();
    const network = new MemoryNetwork(clock);
    const posts: { readonly body: string; readonly signature: string }[] = [];
    await network.listen("crm.example:80", {
      async request({ headers, body }) {
        posts.push({ body: new TextDecoder().decode(body), signature: headers["parlando-signature"] ?? "" });
        return { status: 204 };
      },
    });
    const { report } = await run({ text: scripted, name: "call-centre.yaml", dir: CHECKOUT }, { call }, network);
    stop();
    expect(report.failures).toEqual([]);
    expect(posts.map(({ body }) => JSON.parse(body).data)).toMatchObject([
      { text: "your card?", speaker: "agent", channel: 0 },
      { text: "[card]", speaker: "customer", channel: 1 },
    ]);
    for (const { body, signature } of posts) {
      const [, seconds, signed] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
      expect(signed).toBe(createHmac("sha256", "between us").update(`${seconds}.${body}`).digest("hex"));
      expect(body).not.toContain("4111");
    }
    const lines = readFileSync(join(folder, "call.jsonl"), "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).channel)).toEqual([0, 1]);
  });
});
