import { randomUUID } from "node:crypto";
import { asEngineError, EngineError } from "#engine/errors";
import type {
  Clock,
  GatewayHost,
  GatewayKey,
  GatewayRun,
  GatewayStart,
  Logger,
  MappedWorkflow,
  Network,
} from "#engine/plugin";
import type { RunRow } from "#engine/store";
import type { Admission } from "../admission.ts";
import type { Caller } from "../api/access.ts";
import type { Keep, OwnBinding } from "../api/runs.ts";
import { keptOf, ownRow } from "../runs/own-row.ts";
import type { RunBook } from "../runs/run-book.ts";
import { withoutSecretParams } from "../runs/secret-params.ts";
import { ClientRun, Outflow } from "./client-run.ts";
import type { GatewayKeys } from "./gateway-keys.ts";
import type { Mapped, Mapping } from "./mapping.ts";

export interface StoredHostOptions {
  /** Of the gateway, in the configuration. */
  readonly name: string;
  readonly mapping: Mapping;
  readonly keys: GatewayKeys;
  readonly book: RunBook;
  readonly admission: Admission;
  readonly clock: Clock;
  /** Of the gateway: a script of faults may set it wrong. */
  readonly gatewayMs: () => number;
  readonly epochMs: () => number;
  readonly network: Network;
  readonly log: Logger;
  /** The most that may be kept of a run. */
  readonly keep: Keep;
}

const LABEL_CHARACTERS = 255;

/** What a gateway of this process stands on: each stream of its clients is a stored run of their key's project. */
export class StoredGatewayHost implements GatewayHost {
  constructor(private readonly options: StoredHostOptions) {}

  get clock(): Clock {
    return this.options.clock;
  }

  get log(): Logger {
    return this.options.log;
  }

  get network(): Network {
    return this.options.network;
  }

  get workflow(): MappedWorkflow {
    return this.options.mapping.workflow;
  }

  epochMs(): number {
    return this.options.gatewayMs();
  }

  newId(): string {
    return randomUUID();
  }

  random(): number {
    return Math.random();
  }

  async key(id: string): Promise<GatewayKey | undefined> {
    return (await this.options.keys.find(id))?.key;
  }

  async start(request: GatewayStart): Promise<GatewayRun> {
    const { admission, book, keys, mapping } = this.options;
    // the key may have been revoked since the client came in
    const caller = (await keys.find(request.key.id))?.caller;
    if (!caller) throw new EngineError("KEY_REFUSED", "the client's key opens nothing any more");
    admission.admitRequest(caller);
    await admission.admitRun(caller.project);
    const { mapped, input } = await mapping.for(request.input.kind);
    const { row, secrets } = this.#row(request, caller, mapped, input);
    const outflow = new Outflow(
      (frame, output) => request.onOutput(frame, output),
      (error) => {
        const { code } = asEngineError(error, "INTERNAL", this.options.name);
        this.log.warn("a gateway failed over a result", { run: row.id, gateway: this.options.name, code });
        book.get(row.id)?.cancel("its gateway failed");
      },
    );
    const started = await book.start(row, secrets, undefined, outflow);
    const track = started?.run.tracks.get(input);
    if (!started || !track) throw new Error("a run without an idempotency key was not started");
    const run = new ClientRun(started.run, track, book, request.signal);
    await Promise.race([outflow.ready, run.done.then((outcome) => this.#neverReady(outcome))]);
    return run;
  }

  #neverReady({ error }: Awaited<GatewayRun["done"]>): never {
    throw error ?? new EngineError("RUN_CANCELLED", "the run ended before it was ready");
  }

  #row(
    request: GatewayStart,
    caller: Caller,
    { use, sourced, facts }: Mapped,
    input: string,
  ): { readonly row: RunRow; readonly secrets: Readonly<Record<string, string>> } {
    const asked = Object.entries(request.params ?? {}).filter(([name]) => facts.params.includes(name));
    const given = withoutSecretParams(sourced.text, { ...Object.fromEntries(asked), ...use.params }, {});
    const row = ownRow({
      project: caller.project,
      keyId: caller.keyId,
      sourced,
      inputs: { [input]: bindingOf(request.input) },
      params: given.params,
      ownSecrets: Object.keys(given.secrets),
      labels: { ...shortened(request.labels ?? {}), ...use.labels, gateway: this.options.name },
      keep: keptOf(use.keep, this.options.keep),
      record: use.record,
      createdAtMs: this.options.epochMs(),
    });
    return { row, secrets: given.secrets };
  }
}

function bindingOf(input: GatewayStart["input"]): OwnBinding {
  if (input.kind !== "audio") return { client: { kind: input.kind } };
  const { sampleRateHz, channels } = input.format;
  return { client: { encoding: "s16le", sampleRateHz, channels } };
}

/** What clients send as ids may be of any length. */
const shortened = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, value.slice(0, LABEL_CHARACTERS)]));
