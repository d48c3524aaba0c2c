import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { encodeWav } from "#engine/audio";
import {
  defineNode,
  definePlugin,
  type FaultScript,
  type GatewayDefinition,
  NodeTypes,
  type TextFrame,
} from "#engine/plugin";
import { MemoryNetwork, newHousehold, VirtualClock } from "#engine/runtime";
import { emulate } from "#engine/testing";
import { planWorkflow } from "#engine/workflow";
import azure from "#plugins/azure";
import modelstudio from "#plugins/modelstudio";
import { AccountedRun } from "#test/accounted-run";
import { CHECKOUT } from "#test/command-line";
import { covers } from "#test/covers";
import { typesWithTones } from "#test/service-workflows";
import { scratchFolder } from "#test/short-recording";
import { voice } from "#test/signals";
import { gateway as azureGateway } from "../../../plugins/azure/gateway.ts";
import { gateway as modelStudioGateway } from "../../../plugins/modelstudio/gateway.ts";

setDefaultTimeout(60_000);

const folder = scratchFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const SIXTEEN = { sampleRateHz: 16_000, channels: 1 };
const talk = file("talk.wav", encodeWav(voice({ ms: 4000 }), SIXTEEN));

const nothing = file("nothing.wav", encodeWav(new Int16Array(320), SIXTEEN));

/** What stands behind each address; a session has either audio or texts, and the other input is a file with nothing in it. */
const service = (translates: boolean): string =>
  JSON.stringify({
    parlando: 1,
    name: "service",
    inputs: {
      talk: { kind: "audio", default: nothing },
      words: { kind: "text", default: nothing },
    },
    nodes: {
      asr: {
        use: "core.script",
        from: "inputs.talk",
        with: {
          as: "asr",
          results: [
            { text: "go forward", partials: "auto", fromMs: 0, untilMs: 1000 },
            { text: "stop", partials: "auto", fromMs: 1500, untilMs: 2500 },
          ],
        },
      },
      ...(translates && {
        other: { use: "core.script", from: "asr", with: { as: "translate", otherwise: "upper", language: "es" } },
      }),
      voice: { use: "tone.tts", from: "inputs.words" },
    },
    outputs: { texts: ["asr.partial", "asr.final", ...(translates ? ["other"] : [])], speech: "voice" },
  });

/** Opens whatever place an input of texts has, and finds nothing there. */
const silent = defineNode({
  type: "silent.texts",
  summary: "Says nothing.",
  role: "source",
  inputs: {},
  outputs: { text: { kinds: ["text"] } },
  config: z.strictObject({}),
  shape: "task",
  opens: { kind: "text", config: () => ({}), probe: async () => undefined },
  create: () => ({ run: async () => {} }),
});

const types = new NodeTypes([
  ...typesWithTones().plugins,
  definePlugin({ name: "silent", nodes: [silent] }),
  azure,
  modelstudio,
]);

const script = types.get("core.script");
if (!script) throw new Error("no scripts");

/** Texts, as whoever writes them would hand them over. */
const written = {
  definition: script,
  config: { as: "source", events: [{ text: "hello" }, { text: "good bye", atMs: 1000 }] },
};

const KEY = { id: "example-key", secret: "example-key", facts: {} };

/** Where the vendors are when nobody says anything else, and the variables that an example names. */
const VENDORS = {
  modelstudio: {
    gateway: modelStudioGateway,
    places: ["dashscope.aliyuncs.com:443"],
    environment: { DASHSCOPE_API_KEY: `${KEY.id}.${KEY.secret}` },
  },
  azure: {
    gateway: azureGateway,
    places: [
      "westeurope.stt.speech.microsoft.com:443",
      "westeurope.s2s.speech.microsoft.com:443",
      "westeurope.tts.speech.microsoft.com:443",
    ],
    environment: { AZURE_SPEECH_KEY: KEY.id, AZURE_SPEECH_REGION: "westeurope" },
  },
} as const satisfies Record<
  string,
  { gateway: GatewayDefinition; places: readonly string[]; environment: Record<string, string> }
>;
type Vendor = keyof typeof VENDORS;

interface Call {
  readonly example: string;
  readonly vendor: Vendor;
  readonly input: "talk" | "words";
  readonly params?: Readonly<Record<string, string>>;
  readonly faults?: FaultScript["faults"];
  readonly translates?: boolean;
}

