import { EngineError } from "#engine/plugin";
import type { RtcService } from "./connection.ts";
import type { OpenService, ServiceSettings } from "./service.ts";

/**
 * The one service that a process may have, for all who want it with the same settings: opened by the first, closed after the last.
 * @throws EngineError ENGINE_TAKEN for other settings than those that it was opened with.
 */
export function sharedService(open: OpenService): OpenService {
  let shared: { readonly service: RtcService; readonly settings: ServiceSettings; users: number } | undefined;
  return (settings) => {
    shared ??= { service: open(settings), settings, users: 0 };
    const current = shared;
    if (JSON.stringify(current.settings) !== JSON.stringify(settings))
      throw new EngineError(
        "ENGINE_TAKEN",
        "Agora allows one service in a process, and the one that is open has another app id or scenario",
      );
    current.users++;
    let gone = false;
    return {
      generation: current.service.generation,
      connection: (volumeMs) => current.service.connection(volumeMs),
      close() {
        if (gone) return;
        gone = true;
        if (--current.users > 0) return;
        shared = undefined;
        current.service.close();
      },
    };
  };
}
