/** The whole format in one file, as far as it is planned today: the workflow that the design explains itself by. */
export const INTERPRET = `parlando: 1
name: interpret
description: English speech in; Spanish speech and bilingual subtitles out.

inputs:                                    # the workflow's own ports
  talk: { kind: audio, default: samples/44k-2.wav }

params:
  voice: { type: string, default: es, help: the voice that speaks }

defaults:                                  # settings by node type
  webrtc.vad: { aggressiveness: 3 }

nodes:
  vad: { use: webrtc.vad, from: inputs.talk, with: { preRollMs: 300, endpointMs: 500, maxSegmentMs: 15000 } }
  asr:
    use: pocketsphinx.asr
    from: vad
    with: { final: accurate }
    retry: { attempts: 3 }
    fallback:
      - { use: azure.asr, with: { key: "\${secret:azure}", region: westeurope } }
  translate: { use: apertium.translate, from: asr, with: { source: en, target: es } }
  voice:     { use: espeak.tts, from: translate, with: { voice: "\${params.voice}" } }
  speech:    { use: core.wav, from: voice, with: { path: "\${run.dir}/speech.wav" } }
  subtitles:
    use: core.subtitles
    from: [asr.final, translate]
    with: { path: "\${run.dir}/subtitles.srt" }
    onFailure: continue
  live: { use: core.print, from: { from: asr.partial, buffer: { frames: 1, whenFull: coalesce } } }

outputs: { captions: [asr.partial, asr.final, translate], speech: voice }

limits: { startMs: 10000, idleMs: 60000, drainMs: 5000 }

tests:
  - name: a clear sentence keeps its words
    in: { talk: samples/recording.wav }
    expect: { ports: { asr.final: { text: "one two", wer: 0.2 } }, accounts: { dropped: 0 } }
`;

/** Everything that the first one leaves out. */
export const EVERYTHING = `parlando: 1
name: everything
inputs:
  left: { kind: audio, default: 16k-1.wav, help: one side }
  right: { kind: audio, default: "\${params.recording}" }
params:
  recording: { type: file, default: 48k-2.wav }
  rate: { type: integer, min: 80, max: 450, default: 200 }
  languages: { type: list, default: [en, es], max: 5 }
  tongue: { type: language, default: no }
  engine: { type: choice, of: [fast, accurate], default: fast }
  loud: { type: boolean, default: false }
  place: { type: url, default: "https://example.org/x" }
  key: { type: secret, default: "\${secret:azure}" }
  word: { type: string, pattern: "[a-z]+", default: abc }
nodes:
  both:
    use: core.mix
    label: both sides
    with: { inputs: [l, r] }
    in:
      l: inputs.left
      r: { from: inputs.right, channel: 1, buffer: { ms: 400, whenFull: dropNewest }, order: arrival }
  part:
    use: ./part.yaml
    in: { sound: both }
    with: { endpoint: 700 }
    onFailure: continue
  again: &again
    use: azure.asr
    from: part.cut
    with: { key: "\${params.key}", region: "\${env:REGION|westeurope}", timeoutMs: "\${env:T|500}", model: "a-\${params.word}-$\${x}" }
    timeouts: { openMs: 2000, resultMs: "\${env:RESULT|4000}" }
  print: { use: core.print, from: [again.final, part.words], with: { prefix: "\${run.id} \${params.tongue} " } }
  say: { use: espeak.tts, from: { from: again, order: time }, with: { rate: "\${params.rate}" } }
  out: { use: core.wav, from: say, with: { path: out.wav } }
outputs:
  words: [again, part.words]
limits: { runMs: 100000 }
`;

/** What `EVERYTHING` includes. */
export const PART = `parlando: 1
name: part
inputs: { sound: { kind: audio } }
params: { endpoint: { type: integer, default: 500 } }
nodes:
  vad: { use: webrtc.vad, from: inputs.sound, with: { endpointMs: "\${params.endpoint}" } }
  asr: { use: pocketsphinx.asr, from: vad }
outputs: { cut: vad, words: asr }
`;
