import assert from "node:assert/strict";
import { EngineError, type FaultScript, openCoders } from "#engine/plugin";
import { driveNode } from "../drive.ts";
import type { Check, MakeSubject } from "./probe.ts";
import { recogniserContract, synthesiserContract, translatorContract } from "./text-checks.ts";
import {
  type Attempted,
  type AttemptOptions,
  attempt,
  type MakeVendorSubject,
  resultOf,
  type VendorSubject,
} from "./vendor-subject.ts";

type Faults = FaultScript["faults"];

/** How many sessions have to leave nothing behind. */
const SESSIONS = 1000;
/** Frames that are enough of a session for that. */
const BRIEF = 40;
/** By the machine's clock: a thousand sessions on a busy machine. */
const LONG_MS = 120_000;
/** Of the clock: no failure may take longer to be told. */
const TOLD_MS = 180_000;
/** Of the clock: what a node may take to end once it is cancelled. */
const CANCELLED_MS = 2000;

/** What a recogniser promises that works through a vendor's service. */
export const vendorRecogniserContract = (name: string, make: MakeVendorSubject): Check[] => [
  ...recogniserContract(name, alone(make)),
  ...vendorContract(name, make),
];

/** The same of an interpreter, which gives translations beside transcripts. */
export const vendorInterpreterContract = (name: string, make: MakeVendorSubject): Check[] => [
  ...recogniserContract(name, alone(make)),
  ...vendorContract(name, make),
];

/** The same of a translator. */
export const vendorTranslatorContract = (name: string, make: MakeVendorSubject): Check[] => [
  ...translatorContract(name, alone(make)),
  ...vendorContract(name, make),
];

/** The same of a synthesiser. */
export const vendorSynthesiserContract = (name: string, make: MakeVendorSubject): Check[] => [
  ...synthesiserContract(name, alone(make)),
  ...vendorContract(name, make),
];

/** What every node promises that works through a vendor's service, whatever its role. */
export const vendorContract = (name: string, make: MakeVendorSubject): Check[] =>
  Object.entries(PROMISES).map(([promise, check]) => ({
    name: `${name} ${promise}`,
    timeoutMs: LONG_MS,
    run: async () => check(await make()),
  }));

/** The subject for checks that know of no services: a sound one is opened for each. */
const alone =
  (make: MakeVendorSubject): MakeSubject =>
  async () => {
    const subject = await make();
    return { ...subject, open: () => subject.open() };
  };

const PROMISES: Readonly<Record<string, (subject: VendorSubject) => Promise<void>>> = {
  "loses nothing while the vendor takes its time to be ready": async (subject) => {
    for (const delay of [0, 500, 3000]) await unharmed(subject, { faults: [{ on: "handshake", do: { delay } }] });
  },
  "opens again where opening failed": async (subject) => {
    const failures: Faults[number][] = [
      { on: "handshake", ...first(subject), do: { refuse: 503 } },
      { on: "handshake", ...first(subject), do: { hang: true } },
    ];
    for (const fault of failures) await unharmed(subject, { faults: [fault], retried: true });
  },
  "comes through a lost connection with no word lost or doubled": async (subject) => {
    for (const after of MOMENTS)
      for (const close of [1006, 1011])
        await unharmed(subject, {
          faults: [{ on: "connection", ...first(subject), after, do: { close } }],
          retried: true,
          latencyMs: 5,
        });
  },
  "notices silence on an open connection": async (subject) => {
    for (const after of MOMENTS)
      await unharmed(subject, {
        faults: [{ on: "connection", ...first(subject), after, do: { silence: true } }],
        retried: true,
      });
  },
  "bears messages that come late, in pieces or twice": async (subject) => {
    await unharmed(subject, { faults: [{ on: "messages", from: 2, do: { delay: 400 } }] });
    await unharmed(subject, { latencyMs: 40 });
  },
  "takes an answer that makes no sense for a failure that says so": async (subject) => {
    for (const what of [{ garbage: true }, { half: true }] as const) {
      const faults: Faults = [{ on: "connection", ...first(subject), after: { sent: 1 }, do: what }];
      const { error, tookMs } = await attempt(subject, { faults });
      if (error !== undefined) coded(error);
      assert.ok(tookMs < TOLD_MS, `it took ${tookMs} ms to be told`);
      await unharmed(subject, { faults, retried: true });
    }
  },
  "comes through an error of the vendor's that may pass": async (subject) => {
    if (subject.passingError === undefined) return;
    const fault = { vendorError: subject.passingError };
    for (const after of MOMENTS)
      await unharmed(subject, { faults: [{ on: "connection", ...first(subject), after, do: fault }], retried: true });
  },
  "asks for another token when its own is not taken": async (subject) => {
    if (subject.tokens)
      await unharmed(subject, {
        faults: [{ on: "handshake", ...first(subject), do: { expiredToken: true } }],
        retried: true,
      });
  },
  "says once and for all that its key is refused, and does not tell the key": async (subject) => {
    if (!subject.wrongKey) return;
    const { config, secrets } = subject.wrongKey;
    const { error } = await attempt(subject, { config, retried: true });
    const { code, message } = coded(error);
    assert.equal(code, "VENDOR_KEY_REFUSED", `${code}: ${message}`);
    for (const secret of secrets)
      assert.ok(!`${message} ${JSON.stringify(coded(error).details)}`.includes(secret), "the message holds the key");
  },
  "fails with a code, in time, where the vendor never answers": async (subject) => {
    for (const fault of [{ refuse: 503 }, { hang: true }] as const) {
      const { error, tookMs } = await attempt(subject, { faults: [{ on: "handshake", do: fault }] });
      assert.ok(coded(error).traits.retryable, `${coded(error).code} is not to be tried again`);
      assert.ok(tookMs < TOLD_MS, `it took ${tookMs} ms to be told`);
    }
  },
  "ends soon and leaves nothing, whenever it is cancelled": async (subject) => {
    for (const latencyMs of [1, 700])
      for (const afterMs of [0, 1, 500, 1500, 4000]) await cancelled(subject, latencyMs, afterMs);
  },
  "shows no secret in its trace": async (subject) => {
    if (!subject.wrongKey) return;
    const { driven } = await attempt(subject, { tracing: true });
    const wire = JSON.stringify(driven?.events.filter(({ type }) => type === "wire") ?? []);
    for (const secret of secretsOf(subject.config)) assert.ok(!wire.includes(secret), "a secret stands in the trace");
  },
  [`leaves nothing behind after ${SESSIONS} sessions`]: async (subject) => leavesNothing(subject, SESSIONS),
};

