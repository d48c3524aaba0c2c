import assert from "node:assert/strict";
import { type Connection, EngineError, openCoders } from "#engine/plugin";
import type { Check } from "./probe.ts";
import { settled, type VendorService } from "./vendor-subject.ts";

/** A gateway in memory, with clients that speak its protocol. */
export interface GatewaySubject<Service extends VendorService = VendorService> {
  /** Opens it anew with a workflow that answers, or with one that fails as soon as it hears something. */
  open(workflow?: "sound" | "failing"): Promise<Service>;
  /** Where it can be called, as callers write it: `ws://host/path`, `tcp://host:port`, `http://…`. */
  readonly addresses: readonly string[];
  /** A whole conversation of a client; resolves to what the client was told, in a form that can be compared. */
  converse(service: Service): Promise<unknown>;
  /** Whether what a conversation resolved to says, as the vendor says it, that something went wrong. */
  tellsFailure(told: unknown): boolean;
  /** A client with a wrong credential: resolves to all that it was told. Rejects with a code where it is not even let in. */
  refused(service: Service): Promise<unknown>;
  /** A client that has sent something to be worked on, and says no more. Left out where every call is a whole conversation. */
  begin?(service: Service): Promise<Connection>;
  /** Words that no client may be told, such as the secrets of keys. */
  readonly secrets?: readonly string[];
}

export type MakeGatewaySubject<Service extends VendorService = VendorService> = () =>
  | GatewaySubject<Service>
  | Promise<GatewaySubject<Service>>;

const CLIENTS = 1000;
/** By the machine's clock. */
const LONG_MS = 120_000;
/** Of the clock: how long a gateway may let a client wait that says nothing it understands. */
const PATIENCE_MS = 180_000;

/** What a gateway promises. */
export const gatewayContract = <Service extends VendorService>(
  name: string,
  make: MakeGatewaySubject<Service>,
): Check[] =>
  Object.entries(PROMISES).map(([promise, check]) => ({
    name: `${name} ${promise}`,
    timeoutMs: LONG_MS,
    // what a subject opens is what it is handed again
    run: async () => check((await make()) as unknown as GatewaySubject),
  }));

const PROMISES: Readonly<Record<string, (subject: GatewaySubject) => Promise<void>>> = {
  "answers a client, and the same another time": async (subject) => {
    const answers: unknown[] = [];
    await within(subject, async (service) => {
      for (let i = 0; i < 2; i++) answers.push(await subject.converse(service));
    });
    assert.ok((JSON.stringify(answers[0])?.length ?? 0) > 2, "the client was told nothing");
    assert.deepEqual(answers[1], answers[0]);
  },
  "answers each of many clients at once as if it were alone": async (subject) => {
    const alone = await within(subject, (service) => subject.converse(service));
    const together = await within(subject, (service) =>
      Promise.all(Array.from({ length: 8 }, () => subject.converse(service))),
    );
    for (const answer of together) assert.deepEqual(answer, alone);
  },
  "refuses a wrong credential and starts no run for it": async (subject) => {
    await within(subject, async (service) => {
      const told = await subject.refused(service).catch((error: unknown) => {
        assert.ok(error instanceof EngineError, `no error with a code, but ${error}`);
        return error.message;
      });
      assert.equal(service.emulator.host.started, 0, "a run was started");
      noSecret(subject, told);
    });
  },
  "ends the run of a client that goes away": async ({ begin, ...subject }) => {
    if (!begin) return;
    for (const goodbye of [true, false])
      await within(subject, async (service) => {
        const connection = await begin(service);
        await service.clock.sleep(1000);
        if (goodbye) connection.close();
        else connection.destroy();
        await settled(service);
        assert.equal(service.emulator.host.running, 0, "its run goes on");
      });
  },
  "tells a client that its run has failed": async (subject) => {
    await within(
      subject,
      async (service) => {
        const told = await subject.converse(service).catch((error: unknown) => error);
        assert.ok(told instanceof Error || subject.tellsFailure(told), "the client was not told of it");
        noSecret(subject, told);
      },
      "failing",
    );
  },
  "bears callers that make no sense, and answers others meanwhile": async (subject) => {
    const alone = await within(subject, (service) => subject.converse(service));
    for (const noise of NOISE)
      await within(subject, async (service) => {
        await Promise.all(subject.addresses.map((address) => babble(service, address, noise)));
        assert.deepEqual(await subject.converse(service), alone);
        await service.clock.sleep(PATIENCE_MS);
      });
  },
  "sends its clients away when it closes": async ({ begin, ...subject }) => {
    if (!begin) return;
    const service = await subject.open();
    const connection = await begin(service);
    await service.emulator.close();
    await Promise.race([connection.closed, service.clock.sleep(PATIENCE_MS)]);
    assert.equal(service.network.sockets, 0, "a client was not sent away");
    assert.equal(service.emulator.host.running, 0, "a run goes on");
    await service.close();
  },
  [`leaves nothing behind after ${CLIENTS} clients`]: async (subject) => {
    const coders = openCoders();
    await within(subject, async (service) => {
      for (let client = 0; client < CLIENTS; client++) await subject.converse(service);
      await service.clock.sleep(PATIENCE_MS);
      assert.equal(service.clock.pending, 0, "timers left");
    });
    assert.equal(openCoders(), coders, "coders of native libraries left open");
  },
};

/** Works with a gateway, and looks that nothing is left of it. */
async function within<T>(
  subject: Pick<GatewaySubject, "open">,
  work: (service: VendorService) => Promise<T>,
  workflow?: "failing",
): Promise<T> {
  const service = await subject.open(workflow);
  const result = await work(service);
  await settled(service);
  assert.equal(service.emulator.doors.clients, 0, "clients still served");
  assert.equal(service.emulator.host.running, 0, "runs still going on");
  await service.close();
  assert.equal(service.network.sockets, 0, "sockets left open");
  return result;
}

function noSecret({ secrets = [] }: Pick<GatewaySubject, "secrets">, told: unknown): void {
  const words = told instanceof Error ? told.message : (JSON.stringify(told) ?? "");
  for (const secret of secrets) assert.ok(!words.includes(secret), "a secret was told");
}

/** What callers say that have come to the wrong place: nothing, bytes, text, JSON of another kind, and far too much. */
const NOISE: readonly (string | Uint8Array)[] = [
  new Uint8Array(),
  Uint8Array.from({ length: 300 }, (_, i) => (i * 151) % 256),
  "hello?",
  '{"hello":[1,2,{"x":null}]}',
  new Uint8Array(2 ** 20).fill(0xff),
];

async function babble({ network, clock }: VendorService, address: string, noise: string | Uint8Array): Promise<void> {
  if (address.startsWith("http")) {
    for (const method of ["GET", "POST"])
      await network
        .fetch({ url: address, method, ...(method === "POST" && { body: noise }) })
        .then((answer) => answer.bytes());
    return;
  }
  try {
    const connection = await network.dial({ url: address });
    if (noise.length > 0) connection.send(noise);
    await Promise.race([connection.closed, clock.sleep(1000)]);
    connection.destroy();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error; // refused at the door, as is its right
  }
}
