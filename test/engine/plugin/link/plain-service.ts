import { type Connection, EngineError, type Frame, type LinkProtocol } from "#engine/plugin";
import type { VirtualClock } from "#engine/runtime";

/** A service that answers `open` with `ready` and `finish` with `done`, and remembers what it heard, connection by connection. */
export class PlainService {
  readonly heard: string[][] = [];
  readonly at: number[] = [];
  /** Asked for each message; true: it was answered. */
  answer: (message: string, connection: Connection) => boolean = () => false;

  constructor(readonly clock: VirtualClock) {}

  readonly door = {
    upgrade: async () => ({ serve: (connection: Connection) => void this.#serve(connection) }),
  };

  async #serve(connection: Connection): Promise<void> {
    const heard: string[] = [];
    this.heard.push(heard);
    this.at.push(this.clock.nowMs());
    for await (const message of connection) {
      const said = String(message);
      heard.push(said);
      if (this.answer(said, connection)) continue;
      if (said === "open") connection.send("ready");
      if (said === "finish") connection.send("done");
    }
    heard.push("gone");
  }
}

/** Answers one message in its own way. */
export const on =
  (wanted: string, act: (connection: Connection) => void): PlainService["answer"] =>
  (said, connection) => {
    if (said !== wanted) return false;
    act(connection);
    return true;
  };

/** What the service is spoken to in, frame by frame as words. */
export const protocolOf = (more: Partial<LinkProtocol> & { greets?: boolean } = {}): LinkProtocol => ({
  vendor: "plain",
  dial: () => ({ url: "ws://plain.test/" }),
  connect(wire) {
    let waiting = wire.expect<void>();
    const ask = (what: string) => {
      waiting = wire.expect<void>();
      wire.send(what);
      return waiting.promise;
    };
    let over: () => void = () => {};
    return {
      ...(more.greets && { greet: () => ask("hello") }),
      message(message) {
        if (message === "over") over();
        else if (message === "error") throw new EngineError("VENDOR_FAILED", "plain has failed");
        else waiting.resolve();
      },
      session(session) {
        over = () => session.over();
        return {
          open: () => ask("open"),
          send(frame) {
            wire.send(wordOf(frame));
            if (frame.kind === "text") session.emit({ ...frame, role: "translation" });
          },
          flush: () => wire.send("flush"),
          finish: () => ask("finish"),
        };
      },
    };
  },
  ...more,
});

const wordOf = (frame: Frame): string =>
  frame.kind === "audio"
    ? `${frame.startSample / 320}`
    : frame.kind === "speech"
      ? frame.mark
      : frame.kind === "text"
        ? frame.text
        : frame.kind;
