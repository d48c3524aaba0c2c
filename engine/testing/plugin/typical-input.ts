import {
  type AudioFrame,
  defaultPort,
  type Frame,
  type InputPort,
  type InputPorts,
  type TextFrame,
} from "#engine/plugin";

const FRAME_MS = 20;

/** Of a limit, the preferred value. */
const first = (limit: number | readonly number[] | undefined, otherwise: number): number =>
  limit === undefined ? otherwise : typeof limit === "number" ? limit : (limit[0] ?? otherwise);

/**
 * What a node with these inputs may get in a run, made up from what the ports say: two utterances of sound with silence around them,
 * two texts. Undefined for kinds that nobody can make up, such as packets and recordings.
 */
export function typicalInput(inputs: InputPorts): Readonly<Record<string, readonly Frame[]>> | undefined {
  const frames: Record<string, readonly Frame[]> = {};
  const port = defaultPort(inputs);
  for (const [name, input] of Object.entries(inputs)) {
    const made = input.kinds.includes("audio") ? sound(input) : input.kinds.includes("text") ? texts(input) : undefined;
    if (made) frames[name] = made;
    else if (!input.optional || name === port) return undefined;
  }
  return frames;
}

/** Half a second of silence, a voiced second, silence, another one, silence; with marks where they are wanted. */
export function sound({ kinds, audio = {} }: InputPort): Frame[] {
  const sampleRateHz = first(audio.sampleRateHz, 16_000);
  const channels = first(audio.channels, 1);
  const frameMs = first(audio.frameMs, FRAME_MS);
  const samples = Math.round((frameMs * sampleRateHz) / 1000);
  const marked = kinds.includes("speech");
  const result: Frame[] = [];
  let at = 0;
  let utterances = 0;
  for (const [voiced, ms] of [
    [false, 500],
    [true, 1000],
    [false, 800],
    [true, 1000],
    [false, 800],
  ] as const) {
    const utterance = voiced ? `u${++utterances}` : undefined;
    if (marked && utterance) result.push({ kind: "speech", mark: "start", utterance, atSample: at, sampleRateHz });
    for (const end = at + (ms * sampleRateHz) / 1000; at < end; at += samples) {
      // a recogniser gets what the detector returned, and no silence between
      if (marked && !utterance) continue;
      const pcm = voiced ? hum(samples, channels, at, sampleRateHz) : new Int16Array(samples * channels);
      const frame: AudioFrame = { kind: "audio", pcm, sampleRateHz, channels, startSample: at };
      result.push(utterance ? { ...frame, utterance } : frame);
    }
    if (marked && utterance) result.push({ kind: "speech", mark: "end", utterance, atSample: at, sampleRateHz });
  }
  return result;
}

/** Harmonics of 130 Hz that swell and fade four times a second: voiced, as far as detectors go. */
function hum(samples: number, channels: number, startSample: number, sampleRateHz: number): Int16Array {
  const pcm = new Int16Array(samples * channels);
  for (let i = 0; i < samples; i++) {
    const t = (startSample + i) / sampleRateHz;
    let value = 0;
    for (let k = 1; k <= 12; k++) value += Math.sin(2 * Math.PI * 130 * k * t) / k;
    const level = Math.round(5000 * value * (0.6 + 0.4 * Math.sin(2 * Math.PI * 4 * t)));
    for (let channel = 0; channel < channels; channel++) pcm[i * channels + channel] = level;
  }
  return pcm;
}

/** Two finals, each after a partial where transcripts are wanted. */
export function texts({ textRoles }: InputPort): TextFrame[] {
  const role = textRoles?.[0] ?? "transcript";
  const spoken = ["Good morning.", "The train leaves at seven."];
  return spoken.flatMap((text, i): TextFrame[] => {
    const final: TextFrame = {
      kind: "text",
      role,
      text,
      utterance: `u${i + 1}`,
      revision: 2,
      final: true,
      stableChars: text.length,
      startSample: i * 32_000,
      endSample: i * 32_000 + 16_000,
      sampleRateHz: 16_000,
      language: "en",
    };
    const begun = text.split(" ")[0] ?? "";
    return role === "prompt" ? [final] : [{ ...final, text: begun, revision: 1, final: false, stableChars: 0 }, final];
  });
}