/** Runs an example with nothing but its input and the variables that it names, in virtual time. */
async function run({ example, vendor, input, params = {}, faults = [], translates = false }: Call) {
  const { gateway, places, environment } = VENDORS[vendor];
  const dir = join(folder, `${example}-${vendor}`);
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock, { latencyMs: 5 });
  const household = newHousehold({ network });
  const behind = {
    network,
    household,
    types,
    workflow: service(translates),
    keys: [KEY],
    faults: { faults: [...faults] },
  };
  const emulators = await Promise.all(places.map((web) => emulate(gateway, { ...behind, web })));
  try {
    const { plan, findings } = await planWorkflow(
      { path: `workflows/${example}.yaml` },
      {
        types,
        purpose: "run",
        cwd: CHECKOUT,
        run: { id: "example", dir },
        bindings: { [input]: input === "talk" ? { location: talk } : written },
        params,
        environment,
        secret: () => undefined,
      },
    );
    if (!plan) throw new Error(findings.map(({ message }) => message).join("; "));
    const texts: TextFrame[] = [];
    const report = await new AccountedRun(
      plan,
      { runId: "example", clock, onOutput: (_, frame) => void (frame.kind === "text" && texts.push(frame)) },
      household,
    ).done;
    await clock.sleep(5000); // sockets that were kept for others say goodbye
    return {
      report,
      finals: texts.filter(({ final }) => final).map(({ text }) => text),
      partials: texts.filter(({ final }) => !final).length,
      dir,
      clients: emulators.map(({ doors }) => doors.clients),
      /** What was spoken, as milliseconds of `speech.wav`. */
      get spokenMs() {
        const wav = readFileSync(join(dir, "speech.wav"));
        return (1000 * (wav.length - 44)) / wav.readUInt32LE(28);
      },
    };
  } finally {
    await Promise.all(emulators.map((emulator) => emulator.close()));
    stop();
  }
}

/** As long as the tones that the service speaks the letters as: 100 ms each. */
const lengthOf = (...texts: readonly string[]) => texts.join("").length * 100;

const REFUSES_ONCE = [{ on: "handshake", connections: 1, do: { refuse: 503 } }] as const;

for (const vendor of ["modelstudio", "azure"] as const)
  describe(`the examples as they stand, ${vendor} being its gateway at the vendor's own address`, () => {
    test("hear", async () => {
      covers("S44");
      const heard = await run({ example: `${vendor}-hear`, vendor, input: "talk" });
      expect([heard.report.state, heard.report.failures]).toEqual(["done", []]);
      expect(heard.finals).toEqual(["go forward", "stop"]);
      expect(heard.partials).toBeGreaterThan(0);
      expect(heard.clients.every((clients) => clients === 0)).toBe(true);
    });

    test("speak", async () => {
      covers("S44");
      const spoken = await run({ example: `${vendor}-speak`, vendor, input: "words" });
      expect([spoken.report.state, spoken.report.failures]).toEqual(["done", []]);
      expect(spoken.spokenMs).toBe(lengthOf("hello", "good bye"));
    });

    test("hear and speak, where the workflow chooses between the two", async () => {
      covers("S13");
      const both = await run({ example: "vendor-choice", vendor, input: "talk", params: { vendor } });
      expect([both.report.state, both.report.failures]).toEqual(["done", []]);
      expect(both.finals).toEqual(["go forward", "stop"]);
      expect(both.spokenMs).toBe(lengthOf("go forward", "stop"));
    });

    test("try again where the vendor lets nobody in at first", async () => {
      const heard = await run({ example: `${vendor}-hear`, vendor, input: "talk", faults: [...REFUSES_ONCE] });
      expect([heard.report.state, heard.report.failures]).toEqual(["done", []]);
      expect(heard.finals).toEqual(["go forward", "stop"]);
    });
  });

test("azure-interpret as it stands: speech is translated, spoken and subtitled", async () => {
  covers("S1", "S5");
  const both = await run({ example: "azure-interpret", vendor: "azure", input: "talk", translates: true });
  expect([both.report.state, both.report.failures]).toEqual(["done", []]);
  expect(both.finals.toSorted()).toEqual(["GO FORWARD", "STOP", "go forward", "stop"]);
  expect(both.spokenMs).toBe(lengthOf("GO FORWARD", "STOP"));
  const subtitles = readFileSync(join(both.dir, "subtitles.srt"), "utf8");
  for (const text of both.finals) expect(subtitles).toContain(text);
});
