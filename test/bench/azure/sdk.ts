import * as sdk from "microsoft-cognitiveservices-speech-sdk";
import { encodeS16le } from "#engine/audio";
import { serve } from "../harness/serve.ts";
import { sentenceFrames } from "../vendors/conversation.ts";
import { Beat } from "../vendors/talker.ts";
import { type ClientQuestion, KEY } from "./conversation.ts";
import { measured } from "./measured.ts";

sdk.Recognizer.enableTelemetry(false);
const frames = await sentenceFrames();

/** The vendor's own client on the same audio, at the same pace. */
async function recognise(url: string, beat: Beat, came: () => void): Promise<string> {
  const config = sdk.SpeechConfig.fromHost(new URL(url), KEY.id);
  config.speechRecognitionLanguage = "en-US";
  const stream = sdk.AudioInputStream.createPushStream(sdk.AudioStreamFormat.getWaveFormatPCM(16_000, 16, 1));
  const recognizer = new sdk.SpeechRecognizer(config, sdk.AudioConfig.fromStreamInput(stream));
  let heard = "";
  const stopped = new Promise<void>((resolve, reject) => {
    recognizer.recognizing = came;
    recognizer.recognized = (_, { result }) => {
      if (result.reason !== sdk.ResultReason.RecognizedSpeech) return;
      came();
      heard = result.text;
    };
    recognizer.canceled = (_, { reason, errorDetails }) => {
      if (reason === sdk.CancellationReason.Error) reject(new Error(errorDetails));
    };
    recognizer.sessionStopped = () => resolve();
  });
  await new Promise<void>((resolve, reject) => recognizer.startContinuousRecognitionAsync(resolve, reject));
  for (const [index, { pcm }] of frames.entries()) {
    await beat.of(index);
    const bytes = encodeS16le(pcm);
    stream.write(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer);
  }
  stream.close();
  await stopped;
  await new Promise<void>((resolve, reject) => recognizer.close(resolve, reject));
  return heard;
}

await serve<ClientQuestion>((question) => {
  const beat = new Beat(frames, 1);
  return measured(question, (came) => recognise(question.url, beat, came));
});
process.exit(0);
