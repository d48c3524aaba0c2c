import { EngineError } from "#engine/errors";
import type { Control, ControlOptions } from "./api/control.ts";

/**
 * Opens the store, migrates it, takes up what an earlier process left behind, and starts what turns by itself: deliveries, jobs, retention.
 * @throws EngineError STORE_FAILED, CONFIG_INVALID.
 */
export async function openControl(_options: ControlOptions): Promise<Control> {
  throw new EngineError("INTERNAL", "control is not wired yet");
}
