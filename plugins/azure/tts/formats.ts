/** What the audio of a format is: samples that the node can hand on, or a file as it is. */
export type SpokenFormat =
  | {
      readonly kind: "audio";
      readonly encoding: "s16le" | "alaw" | "mulaw";
      readonly sampleRateHz: number;
      readonly riff: boolean;
    }
  | { readonly kind: "recording"; readonly container: string; readonly sampleRateHz: number };

const pcm = (name: string, sampleRateHz: number) =>
  (["raw", "riff"] as const).map(
    (wrap) =>
      [
        `${wrap}-${name}-16bit-mono-pcm`,
        { kind: "audio", encoding: "s16le", sampleRateHz, riff: wrap === "riff" },
      ] as const,
  );

const g711 = (encoding: "alaw" | "mulaw") =>
  (["raw", "riff"] as const).map(
    (wrap) =>
      [
        `${wrap}-8khz-8bit-mono-${encoding}`,
        { kind: "audio", encoding, sampleRateHz: 8000, riff: wrap === "riff" },
      ] as const,
  );

const files = (container: string, rates: Readonly<Record<string, number>>) =>
  Object.entries(rates).map(([name, sampleRateHz]) => [name, { kind: "recording", container, sampleRateHz }] as const);

/** Every format that the service's reference lists, by its name there. */
export const FORMATS: Readonly<Record<string, SpokenFormat>> = Object.fromEntries([
  ...pcm("8khz", 8000),
  ...pcm("16khz", 16_000),
  ...pcm("22050hz", 22_050),
  ...pcm("24khz", 24_000),
  ...pcm("44100hz", 44_100),
  ...pcm("48khz", 48_000),
  ...g711("alaw"),
  ...g711("mulaw"),
  ...files("mp3", {
    "audio-16khz-32kbitrate-mono-mp3": 16_000,
    "audio-16khz-64kbitrate-mono-mp3": 16_000,
    "audio-16khz-128kbitrate-mono-mp3": 16_000,
    "audio-24khz-48kbitrate-mono-mp3": 24_000,
    "audio-24khz-96kbitrate-mono-mp3": 24_000,
    "audio-24khz-160kbitrate-mono-mp3": 24_000,
    "audio-48khz-96kbitrate-mono-mp3": 48_000,
    "audio-48khz-192kbitrate-mono-mp3": 48_000,
  }),
  ...files("ogg", {
    "ogg-16khz-16bit-mono-opus": 16_000,
    "ogg-24khz-16bit-mono-opus": 24_000,
    "ogg-48khz-16bit-mono-opus": 48_000,
  }),
  ...files("webm", {
    "webm-16khz-16bit-mono-opus": 16_000,
    "webm-24khz-16bit-mono-opus": 24_000,
    "webm-24khz-16bit-24kbps-mono-opus": 24_000,
  }),
  ...files("opus", {
    "audio-16khz-16bit-32kbps-mono-opus": 16_000,
    "audio-24khz-16bit-24kbps-mono-opus": 24_000,
    "audio-24khz-16bit-48kbps-mono-opus": 24_000,
  }),
  ...files("silk", { "raw-16khz-16bit-mono-truesilk": 16_000, "raw-24khz-16bit-mono-truesilk": 24_000 }),
  ...files("amr", { "amr-wb-16000hz": 16_000 }),
  ...files("g722", { "g722-16khz-64kbps": 16_000 }),
]);

/** The service's raw form of what is asked for: over the socket a RIFF header would be the client's own affair. */
export const requested = (name: string): string => name.replace(/^riff-/, "raw-");
