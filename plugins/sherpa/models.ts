import type { ModelKind } from "#engine/plugin";
import {
  DENOISER_FAMILIES,
  DIARISER_FAMILIES,
  denoiserModel,
  diariserModel,
  RECOGNISER_FAMILIES,
  recogniserModel,
  SYNTHESISER_FAMILIES,
  synthesiserModel,
} from "#native/sherpa";

const plain = { quantised: true, threads: 1 };

const SOURCE =
  "The makers of sherpa-onnx publish folders that fit, as releases of github.com/k2-fsa/sherpa-onnx: unpack one and name its folder.";
const LICENCE =
  "sherpa-onnx is under the Apache-2.0 licence. A model has a licence of its own, which need not be that of the code that made it: some forbid commercial use, or come of recordings that do. Read the file in its folder or the page it came from.";

/** What the models of each node type are. */
export const models: readonly ModelKind[] = [
  {
    type: "sherpa.asr",
    needs: [...RECOGNISER_FAMILIES, SOURCE],
    licence: LICENCE,
    check(folder) {
      const { family, streaming, files } = recogniserModel(folder, { ...plain, language: "" });
      return { what: `${family}, ${streaming ? "streaming" : "offline"}`, files };
    },
  },
  {
    type: "sherpa.tts",
    needs: [...SYNTHESISER_FAMILIES, SOURCE],
    licence: `${LICENCE} espeak-ng's data, which many of them need, is under the GPL-3.0.`,
    check(folder) {
      const { family, sampleRateHz, files } = synthesiserModel(folder, plain);
      return { what: `${family}, ${sampleRateHz} Hz`, files };
    },
  },
  {
    type: "sherpa.denoise",
    needs: [...DENOISER_FAMILIES, SOURCE],
    licence: LICENCE,
    check(folder) {
      const { family, sampleRateHz, files } = denoiserModel(folder, plain);
      return { what: `${family}, ${sampleRateHz} Hz`, files };
    },
  },
  {
    type: "sherpa.diarize",
    needs: [...DIARISER_FAMILIES, SOURCE],
    licence: LICENCE,
    check: (folder) => ({
      what: "segmentation and speaker embedding",
      files: diariserModel(folder, { ...plain, speakers: 0, threshold: 0.5 }).files,
    }),
  },
];
