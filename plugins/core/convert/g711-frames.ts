import {
  type AudioFrame,
  decodeALaw,
  decodeMuLaw,
  type Emit,
  type EncodedFrame,
  EngineError,
  encodeALaw,
  encodeMuLaw,
  sampleCount,
} from "#engine/plugin";

/** The codecs that are one byte for each sample and need no library. */
export type G711 = "alaw" | "mulaw";

/** @throws EngineError AUDIO_FORMAT_UNSUPPORTED for every codec but A-law and mu-law. */
export function decoded({ codec, packet, startSample, sampleRateHz, channels, utterance }: EncodedFrame): AudioFrame {
  if (codec !== "alaw" && codec !== "mulaw")
    throw new EngineError(
      "AUDIO_FORMAT_UNSUPPORTED",
      `core.convert input: codec ${codec}; wanted alaw, mulaw or plain audio`,
    );
  const pcm = codec === "alaw" ? decodeALaw(packet) : decodeMuLaw(packet);
  return { kind: "audio", pcm, sampleRateHz, channels, startSample, ...(utterance !== undefined && { utterance }) };
}

/** An `emit` that encodes audio on its way out and lets everything else pass. */
export function encodingInto(codec: G711, emit: Emit): Emit {
  const encode = codec === "alaw" ? encodeALaw : encodeMuLaw;
  return (frame) => {
    if (frame.kind !== "audio") {
      emit(frame);
      return;
    }
    const { pcm, sampleRateHz, channels, startSample, utterance } = frame;
    emit({
      kind: "encoded",
      codec,
      packet: encode(pcm),
      startSample,
      sampleCount: sampleCount(frame),
      sampleRateHz,
      channels,
      ...(utterance !== undefined && { utterance }),
    });
  };
}
