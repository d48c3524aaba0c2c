import type { AgoraEvent, AgoraFrame } from "#native/agora";
import type { Generation } from "../vad/vad-v2.ts";

/** A connection to channels, one after the other: the native one's shape, so that tests can stand in for it. */
export interface RtcConnection {
  connect(token: string, channel: string, user: string): void;
  join(options: {
    readonly publishes: boolean;
    readonly hears: "everybody" | "nobody" | { readonly user: string };
  }): void;
  send(pcm: Int16Array, channels: number, sampleRateHz: number): void;
  clear(): void;
  renewToken(token: string): void;
  nextFrame(): AgoraFrame | undefined;
  nextEvent(): AgoraEvent | undefined;
  readonly dropped: number;
  leave(): void;
  close(): void;
}

export interface RtcService {
  /** Of the labels that its frames carry. */
  readonly generation: Generation;
  connection(volumeMs: number): RtcConnection;
  close(): void;
}
