import type {
  AttachRequest,
  Followed,
  InputTrack,
  LiveSession,
  RunMessage,
  RunView,
  SessionListener,
  StartRun,
} from "#engine/control";
import { EngineError } from "#engine/errors";

/** A run that a test holds in its hands. */
export class FakeRun {
  readonly events: RunMessage[] = [];
  readonly sessions = new Set<FakeSession>();
  readonly tracks: Record<
    string,
    { received: number; kept: number; bytes: number[]; ended: boolean; kind: "audio" | "text" }
  > = {};
  readonly texts: string[] = [];
  readonly controls: string[] = [];
  state: RunView["state"] = "running";
  windowSamples = 160_000;
  #waiters: (() => void)[] = [];

  constructor(
    readonly id: string,
    readonly request: StartRun,
  ) {
    for (const [track, binding] of Object.entries(request.inputs ?? {}))
      if ("live" in binding)
        this.tracks[track] = {
          received: 0,
          kept: 0,
          bytes: [],
          ended: false,
          kind: "kind" in binding.live ? "text" : "audio",
        };
  }

  /** Tells an event; durable ones get the next id. */
  tell(type: RunMessage["type"], data: object, durable = true): RunMessage {
    const last = this.events.findLast((event) => event.id !== undefined)?.id ?? 0;
    const event = {
      ...(durable && { id: last + 1 }),
      run: this.id,
      type,
      version: 1,
      atMs: 1_000,
      generation: 1,
      labels: this.request.labels ?? {},
      data,
    } as RunMessage;
    if (durable) this.events.push(event);
    for (const session of this.sessions) session.listener.send({ type: "event", event });
    for (const wake of this.#waiters.splice(0)) wake();
    return event;
  }

  final(text: string, more: object = {}): RunMessage {
    return this.tell("text.final", {
      output: "text",
      node: "asr",
      role: "transcript",
      text,
      utterance: "u1",
      revision: 1,
      final: true,
      stableChars: text.length,
      startSample: 0,
      endSample: 16_000,
      sampleRateHz: 16_000,
      ...more,
    });
  }

  end(state: "done" | "failed" | "cancelled" = "done", error?: { code: string; message: string }): void {
    if (this.state === state) return;
    this.state = state;
    this.tell("run.ended", { state, drained: false, failures: [], durationMs: 5, ...(error && { error }) });
    for (const session of [...this.sessions]) session.listener.send({ type: "closed", reason: "the run has ended" });
  }

  /** Says that all that was received is safe. */
  keep(track: string): void {
    const found = this.tracks[track]!;
    found.kept = found.received;
    this.position(track);
  }

  position(track: string): void {
    const { received, kept } = this.tracks[track]!;
    for (const session of this.sessions) session.listener.send({ type: "position", track, received, kept });
  }

  get ended(): boolean {
    return this.state === "done" || this.state === "failed" || this.state === "cancelled";
  }

  inputs(): InputTrack[] {
    return Object.entries(this.tracks).map(([track, { received, kept, ended, kind }]) => ({
      track,
      kind,
      ...(kind === "audio" && { format: { encoding: "s16le", sampleRateHz: 16_000, channels: 1 } }),
      received,
      kept,
      windowSamples: kind === "audio" ? this.windowSamples : 100,
      ended,
    }));
  }

  view(): RunView {
    return {
      id: this.id,
      project: "default",
      workflow: { name: typeof this.request.workflow === "string" ? this.request.workflow : "inline" },
      state: this.state,
      labels: this.request.labels ?? {},
      createdAtMs: 1_000,
      ...(this.ended && { endedAtMs: 2_000 }),
      generation: 1,
      inputs: this.inputs(),
      outputs: [
        { track: "text", kinds: ["text"] },
        { track: "speech", kinds: ["audio"], sampleRateHz: 16_000, channels: 1 },
      ],
      lastEventId: this.events.at(-1)?.id ?? 0,
      keep: "all",
    };
  }

  async *follow(after: number, signal: AbortSignal): AsyncGenerator<Followed> {
    let told = after;
    signal.addEventListener("abort", () => {
      for (const wake of this.#waiters.splice(0)) wake();
    });
    for (;;) {
      const next = this.events.find((event) => (event.id ?? 0) > told);
      if (next) {
        told = next.id!;
        yield { type: "event", event: next };
        if (next.type === "run.ended") return;
      } else if (this.ended || signal.aborted) return;
      else
        await new Promise<void>((resolve) => {
          this.#waiters.push(resolve);
        });
    }
  }
}

/** A session as the real control keeps it, as far as its socket can tell. */
export class FakeSession implements LiveSession {
  readonly project = "default";
  open = true;
  writables = 0;

  constructor(
    readonly run: FakeRun,
    readonly request: AttachRequest,
    readonly listener: SessionListener,
    readonly changed: (what: string) => void = () => {},
  ) {}

  get runId(): string {
    return this.run.id;
  }
  get inputs() {
    return this.run.inputs();
  }
  get outputs() {
    return this.run.view().outputs;
  }

  push(track: string, message: Uint8Array, startSample?: number, fromByte = 0): void {
    const bytes = message.subarray(fromByte);
    const found = this.run.tracks[track];
    if (!found) throw new EngineError("TRACK_UNKNOWN", `no track ${track}`);
    if (found.ended) throw new EngineError("TRACK_ENDED", `${track} has ended`);
    const at = startSample ?? found.received;
    if (at > found.received) throw new EngineError("CHUNK_INVALID", `a gap before ${at}`);
    found.bytes.push(...bytes.subarray((found.received - at) * 2));
    found.received = Math.max(found.received, at + bytes.length / 2);
    this.changed("audio");
  }

  inlet(number: number) {
    const track = this.inputs[number]?.track;
    if (track === undefined) return undefined;
    return {
      push: (bytes: Uint8Array, startSample?: number, fromByte?: number) =>
        this.push(track, bytes, startSample, fromByte),
    };
  }

  pushText(track: string, text: string): void {
    const found = this.run.tracks[track];
    if (!found) throw new EngineError("TRACK_UNKNOWN", `no track ${track}`);
    this.run.texts.push(text);
    found.received += 1;
    this.changed("text");
  }

  flush(): void {
    this.run.controls.push("flush");
    this.changed("flush");
  }
  mute(track: string, muted: boolean): void {
    this.run.controls.push(`mute ${track} ${muted}`);
    this.changed("mute");
  }
  end(track?: string): void {
    this.run.controls.push(`end ${track ?? "all"}`);
    for (const [name, found] of Object.entries(this.run.tracks))
      if (track === undefined || name === track) found.ended = true;
    this.changed("end");
  }
  writable(): void {
    this.writables += 1;
  }
  close(): void {
    this.open = false;
    this.run.sessions.delete(this);
    this.changed("left");
  }
}
