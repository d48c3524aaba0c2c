export const SPOKEN_RATES_HZ = [8000, 16_000, 22_050, 24_000, 44_100, 48_000];

const SPOKEN_FORMATS = ["pcm", "wav", "mp3", "opus"] as const;
export type SpokenFormat = (typeof SPOKEN_FORMATS)[number];

export const isSpoken = (format: string): format is SpokenFormat => SPOKEN_FORMATS.some((each) => each === format);

/** Of one message of audio; what the service's own have is not known. */
export const MESSAGE_BYTES = 4096;
