import { EngineError } from "../errors/index.ts";

/** One channel of interleaved samples, in an array of its own. @param channel from 0, below `channels`. */
export function takeChannel(pcm: Int16Array, channels: number, channel: number): Int16Array {
  if (channel < 0 || channel >= channels)
    throw new EngineError(
      "AUDIO_FORMAT_UNSUPPORTED",
      `channel ${channel} is wanted of audio with ${channels} (counted from 0)`,
    );
  const one = new Int16Array(pcm.length / channels);
  for (let i = 0, at = channel; i < one.length; i++, at += channels) one[i] = pcm[at]!;
  return one;
}

/** All channels as one: their mean, half a step rounded up, so that it can never clip. */
export function averageChannels(pcm: Int16Array, channels: number): Int16Array {
  const one = new Int16Array(pcm.length / channels);
  for (let i = 0, at = 0; i < one.length; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += pcm[at++]!;
    one[i] = Math.floor((2 * sum + channels) / (2 * channels));
  }
  return one;
}

/** Mono as several channels that are all the same. */
export function copyToChannels(pcm: Int16Array, channels: number): Int16Array {
  const all = new Int16Array(pcm.length * channels);
  for (let i = 0, at = 0; i < pcm.length; i++) for (let c = 0; c < channels; c++) all[at++] = pcm[i]!;
  return all;
}

/**
 * From any number of channels to one, or from one to any number. The samples themselves when there is nothing to do.
 * @throws EngineError AUDIO_FORMAT_UNSUPPORTED between two different numbers above one, for which there is no rule.
 */
export function convertChannels(pcm: Int16Array, from: number, to: number): Int16Array {
  requireChannelRule(from, to);
  if (from === to) return pcm;
  return to === 1 ? averageChannels(pcm, from) : copyToChannels(pcm, to);
}

/** @throws EngineError AUDIO_FORMAT_UNSUPPORTED where `convertChannels` would. */
export function requireChannelRule(from: number, to: number): void {
  if (from !== to && from !== 1 && to !== 1)
    throw new EngineError(
      "AUDIO_FORMAT_UNSUPPORTED",
      `${from} channels cannot become ${to}: wanted the same number, or one on either side (take one with \`channel\`)`,
    );
}
