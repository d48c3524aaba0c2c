import { defaultPort, EngineError } from "#engine/plugin";
import type { Path } from "../yaml/yaml-file.ts";
import type { DraftNode } from "./draft.ts";
import type { Loading } from "./loading.ts";
import { isUrl } from "./params.ts";

/**
 * Has a source that opens recordings look at its own later on, where its format is not declared. Lint looks at files only: a node type
 * that reaches the network, or a URL, is left alone.
 */
export function addProbe(node: DraftNode, path: Path, loading: Loading, location?: string): void {
  const candidate = node.candidates[0];
  const opens = candidate?.definition.opens;
  const port = defaultPort(node.outputs);
  if (!candidate || !opens || port === undefined || Object.keys(node.inputs).length > 0) return;
  if (!node.outputs[port]!.kinds.includes(opens.kind) || node.outputs[port]!.audio !== undefined) return;
  const lint = loading.options.purpose === "lint";
  const reachesOut = candidate.definition.effects?.includes("network") || (location !== undefined && isUrl(location));
  if (lint && (reachesOut || location === "")) return;
  loading.probes.push(async () => {
    try {
      const probed = await opens.probe(candidate.config);
      if (probed) node.probed = probed;
    } catch (error) {
      const absent = error instanceof EngineError && error.code === "FILE_NOT_FOUND";
      const severity = !lint ? "error" : absent ? "note" : "warning";
      const reason =
        error instanceof EngineError ? `${error.message} (${error.code})` : "the recording cannot be opened";
      loading.findings.push(node.yaml.finding(absent ? "INPUT_ABSENT" : "INPUT_FAULTY", path, reason, { severity }));
    }
  });
}
