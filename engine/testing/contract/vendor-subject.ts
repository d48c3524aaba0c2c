import type { FaultScript, Frame, NodeDefinition } from "#engine/plugin";
import { withRetry } from "#engine/plugin";
import type { VirtualClock } from "#engine/runtime";
import { type Driven, type DriveOptions, driveNode } from "../drive.ts";
import type { Emulator } from "../emulator.ts";
import type { Subject, Surroundings } from "./probe.ts";

/** What a vendor's node is tried against: its own gateway in memory, with what goes wrong. */
export interface VendorService extends Surroundings {
  readonly emulator: Emulator;
}

/** A vendor's node, with its service. */
export interface VendorSubject extends Omit<Subject, "open"> {
  /** Opens the service anew. `latencyMs` is of the network. */
  open(faults?: FaultScript["faults"], latencyMs?: number): Promise<VendorService>;
  /**
   * What comes out when all is well, as the check compares it: by default the texts of all finals, or for a synthesiser the count of its
   * samples. Frames of one output are in order; outputs follow each other by name.
   */
  readonly result?: (driven: Driven) => unknown;
  /** The mount that faults of connections are for, where the gateway has several. */
  readonly mount?: string;
  /** A config whose credential is wrong, and the words of it that may stand in no message. */
  readonly wrongKey?: { readonly config: unknown; readonly secrets: readonly string[] };
  /** An error of the vendor's own after which trying again helps. */
  readonly passingError?: number | string;
  /** The vendor's tokens expire, and the node asks for another. */
  readonly tokens?: boolean;
}

export type MakeVendorSubject = () => VendorSubject | Promise<VendorSubject>;

/** How often a unit of work is tried in the checks: enough for one thing to go wrong and for one more. */
const ATTEMPTS = 3;

export interface Attempted {
  readonly driven?: Driven;
  readonly error?: unknown;
  readonly service: VendorService;
  /** Of the clock, from the first frame to the end of the node. */
  readonly tookMs: number;
}

export interface AttemptOptions extends Pick<DriveOptions, "frames" | "signal" | "tracing"> {
  readonly faults?: FaultScript["faults"];
  readonly latencyMs?: number;
  readonly config?: unknown;
  /** Without it, the node is tried once. */
  readonly retried?: boolean;
}

/** Drives a vendor's node against its service, closes the service, and says what came of it. */
export async function attempt(subject: VendorSubject, options: AttemptOptions = {}): Promise<Attempted> {
  const { definition, config = {}, frames = [], formats } = subject;
  const service = await subject.open(options.faults, options.latencyMs);
  const node: NodeDefinition = options.retried ? withRetry(definition, ATTEMPTS) : definition;
  const beganMs = service.clock.nowMs();
  const outcome: { driven?: Driven; error?: unknown } = {};
  try {
    const driving = driveNode(node, options.config ?? config, {
      frames: options.frames ?? frames,
      clock: service.clock,
      network: service.network,
      pace: 1,
      ...(options.signal && { signal: options.signal }),
      ...(options.tracing && { tracing: true }),
      ...(formats && { formats }),
    });
    outcome.driven = await inAnHour(driving, service.clock);
  } catch (error) {
    outcome.error = error;
  }
  const tookMs = service.clock.nowMs() - beganMs;
  await settled(service);
  await service.close();
  return { ...outcome, service, tookMs };
}

/** What is awaited, or an error once an hour of the clock has passed: nothing else was left to happen then. */
function inAnHour<T>(work: Promise<T>, clock: VirtualClock): Promise<T> {
  return new Promise((resolve, reject) => {
    const callOff = clock.after(3_600_000, () => reject(new Error("the node has not ended in an hour of the clock")));
    work.then(resolve, reject).finally(callOff);
  });
}

/** Lets the far end notice that it is over. */
const SETTLE_MS = 60_000;
export const settled = (service: VendorService): Promise<void> => service.clock.sleep(SETTLE_MS);

/** What a subject's node made, in the terms of its own `result`. */
export const resultOf = (subject: VendorSubject, driven: Driven): unknown =>
  subject.result?.(driven) ?? defaultResult(driven);

function defaultResult(driven: Driven): unknown {
  const ports = [...new Set(driven.emitted.map(({ port }) => port))].sort();
  const finals = ports.flatMap((port) =>
    driven.frames(port).flatMap((frame) => (frame.kind === "text" && frame.final ? [`${port}: ${frame.text}`] : [])),
  );
  return finals.length > 0 ? finals : samplesOf(driven.frames());
}

const samplesOf = (frames: readonly Frame[]): number =>
  frames.reduce((sum, frame) => sum + (frame.kind === "audio" ? frame.pcm.length / frame.channels : 0), 0);
