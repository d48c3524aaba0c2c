import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

/**
 * A session's input as LiveKit Agents wires it, from the package's own streams: the room's gate and inputs, the activity's, the deferred and
 * broadcast streams of its recognition, `tee()`, and the base classes of detectors and recognisers, whose loops here say one thing for each
 * frame and one for every 300 ms. No detector runs in it.
 *
 * Started as `wiring.mjs FOLDER`, where the package is installed in FOLDER. Answers questions on standard input as the other measuring programs do.
 */
const require = createRequire(pathToFileURL(`${process.argv[2]}/package.json`));
const load = async (name) => {
  const module = await import(pathToFileURL(require.resolve(name)).href);
  return module.default?.VADStream || module.default?.AudioFrame ? module.default : module;
};
const { VAD, VADStream, VADEventType, stt, stream, initializeLogger } = await load("@livekit/agents");
const { AudioFrame } = await load("@livekit/rtc-node");
initializeLogger({ pretty: false, level: "silent" });

const RATE_HZ = 16_000;
const SAMPLES = 320;
const FRAMES_PER_TEXT = 15;

class Detector extends VAD {
  label = "bench.vad";
  constructor() {
    super({ updateInterval: 20 });
  }
  stream() {
    return new DetectorStream(this);
  }
}

class DetectorStream extends VADStream {
  async run() {
    for (;;) {
      const { done, value } = await this.inputReader.read();
      if (done) break;
      const event = { type: VADEventType.INFERENCE_DONE, frames: [value], inferenceDuration: 0, speaking: true };
      if (!this.sendVADEvent(event)) break;
    }
    await this.outputWriter.close();
  }
}

class Recogniser extends stt.STT {
  label = "bench.stt";
  constructor() {
    super({ streaming: true, interimResults: true });
  }
  stream() {
    return new RecogniserStream(this, RATE_HZ);
  }
}

class RecogniserStream extends stt.SpeechStream {
  label = "bench.stt";
  async run() {
    let heard = 0;
    for await (const frame of this.input) {
      if (typeof frame === "symbol") continue;
      if (++heard % FRAMES_PER_TEXT === 0)
        this.queue.put({ type: stt.SpeechEventType.INTERIM_TRANSCRIPT, alternatives: [{ text: "turn to the left" }] });
    }
  }
}

/** From a track to the streams of detector and recogniser, as room input, activity and recognition of a session pass it on. */
function sessionInput(track) {
  const gate = new TransformStream({ transform: (frame, controller) => controller.enqueue(frame) });
  void track.pipeTo(gate.writable);
  const room = new stream.MultiInputStream();
  room.addInputStream(gate.readable);
  const activity = new stream.MultiInputStream();
  activity.addInputStream(room.stream);
  const deferred = new stream.DeferredReadableStream();
  deferred.setSource(activity.stream);
  const everything = { highWaterMark: Number.MAX_SAFE_INTEGER };
  const broadcast = new TransformStream(
    { transform: (frame, controller) => controller.enqueue(frame) },
    everything,
    everything,
  );
  const [forDetector, forRecogniser] = deferred.stream.pipeThrough(broadcast).tee();
  const silence = new stream.IdentityTransform();
  return { forDetector, forRecogniser: stream.mergeReadableStreams(forRecogniser, silence.readable) };
}

async function pushAll(frames, recognising) {
  for await (const frame of frames) recognising.pushFrame(frame);
}

async function measure({ frames }) {
  const source = stream.createStreamChannel();
  const { forDetector, forRecogniser } = sessionInput(source.stream());
  const detecting = new Detector().stream();
  const recognising = new Recogniser().stream();
  void detecting.run();
  detecting.updateInputStream(forDetector);
  void pushAll(forRecogniser, recognising);
  const wanted = { events: frames, texts: Math.floor(frames / FRAMES_PER_TEXT) };
  const events = taken(detecting, wanted.events);
  const texts = taken(recognising, wanted.texts);
  const before = process.cpuUsage();
  for (let i = 0; i < frames; i++) {
    await source.write(new AudioFrame(new Int16Array(SAMPLES), RATE_HZ, 1, SAMPLES));
  }
  await Promise.all([events, texts]);
  const { user, system } = process.cpuUsage(before);
  detecting.close();
  recognising.close();
  return ((user + system) * 1000) / frames;
}

/** Reads so many from a stream, as a session's loop would. */
async function taken(from, count) {
  let left = count;
  for await (const _ of from) if (--left === 0) return;
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(JSON.stringify({ answer: await measure(JSON.parse(line)) }));
  } catch (error) {
    console.log(JSON.stringify({ error: error.stack }));
  }
}