const first = ({ mount }: VendorSubject) => ({ connections: 1, ...(mount !== undefined && { mount }) });

/** In the midst of a session: after so many messages to the node, or from it. */
const MOMENTS: readonly ({ sent: number } | { received: number })[] = [
  { received: 1 },
  { received: 4 },
  { sent: 1 },
  { sent: 3 },
];

/** What comes out is what comes out when nothing goes wrong, and nothing is left open. */
async function unharmed(subject: VendorSubject, options: AttemptOptions): Promise<void> {
  const sound = await attempt(subject);
  if (!sound.driven) throw sound.error;
  const tried = await attempt(subject, options);
  const words = JSON.stringify(options.faults ?? []);
  if (!tried.driven) throw new Error(`it failed through ${words}: ${tried.error}`, { cause: tried.error });
  assert.deepEqual(resultOf(subject, tried.driven), resultOf(subject, sound.driven), `through ${words}`);
  nothingLeft(tried, words);
}

function nothingLeft({ service }: Attempted, where: string): void {
  const { network, emulator } = service;
  assert.equal(network.sockets, 0, `sockets left open ${where}`);
  assert.equal(emulator.doors.clients, 0, `clients still served ${where}`);
  assert.equal(emulator.host.running, 0, `runs still going on ${where}`);
}

async function cancelled(subject: VendorSubject, latencyMs: number, afterMs: number): Promise<void> {
  const stop = new AbortController();
  let atMs = Number.POSITIVE_INFINITY;
  const clocked: VendorSubject = {
    ...subject,
    open: async (faults, latency) => {
      const service = await subject.open(faults, latency);
      service.clock.after(afterMs, () => {
        atMs = service.clock.nowMs();
        stop.abort(new EngineError("RUN_CANCELLED", "cancelled by the check"));
      });
      return service;
    },
  };
  const tried = await attempt(clocked, { signal: stop.signal, latencyMs, retried: true });
  const where = `after a cancel at ${afterMs} ms, with a network of ${latencyMs} ms`;
  if (Number.isFinite(atMs))
    assert.ok(tried.tookMs - atMs < CANCELLED_MS, `it took ${tried.tookMs - atMs} ms to end ${where}`);
  nothingLeft(tried, where);
}

async function leavesNothing(subject: VendorSubject, sessions: number): Promise<void> {
  const { definition, config = {}, formats } = subject;
  const frames = Array.isArray(subject.frames) ? subject.frames.slice(0, BRIEF) : (subject.frames ?? []);
  const service = await subject.open();
  const coders = openCoders();
  for (let session = 0; session < sessions; session++)
    await driveNode(definition, config, {
      frames,
      clock: service.clock,
      network: service.network,
      ...(formats && { formats }),
    });
  await service.clock.sleep(TOLD_MS);
  const timers = service.clock.pending;
  const where = `after ${sessions} sessions`;
  nothingLeft({ service, tookMs: 0 }, where); // before the service is closed, which would end what is open
  await service.close();
  nothingLeft({ service, tookMs: 0 }, where);
  assert.equal(timers, 0, "timers left");
  assert.equal(openCoders(), coders, "coders of native libraries left open");
}

/** @throws when it is no error with a code, or none at all. */
function coded(error: unknown): EngineError {
  assert.ok(error instanceof EngineError, `no error with a code, but ${error}`);
  return error;
}

/** Every text of a config that is long enough to be a secret, wherever it stands. */
function secretsOf(config: unknown): string[] {
  if (typeof config === "string") return config.length >= 8 && !config.includes("://") ? [config] : [];
  if (typeof config !== "object" || config === null) return [];
  return Object.entries(config).flatMap(([name, value]) => (/key|secret|token/iu.test(name) ? secretsOf(value) : []));
}
