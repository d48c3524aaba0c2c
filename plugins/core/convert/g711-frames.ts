import { type AudioFrame, type Emit, type EncodedFrame, EngineError, sampleCount } from "#engine/plugin";
import type { Arithmetic, G711 } from "./arithmetic.ts";

/** @throws EngineError AUDIO_FORMAT_UNSUPPORTED for every codec but A-law and mu-law. */
export function decoded(frame: EncodedFrame, arithmetic: () => Arithmetic): AudioFrame {
  const { codec, packet, startSample, sampleRateHz, channels, utterance } = frame;
  if (codec !== "alaw" && codec !== "mulaw")
    throw new EngineError(
      "AUDIO_FORMAT_UNSUPPORTED",
      `core.convert input: codec ${codec}; wanted alaw, mulaw or plain audio`,
    );
  const pcm = arithmetic().decode(codec, packet);
  return { kind: "audio", pcm, sampleRateHz, channels, startSample, ...(utterance !== undefined && { utterance }) };
}

/** An `emit` that encodes audio on its way out and lets everything else pass. */
export function encodingInto(codec: G711, arithmetic: () => Arithmetic, emit: Emit): Emit {
  return (frame) => {
    if (frame.kind !== "audio") {
      emit(frame);
      return;
    }
    const { pcm, sampleRateHz, channels, startSample, utterance } = frame;
    emit({
      kind: "encoded",
      codec,
      packet: arithmetic().encode(codec, pcm),
      startSample,
      sampleCount: sampleCount(frame),
      sampleRateHz,
      channels,
      ...(utterance !== undefined && { utterance }),
    });
  };
}
