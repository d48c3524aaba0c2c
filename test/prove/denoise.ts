import { SystemClock } from "#engine/runtime";
import { driveNode, sumWordErrors, type WordErrors, wordErrorRate, wordErrors } from "#engine/testing";
import { findSpeexDsp } from "#native/speexdsp";
import { pinkNoise, whiteNoise } from "#test/detector-signals";
import { recordingsInstalled } from "#test/recordings";
import { concat, framesOf } from "#test/signals";
import { denoise } from "../../plugins/core/denoise.ts";
import { asr } from "../../plugins/pocketsphinx/asr.ts";
import { type Recording, referenceRecordings } from "./accuracy.ts";
import { withNoise } from "./detector.ts";

const RATE_HZ = 16_000;
const SEED = 1;

const CONDITIONS: readonly { name: string; make?: typeof whiteNoise; snrDb?: number }[] = [
  { name: "clean" },
  { name: "white 20 dB", make: whiteNoise, snrDb: 20 },
  { name: "white 10 dB", make: whiteNoise, snrDb: 10 },
  { name: "pink 10 dB", make: pinkNoise, snrDb: 10 },
];

/**
 * Measures what core.denoise does to recognition: the word error rate of each recording whose words are known, as it is and with noise taken out.
 * Nothing is promised, so that the status is 0 unless it could not be measured.
 */
export default async function denoiseEffect(): Promise<number> {
  if (!recordingsInstalled() || findSpeexDsp() === undefined) {
    console.log("not measured: apt-get install pocketsphinx-testdata libspeexdsp1");
    return 1;
  }
  const recordings = referenceRecordings();
  console.log(
    `${recordings.length} recordings, each by a decoder of its own; word error rate without and with core.denoise:`,
  );
  for (const condition of CONDITIONS) {
    const plain: WordErrors[] = [];
    const quiet: WordErrors[] = [];
    for (const recording of recordings) {
      const pcm = spoilt(recording, condition);
      plain.push(await errorsIn(recording, pcm));
      quiet.push(await errorsIn(recording, await denoised(pcm)));
    }
    const [without, with_] = [plain, quiet].map((found) => wordErrorRate(sumWordErrors(found)).toFixed(3));
    console.log(`${condition.name.padEnd(14)} ${without}  ${with_}`);
  }
  return 0;
}

function spoilt({ pcm }: Recording, { make, snrDb }: (typeof CONDITIONS)[number]): Int16Array {
  if (!make || snrDb === undefined) return pcm;
  return withNoise(pcm, make(pcm.length, 10_000, SEED), [{ startMs: 0, endMs: (pcm.length * 1000) / RATE_HZ }], snrDb);
}

async function denoised(pcm: Int16Array): Promise<Int16Array> {
  const driven = await driveNode(denoise, { on: true }, { frames: framesOf(pcm) });
  return concat(...driven.frames("audio").flatMap((frame) => (frame.kind === "audio" ? [frame.pcm] : [])));
}

async function errorsIn({ said }: Recording, pcm: Int16Array): Promise<WordErrors> {
  const driven = await driveNode(asr, {}, { frames: framesOf(pcm), clock: new SystemClock() });
  const texts = driven.frames("final").flatMap((frame) => (frame.kind === "text" ? [frame.text] : []));
  return wordErrors(said, texts.join(" "));
}
