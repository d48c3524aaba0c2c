import { heapStats } from "bun:jsc";
import { EngineError } from "#engine/errors";
import { crossingError, type Envelope, Inside, ISOLATED, type Up } from "#engine/runtime";
import { loadPlugin } from "../outside-plugins.ts";
import { dieWithParent } from "./die-with-parent.ts";

/** The module that runs in the Worker or process of one plugin: loads it and serves its nodes. Does nothing when it is merely imported. */
const [mark, task] = process.argv.slice(2);
if (mark === ISOLATED && task !== undefined) await serveAlone(task);

/** What a Worker's thread has of the browser's `self`. */
declare const self: { onmessage: ((event: MessageEvent<Envelope>) => void) | null; postMessage(message: Up): void };

async function serveAlone(task: string): Promise<void> {
  const line = Bun.isMainThread ? ofProcess() : ofWorker();
  try {
    const { plugin, folder }: { plugin: string; folder: string } = JSON.parse(task);
    const inside = new Inside(await loadPlugin(plugin, folder), line);
    line.listen((envelope) => inside.take(envelope));
    line.send({ kind: "ready" });
  } catch (error) {
    line.send({
      kind: "refused",
      error: crossingError(error instanceof EngineError ? error : new EngineError("PLUGIN_INVALID", String(error))),
    });
  }
}

function ofProcess() {
  dieWithParent();
  process.on("disconnect", () => process.exit(0));
  return {
    send: (up: Up) => void process.send?.(up),
    listen: (take: (envelope: Envelope) => void) => void process.on("message", take),
    memoryBytes: () => process.memoryUsage.rss(),
  };
}

function ofWorker() {
  return {
    send: (up: Up) => self.postMessage(up),
    listen: (take: (envelope: Envelope) => void) => {
      self.onmessage = ({ data }) => take(data);
    },
    memoryBytes: () => {
      const { heapSize, extraMemorySize } = heapStats();
      return Math.max(heapSize, extraMemorySize);
    },
  };
}
