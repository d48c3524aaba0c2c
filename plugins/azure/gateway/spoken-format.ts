import type { SpokenOutFormat } from "#engine/plugin";
import { FORMATS } from "../tts/formats.ts";

export interface OutFormat {
  readonly format: SpokenOutFormat;
  readonly sampleRateHz: number;
  readonly bitRate?: number;
}

/** The format of the service's name as far as there is an encoder for it here: WebM, bare Opus, Silk, AMR and G.722 have none. */
export function outFormat(name: string): OutFormat | undefined {
  const known = FORMATS[name];
  if (!known) return undefined;
  const { sampleRateHz } = known;
  if (known.kind === "audio") {
    if (known.encoding !== "s16le") return { format: known.encoding, sampleRateHz };
    return { format: known.riff ? "wav" : "pcm", sampleRateHz };
  }
  if (known.container === "ogg") return { format: "opus", sampleRateHz };
  if (known.container !== "mp3") return undefined;
  const kbit = Number(/-(\d+)kbitrate-/.exec(name)?.[1]);
  return { format: "mp3", sampleRateHz, bitRate: kbit * 1000 };
}
