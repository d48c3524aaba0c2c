import type { ChildListener, StartChild } from "./child.ts";
import type { Up } from "./messages.ts";

/** What a child is told of what it is for, beside its name and folder. */
export interface ChildTask {
  /** As the configuration names it. */
  readonly plugin: string;
  /** What paths are relative to. */
  readonly folder: string;
}

/** The first argument of the process of a plugin, before its task as JSON. */
export const ISOLATED = "parlando-isolated";

/** @param entry the module that loads the plugin and serves it. */
export const startProcess =
  (entry: string, task: ChildTask): StartChild =>
  (listener) => {
    let ending = false;
    const child = Bun.spawn([process.execPath, entry, ISOLATED, JSON.stringify(task)], {
      cwd: task.folder,
      // what a plugin prints is no result of a command
      stdio: ["ignore", 2, "inherit"],
      serialization: "advanced",
      ipc: (message: Up) => listener.up(message),
      onExit: (_, status, signal) =>
        tellEnd(
          listener,
          ending,
          `its process ended ${signal === null ? `with status ${status}` : `by signal ${signal}`}`,
        ),
    });
    return {
      send: (envelope) => void child.send(envelope),
      end() {
        ending = true;
        child.kill("SIGKILL");
      },
    };
  };

/** @param entry as for `startProcess`. */
export const startWorker =
  (entry: string, task: ChildTask): StartChild =>
  (listener) => {
    let ending = false;
    const worker = new Worker(entry, { argv: [ISOLATED, JSON.stringify(task)] });
    worker.onmessage = ({ data }: MessageEvent<Up>) => listener.up(data);
    worker.onerror = (event) => {
      event.preventDefault();
      tellEnd(listener, ending, "its Worker ended by an error that nothing caught");
    };
    worker.addEventListener("close", (event) =>
      tellEnd(listener, ending, `its Worker ended${"code" in event ? ` with status ${event.code}` : ""}`),
    );
    return {
      send: (envelope) => worker.postMessage(envelope),
      end() {
        ending = true;
        worker.terminate();
      },
    };
  };

function tellEnd(listener: ChildListener, ending: boolean, how: string): void {
  if (!ending) listener.ended(how);
}
