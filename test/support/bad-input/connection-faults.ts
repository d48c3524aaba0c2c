/** What goes wrong with the connection to any vendor, whatever is said on it. */
import type { ErrorCode, FaultScript } from "#engine/plugin";
import { silent } from "./samples.ts";
import type { BadInput, Circumstances } from "./table.ts";

type Settings = NonNullable<Circumstances["with"]>;
type Faults = FaultScript["faults"];
type Fault = Extract<Faults[number], { readonly on: "connection" }>["do"];

/** Settings of a node that gives up when its first connection fails. */
export const ONCE = { link: { attempts: 1 } };

interface Broken {
  readonly what: string;
  readonly node: string;
  readonly says: string | RegExp;
  /** Default: `ONCE`. */
  readonly with?: Settings;
  /** Messages that the service sends before. Default 1. */
  readonly sent?: number;
}

const broken =
  (fault: Fault) =>
  ({ what, node, says, with: settings = ONCE, sent = 1 }: Broken, code: ErrorCode = "VENDOR_PROTOCOL"): BadInput => ({
    what,
    node,
    with: settings,
    faults: [{ on: "connection", after: { sent }, do: fault }],
    found: "run",
    code,
    says,
  });

/** A message of noise. */
export const noise = broken({ garbage: true });

/** Half of a message; where messages are cut from a stream of bytes, that is a lost connection and no bad message. */
export const half = broken({ half: true });

/** The service tells the first to come that there are too many already. */
export const tooMany = (what: string, node: string, says: string | RegExp, settings?: Settings): BadInput => ({
  what,
  node,
  ...(settings && { with: settings }),
  faults: [{ on: "handshake", do: { rateLimit: true } }],
  found: "run",
  code: "VENDOR_RATE_LIMITED",
  says,
});

/** The service takes no connection for longer than audio is held. */
export const moreThanIsHeld = (node: string, settings: Settings = {}): BadInput => ({
  what: "more audio than is held until the service is ready",
  node,
  with: { ...settings, link: { attempts: 1, openMs: 15_000, bufferMs: 1000 } },
  frames: silent(30_000),
  faults: [{ on: "handshake", do: { hang: true } }],
  found: "run",
  code: "VENDOR_UNREACHABLE",
  says: "15000 ms",
  drops: true,
  fallback: false,
});

/** More than a node tries. */
const CONNECTIONS = 9;

/** On each connection anew, after so many messages of the node's: it is no use to connect again. */
export const onEachConnection = (received: number, fault: Fault): Faults =>
  Array.from({ length: CONNECTIONS }, (_, i) => ({
    on: "connection",
    connections: i + 1,
    after: { received },
    do: fault,
  }));
