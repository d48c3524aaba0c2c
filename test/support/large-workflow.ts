const NODES_PER_SPEAKER = 5;

/**
 * A sound workflow of `5 * speakers` nodes: each speaker's own chain from detector to file, with the format's words in use, and its
 * texts into a sink of all.
 */
export function largeWorkflow(speakers: number): string {
  const numbers = Array.from({ length: speakers }, (_, i) => i + 1);
  return `parlando: 1
name: large
description: ${speakers * NODES_PER_SPEAKER} nodes, for measuring what checking costs.
inputs: { talk: { kind: audio } }
params:
  voice: { type: string, default: es }
  final: { type: choice, of: [fast, accurate], default: fast }
defaults:
  webrtc.vad: { aggressiveness: 3 }
nodes:
${numbers.map(chain).join("")}outputs: { captions: [${numbers.map((i) => `asr-${i}.final`).join(", ")}], speech: voice-1 }
limits: { startMs: 10000, idleMs: 60000 }
`;
}

/** Speech is kept of every other speaker, of the rest subtitles. */
const chain = (i: number): string => `
  vad-${i}: { use: webrtc.vad, from: inputs.talk, with: { preRollMs: 300, endpointMs: ${400 + i} } }
  asr-${i}:
    use: pocketsphinx.asr
    from: vad-${i}
    with: { final: "\${params.final}" }
    retry: { attempts: 3 }
  translate-${i}: { use: apertium.translate, from: asr-${i}, with: { source: en, target: es } }
  voice-${i}: { use: espeak.tts, from: translate-${i}, with: { voice: "\${params.voice}", rate: ${150 + (i % 50)} } }
  ${i % 2 ? `speech-${i}: { use: core.wav, from: voice-${i}, with: { path: "\${run.dir}/speech-${i}.wav" } }` : `subtitles-${i}: { use: core.subtitles, from: [asr-${i}.final, translate-${i}], with: { path: "\${run.dir}/${i}.srt" }, onFailure: continue }`}
`;
