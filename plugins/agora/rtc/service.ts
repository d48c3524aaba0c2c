import { EngineError, hostEnvironment, type Resource } from "#engine/plugin";
import { type AgoraAbi, AgoraService } from "#native/agora";
import type { RtcService } from "./connection.ts";
import { ConnectionPool } from "./connection-pool.ts";

/** What the one service of a process is opened with. */
export interface ServiceSettings {
  readonly appId: string;
  readonly scenario: "chorus" | "aiServer";
  readonly sampleRateHz: number;
}

export type OpenService = (settings: ServiceSettings) => RtcService;

/** The service of this process, and the connections that its runs take turns with. */
export interface OpenRtc {
  readonly settings: ServiceSettings;
  readonly pool: ConnectionPool;
  readonly service: RtcService;
}

const SCENARIOS = { chorus: 7, aiServer: 9 } as const;

/**
 * The vendor's service, from the library that the operator names. It is no setting of a workflow: a library is code, and runs in this process.
 * @throws EngineError ENGINE_MISSING without AGORA_LIBRARY, CONFIG_INVALID for an AGORA_ABI that is none, and as `AgoraService.open`.
 */
export const openNative: OpenService = ({ appId, scenario, sampleRateHz }) => {
  const { AGORA_LIBRARY: library, AGORA_ABI: abi = "4.4.32" } = hostEnvironment();
  if (!library)
    throw new EngineError(
      "ENGINE_MISSING",
      "AGORA_LIBRARY is not set: it names libagora_rtc_sdk.so of Agora's server SDK for Linux, which comes from Agora's download site",
    );
  if (!isAbi(abi)) throw new EngineError("CONFIG_INVALID", `AGORA_ABI is ${abi}; it can be 4.4.30 or 4.4.32`);
  const service = AgoraService.open({ library, abi, appId, scenario: SCENARIOS[scenario], sampleRateHz });
  return {
    generation: abi === "4.4.30" ? "A" : "B",
    connection: (volumeMs) => service.connection(volumeMs),
    close: () => service.close(),
  };
};

const isAbi = (text: string): text is AgoraAbi => text === "4.4.30" || text === "4.4.32";

/** The service is exclusive to its process: opened by the first node, closed after the last one, its connections before it. */
export const rtcResource = (settings: ServiceSettings, open: OpenService): Resource<OpenRtc> => ({
  key: "agora service",
  async open() {
    const service = open(settings);
    return { settings, service, pool: new ConnectionPool(service) };
  },
  close({ pool, service }) {
    pool.close();
    service.close();
  },
});

/** @throws EngineError ENGINE_TAKEN where the process has a service with other settings. */
export function requireSame({ settings }: OpenRtc, wanted: ServiceSettings): void {
  const differs = (Object.keys(wanted) as (keyof ServiceSettings)[]).filter((name) => settings[name] !== wanted[name]);
  if (differs.length > 0)
    throw new EngineError(
      "ENGINE_TAKEN",
      `Agora allows one service in a process, and the one that is open has another ${differs.join(" and ")}`,
    );
}
