/** The process in which one model of sherpa-onnx runs: it ends its whole process over a graph that it does not expect. */
import { EngineError } from "#engine/errors";
import { serveRequests } from "#native/own-process";
import { loadSherpa, type OnlineHandle, type Sherpa, type SherpaStream } from "./library.ts";
import type { SherpaAsk, SherpaHeard, SherpaKind, SherpaOpened, SpokenPart } from "./protocol.ts";

const RATE_HZ = 16_000;
/** A streaming model wants to hear so much silence behind the last word before it says it. */
const TAIL_SECONDS = 0.6;

interface Model extends SherpaOpened {
  feed?(samples: Float32Array): unknown;
  end?(samples: Float32Array): unknown;
  speak?(text: string, speaker: number, speed: number): unknown;
  diarise?(samples: Float32Array): readonly SpokenPart[];
}

const OPENERS: Readonly<Record<SherpaKind, (sherpa: Sherpa, config: object) => Model>> = {
  streaming: (sherpa, config) => new Streaming(new sherpa.OnlineRecognizer(config)),
  offline,
  tts,
  denoiser,
  diariser: (sherpa, config) => {
    const model = new sherpa.OfflineSpeakerDiarization(config);
    return { sampleRateHz: model.sampleRate, speakers: 0, diarise: (samples) => model.process(samples) };
  },
};

let model: Model | undefined;

serveRequests("sherpa-onnx", async (data) => {
  const ask = data as SherpaAsk;
  if (ask.do === "open") {
    model = OPENERS[ask.kind](await loadSherpa(), ask.config);
    const { sampleRateHz, speakers } = model;
    return { sampleRateHz, speakers };
  }
  const answer =
    ask.do === "speak" ? model?.speak?.(ask.text, ask.speaker, ask.speed) : model?.[ask.do]?.(floats(ask.pcm));
  if (answer === undefined)
    throw new EngineError("ENGINE_FAILED", `sherpa-onnx: ${ask.do} is not what this model does`);
  return answer;
});

/** One utterance after the other; the model stays. */
class Streaming implements Model {
  readonly sampleRateHz = RATE_HZ;
  readonly speakers = 0;
  #stream: SherpaStream | undefined;

  constructor(private readonly recogniser: OnlineHandle) {}

  feed(samples: Float32Array): string {
    return heardBy(this.recogniser.getResult(this.#take(samples))).text;
  }

  end(samples: Float32Array): SherpaHeard {
    this.#take(samples);
    const stream = this.#take(new Float32Array(TAIL_SECONDS * RATE_HZ));
    stream.inputFinished?.();
    this.#decode(stream);
    this.#stream = undefined;
    return heardBy(this.recogniser.getResult(stream));
  }

  #take(samples: Float32Array): SherpaStream {
    this.#stream ??= this.recogniser.createStream();
    this.#stream.acceptWaveform({ sampleRate: RATE_HZ, samples });
    this.#decode(this.#stream);
    return this.#stream;
  }

  #decode(stream: SherpaStream): void {
    while (this.recogniser.isReady(stream)) this.recogniser.decode(stream);
  }
}

function offline(sherpa: Sherpa, config: object): Model {
  const recogniser = new sherpa.OfflineRecognizer(config);
  return {
    sampleRateHz: RATE_HZ,
    speakers: 0,
    end(samples): SherpaHeard {
      const stream = recogniser.createStream();
      stream.acceptWaveform({ sampleRate: RATE_HZ, samples });
      recogniser.decode(stream);
      return heardBy(recogniser.getResult(stream));
    },
  };
}

function tts(sherpa: Sherpa, config: object): Model {
  const model = new sherpa.OfflineTts(config);
  return {
    sampleRateHz: model.sampleRate,
    speakers: model.numSpeakers,
    speak: (text, sid, speed) => shorts(model.generate({ text, sid, speed, enableExternalBuffer: false }).samples),
  };
}

function denoiser(sherpa: Sherpa, config: object): Model {
  const model = new sherpa.OnlineSpeechDenoiser(config);
  const { sampleRate } = model;
  const run = (samples: Float32Array) =>
    samples.length === 0 ? samples : model.run({ samples, sampleRate, enableExternalBuffer: false }).samples;
  return {
    sampleRateHz: sampleRate,
    speakers: 0,
    feed: (samples) => shorts(run(samples)),
    end(samples) {
      const out = run(samples);
      const rest = model.flush(false).samples;
      model.reset();
      const whole = new Float32Array(out.length + rest.length);
      whole.set(out);
      whole.set(rest, out.length);
      return shorts(whole);
    },
  };
}

const heardBy = ({
  text,
  tokens = [],
  timestamps = [],
}: Partial<SherpaHeard> & { readonly text: string }): SherpaHeard => ({
  text: text.trim(),
  tokens,
  timestamps,
});

function floats(pcm: Int16Array): Float32Array {
  const samples = new Float32Array(pcm.length);
  for (let i = 0; i < pcm.length; i++) samples[i] = pcm[i]! / 32_768;
  return samples;
}

function shorts(samples: Float32Array): Int16Array {
  const pcm = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++)
    pcm[i] = Math.max(-32_768, Math.min(32_767, Math.round(samples[i]! * 32_768)));
  return pcm;
}
