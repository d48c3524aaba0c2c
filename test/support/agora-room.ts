import type { Clock } from "#engine/plugin";
import type { AgoraEvent, AgoraFrame } from "#native/agora";

const FRAME = 160;
const FRAME_MS = 10;

type Hears = "everybody" | "nobody" | { readonly user: string };

/** Channels in memory, at the pace of a clock: what one sends, the others hear 10 ms at a time. Has the shape of the native service. */
export class AgoraRooms {
  readonly members = new Set<RoomConnection>();
  opened = 0;
  closed = 0;
  #tick = 0;

  constructor(readonly clock: Pick<Clock, "nowMs">) {}

  readonly open = () => {
    this.opened++;
    return {
      generation: "A" as const,
      connection: (volumeMs: number) => new RoomConnection(this, volumeMs),
      close: () => {
        this.closed++;
      },
    };
  };

  /** A user of the vendor's own client. */
  human(channel: string, user: string): RoomConnection {
    const human = new RoomConnection(this, 0);
    human.connect("token", channel, user);
    human.join({ publishes: true, hears: "everybody" });
    return human;
  }

  advance(): void {
    const now = Math.floor(this.clock.nowMs() / FRAME_MS);
    for (; this.#tick < now; this.#tick++)
      for (const speaker of this.members) if (speaker.publishes) this.#carry(speaker);
  }

  #carry(speaker: RoomConnection): void {
    const pcm = speaker.take();
    const loud = pcm.some((sample) => Math.abs(sample) > 300);
    const labels = { farField: 1, rms: loud ? -20 : -90, voiceProb: loud ? 95 : 5, musicProb: 0, pitch: 0 };
    for (const listener of this.members)
      if (listener !== speaker && listener.channel === speaker.channel && listener.wants(speaker.user))
        listener.frames.push({ user: speaker.user, pcm, sampleRateHz: 16_000, labels });
  }
}

export class RoomConnection {
  readonly frames: AgoraFrame[] = [];
  readonly events: AgoraEvent[] = [];
  readonly sent: { readonly atMs: number; readonly samples: number }[] = [];
  readonly said: string[] = [];
  channel = "";
  user = "";
  publishes = false;
  dropped = 0;
  cleared = 0;
  isClosed = false;
  #hears: Hears = "nobody";
  #pending: number[] = [];

  constructor(
    private readonly rooms: AgoraRooms,
    readonly volumeMs: number,
  ) {}

  connect(token: string, channel: string, user: string): void {
    this.said.push(`connect ${channel} ${user}`);
    this.frames.length = 0;
    this.events.length = 0;
    if (token.startsWith("refused")) return this.tell("failed", { value: 8 });
    this.channel = channel;
    this.user = user;
    for (const other of this.rooms.members)
      if (other.channel === channel) {
        other.tell("userJoined", { user });
        this.tell("userJoined", { user: other.user });
      }
    this.rooms.members.add(this);
    this.tell("connected", { value: 1 });
  }

  join({ publishes, hears }: { readonly publishes: boolean; readonly hears: Hears }): void {
    this.publishes = publishes;
    this.#hears = hears;
  }

  wants(user: string): boolean {
    return this.#hears === "everybody" || (typeof this.#hears === "object" && this.#hears.user === user);
  }

  send(pcm: Int16Array, channels: number): void {
    this.sent.push({ atMs: this.rooms.clock.nowMs(), samples: pcm.length / channels });
    for (let i = 0; i < pcm.length; i += channels) this.#pending.push(pcm[i]!);
  }

  take(): Int16Array {
    const pcm = new Int16Array(FRAME);
    pcm.set(this.#pending.splice(0, FRAME));
    return pcm;
  }

  clear(): void {
    this.cleared += this.#pending.length;
    this.#pending = [];
  }

  renewToken(token: string): void {
    this.said.push(`renew ${token}`);
  }

  nextFrame(): AgoraFrame | undefined {
    this.rooms.advance();
    return this.frames.shift();
  }

  nextEvent(): AgoraEvent | undefined {
    return this.events.shift();
  }

  tell(type: AgoraEvent["type"], facts: Partial<AgoraEvent> = {}): void {
    this.events.push({ type, value: 0, extra: 0, user: "", text: "", ...facts });
  }

  leave(): void {
    this.said.push("leave");
    this.rooms.members.delete(this);
    this.publishes = false;
    this.#pending = [];
    for (const other of this.rooms.members)
      if (other.channel === this.channel) other.tell("userLeft", { user: this.user });
  }

  close(): void {
    this.isClosed = true;
    this.rooms.members.delete(this);
  }
}
