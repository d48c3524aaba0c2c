import type { MemoryNetwork, VirtualClock } from "#engine/runtime";
import type { ServiceOptions } from "#test/vendor-service";
import { loginToken } from "../../../../plugins/rtvt/token/signature.ts";
import type { Values } from "../../../../plugins/rtvt/wire/payload.ts";
import { PROJECT } from "../fixtures/vectors.ts";
import { dialRaw, type RawEnd, type Seen } from "../raw.ts";
import { hears, seconds, TCP, withService } from "../service.ts";

export const EPOCH_S = Date.UTC(2026, 0, 1) / 1000;
/** What a client logs in with. */
export const login = (more: Values = {}): Values => {
  const ts = Number(more.ts ?? EPOCH_S);
  return { pid: PROJECT.pid, ts, token: loginToken(PROJECT.key, PROJECT.pid, ts), ...more };
};
/** A stream with finals of both languages. */
export const START: Values = {
  asrResult: true,
  asrTempResult: false,
  transResult: true,
  srcLanguage: "en",
  destLanguage: "es",
};
/** The 20 ms at that place, as they are sent. */
export const frameOf = (pcm: Int16Array, index = 0): Uint8Array =>
  new Uint8Array(pcm.slice(320 * index, 320 * (index + 1)).buffer);
const SILENT = new Uint8Array(640);

/** A connection to the gateway, and what it runs for it. */
export interface Talk {
  readonly end: RawEnd;
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly running: () => number;
  /** Ends so far, by their state. */
  readonly ended: () => string[];
  /** Logs in and starts a stream; its id. */
  open(start?: Values): Promise<bigint>;
}

/** Talks with the gateway as a client library does, packet by packet. */
export const talk = (
  use: (talk: Talk) => Promise<void>,
  options: Partial<ServiceOptions> & { readonly version?: number; readonly url?: string } = {},
) =>
  withService({ workflow: hears(seconds("go forward", "ten meters")), ...options }, async (service) => {
    const { clock, network, emulator } = service;
    const end = await dialRaw(network, options.url ?? `tcp://${TCP}`, options.version);
    await use({
      end,
      clock,
      network,
      running: () => emulator.host.running,
      ended: () => emulator.host.reports.map(({ state }) => state),
      async open(start = START) {
        await end.call("login", login());
        return BigInt(String((await end.call("voiceStart", start)).values.streamId));
      },
    });
    end.connection.close();
    await end.connection.closed;
  });

/** The code of an answer that refuses; `no error` of any other. */
export const codeOf = ({ kind, values, ...rest }: Seen) =>
  kind === "answer" && "ok" in rest && !rest.ok ? values.code : "no error";
/** A piece of silence, the `seq`th of its stream. */
export const silence = (streamId: bigint, seq: number, more: Values = {}): Values => ({
  streamId,
  seq,
  data: SILENT,
  ts: 1_700_000_000_000 + 20 * seq,
  ...more,
});
