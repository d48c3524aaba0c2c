import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError, type NodeDefinition } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { findSherpa } from "#native/sherpa";
import { type Graph, onnxModel } from "#test/onnx";
import { rejectionOf } from "#test/rejection";
import { denoiser, diariser, offlineRecogniser, streamingRecogniser, synthesiser } from "#test/tiny-models";
import { asr } from "../../../plugins/sherpa/asr.ts";
import { denoise } from "../../../plugins/sherpa/denoise.ts";
import { diarize } from "../../../plugins/sherpa/diarize.ts";
import { models } from "../../../plugins/sherpa/models.ts";
import { tts } from "../../../plugins/sherpa/tts.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "parlando-sherpa-"));
afterAll(() => rmSync(folder, { recursive: true }));
const here = findSherpa() !== undefined;

let made = 0;
/** A copy of a good folder, to be spoilt. */
function spoilt(good: (folder: string) => string, spoil: (folder: string) => void): string {
  const copy = join(folder, `spoilt-${++made}`);
  good(copy);
  spoil(copy);
  return copy;
}

/** A graph that says of itself what it is told to, and does nothing. */
const saying = (metadata: Record<string, string>, inputs: string[] = ["x"], outputs: string[] = ["y"]): Uint8Array => {
  const graph: Graph = {
    inputs: inputs.map((name) => ({ name, shape: [1] })),
    outputs: outputs.map((name) => ({ name, shape: [1] })),
    nodes: outputs.map((name) => ({ op: "Identity", from: [inputs[0]!], to: [name] })),
    metadata,
  };
  return onnxModel(graph);
};

function written(files: Record<string, Uint8Array | string>): string {
  const path = join(folder, `made-${++made}`);
  mkdirSync(path);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(path, name), bytes);
  return path;
}

const formats = { audio: { sampleRateHz: 16_000, channels: 1 } };
const failure = async (node: NodeDefinition, model: string): Promise<EngineError> => {
  const error = await driveNode(node, { model }, { frames: [], formats }).then(
    () => new Error("it was taken"),
    (cause: unknown) => cause,
  );
  if (!(error instanceof EngineError)) throw error;
  return error;
};

interface Bad {
  readonly name: string;
  readonly node: NodeDefinition;
  readonly model: () => string;
  readonly code: string;
  /** What the message names. */
  readonly names: string;
}

const nodes: readonly { node: NodeDefinition; good: (folder: string) => string; file: string }[] = [
  { node: asr, good: offlineRecogniser, file: "model.onnx" },
  { node: tts, good: synthesiser, file: "model.onnx" },
  { node: denoise, good: denoiser, file: "gtcrn.onnx" },
  { node: diarize, good: diariser, file: "embedding.onnx" },
];

const everywhere: Bad[] = nodes.flatMap(({ node, good, file }) => [
  { name: "no folder at all", node, model: () => join(folder, "nowhere"), code: "FILE_NOT_FOUND", names: "nowhere" },
  {
    name: "a file instead of a folder",
    node,
    model: () => join(good(join(folder, `g-${++made}`)), file),
    code: "FILE_UNREADABLE",
    names: file,
  },
  {
    name: "an empty folder",
    node,
    model: () => written({}),
    code: node === tts ? "FILE_NOT_FOUND" : "MODEL_UNFIT",
    names: "made-",
  },
  {
    name: "a model that is text",
    node,
    model: () => spoilt(good, (at) => writeFileSync(join(at, file), "no model")),
    code: "MODEL_UNFIT",
    names: file,
  },
  {
    name: "a model that breaks off",
    node,
    model: () => spoilt(good, (at) => writeFileSync(join(at, file), readFileSync(join(at, file)).subarray(0, 150))),
    code: "MODEL_UNFIT",
    names: file,
  },
  {
    name: "somebody else's model",
    node,
    model: () => spoilt(good, (at) => writeFileSync(join(at, file), saying({ model_type: "cats" }))),
    code: "MODEL_UNFIT",
    names: "",
  },
]);

const particular: Bad[] = [
  {
    name: "no list of tokens",
    node: asr,
    model: () => spoilt(offlineRecogniser, (at) => rmSync(join(at, "tokens.txt"))),
    code: "FILE_NOT_FOUND",
    names: "tokens.txt",
  },
  {
    name: "a list with too few tokens",
    node: asr,
    model: () => spoilt(offlineRecogniser, (at) => writeFileSync(join(at, "tokens.txt"), "a 0\n")),
    code: "MODEL_UNFIT",
    names: "tokens.txt",
  },
  {
    name: "a list that is none",
    node: asr,
    model: () => spoilt(offlineRecogniser, (at) => writeFileSync(join(at, "tokens.txt"), "hello\n")),
    code: "MODEL_UNFIT",
    names: "tokens.txt:1",
  },
  {
    name: "two models in one folder",
    node: asr,
    model: () => spoilt(offlineRecogniser, (at) => copyFileSync(join(at, "model.onnx"), join(at, "other.onnx"))),
    code: "MODEL_UNFIT",
    names: "other.onnx",
  },
  {
    name: "a transducer without its facts",
    node: asr,
    model: () =>
      written({
        "encoder.onnx": saying({}),
        "decoder.onnx": saying({}),
        "joiner.onnx": saying({}),
        "tokens.txt": "a 0\n",
      }),
    code: "MODEL_UNFIT",
    names: "encoder.onnx",
  },
  {
    name: "a whisper without its facts",
    node: asr,
    model: () =>
      written({
        "tiny-encoder.onnx": saying({ model_type: "whisper-tiny" }),
        "tiny-decoder.onnx": saying({}),
        "tokens.txt": "a 0\n",
      }),
    code: "MODEL_UNFIT",
    names: "n_mels",
  },
  {
    name: "a moonshine without its parts",
    node: asr,
    model: () => written({ "uncached_decode.onnx": saying({}), "tokens.txt": "a 0\n" }),
    code: "MODEL_UNFIT",
    names: "preprocess",
  },
  {
    name: "a Piper voice without espeak-ng's data",
    node: tts,
    model: () =>
      written({
        "v.onnx": saying({ sample_rate: "16000", n_speakers: "1", language: "English", comment: "piper" }, [
          "input",
          "input_lengths",
          "scales",
        ]),
        "tokens.txt": "a 0\n",
      }),
    code: "FILE_NOT_FOUND",
    names: "espeak-ng-data",
  },
  {
    name: "a voice without a lexicon",
    node: tts,
    model: () =>
      written({
        "v.onnx": saying({ sample_rate: "16000", n_speakers: "1", language: "English", comment: "icefall" }, [
          "x",
          "x_length",
        ]),
        "tokens.txt": "a 0\n",
      }),
    code: "FILE_NOT_FOUND",
    names: "lexicon.txt",
  },
  {
    name: "a Kokoro without its voices",
    node: tts,
    model: () =>
      written({
        "k.onnx": saying({ model_type: "kokoro", sample_rate: "24000", n_speakers: "3" }),
        "tokens.txt": "a 0\n",
      }),
    code: "FILE_NOT_FOUND",
    names: "voices.bin",
  },
  {
    name: "a Matcha without a vocoder",
    node: tts,
    model: () =>
      written({
        "m.onnx": saying({ model_type: "matcha-tts", sample_rate: "22050", n_speakers: "1", pad_id: "0" }),
        "tokens.txt": "a 0\n",
      }),
    code: "MODEL_UNFIT",
    names: "vocoder",
  },
  {
    name: "a NeMo transducer without its facts",
    node: asr,
    model: () =>
      written({
        "encoder.onnx": saying({}),
        "decoder.onnx": saying({}, ["y"], ["out", "states"]),
        "joiner.onnx": saying({}),
        "tokens.txt": "a 0\n",
      }),
    code: "MODEL_UNFIT",
    names: "pred_rnn_layers",
  },
  {
    name: "a streaming paraformer without its facts",
    node: asr,
    model: () =>
      written({
        "encoder.onnx": saying({ model_type: "paraformer", vocab_size: "3" }),
        "decoder.onnx": saying({}),
        "tokens.txt": "a 0\n",
      }),
    code: "MODEL_UNFIT",
    names: "lfr_window_size",
  },
  {
    name: "a T-one without its facts",
    node: asr,
    model: () => written({ "model.onnx": saying({ frame_length_ms: "300" }), "tokens.txt": "a 0\n" }),
    code: "MODEL_UNFIT",
    names: "state_dim",
  },
  {
    name: "a Kitten without its voices",
    node: tts,
    model: () =>
      written({
        "k.onnx": saying({ model_type: "kitten-tts", sample_rate: "24000", n_speakers: "8" }),
        "tokens.txt": "a 0\n",
      }),
    code: "FILE_NOT_FOUND",
    names: "voices.bin",
  },
  {
    name: "a DPDFNet without its facts",
    node: denoise,
    model: () => written({ "d.onnx": saying({ model_type: "dpdfnet2", sample_rate: "16000" }) }),
    code: "MODEL_UNFIT",
    names: "n_fft",
  },
  {
    name: "voices without their segmentation",
    node: diarize,
    model: () => spoilt(diariser, (at) => rmSync(join(at, "segmentation.onnx"))),
    code: "MODEL_UNFIT",
    names: "powerset_max_classes",
  },
];

describe("a model of one's own is looked at before anything is constructed", () => {
  test.each([...everywhere, ...particular])("$name: $code", async ({ node, model, code, names }) => {
    const error = await failure(node, model());
    expect([error.code, error.message]).toEqual([code as never, expect.stringContaining(names)]);
    expect(error.message).toContain(folder);
    expect(error.message).not.toContain("the library"); // which would have been asked
  });
});

/** What only the library sees when it computes: the facts are right, and the tensors are not. */
describe.skipIf(!here)("a model with wrong tensors costs its own process, and not this one", () => {
  const NEMO = { model_type: "EncDecCTCModelBPE", vocab_size: "2", subsampling_factor: "4", normalize_type: "" };

  test("when it is loaded", async () => {
    const wrong = spoilt(offlineRecogniser, (at) =>
      // a graph whose node asks for what is not there
      writeFileSync(
        join(at, "model.onnx"),
        onnxModel({
          inputs: [{ name: "audio_signal", shape: [1, 80, "T"] }],
          outputs: [{ name: "logprobs", shape: [1, "T", 3] }],
          nodes: [{ op: "Softmax", from: ["nobody"], to: ["logprobs"] }],
          metadata: NEMO,
        }),
      ),
    );
    const error = await failure(asr, wrong);
    expect([error.code, error.message]).toEqual(["MODEL_UNFIT", expect.stringContaining(wrong)]);
  });

  test("when it computes", async () => {
    const wrong = spoilt(offlineRecogniser, (at) =>
      writeFileSync(
        join(at, "model.onnx"),
        onnxModel({
          inputs: [
            { name: "audio_signal", shape: [1, 3, 5] },
            { name: "length", type: "int64", shape: [1] },
          ],
          outputs: [{ name: "logprobs", shape: [1, 3, 5] }],
          nodes: [{ op: "Softmax", from: ["audio_signal"], to: ["logprobs"] }],
          metadata: NEMO,
        }),
      ),
    );
    const frames = [
      { kind: "audio", pcm: new Int16Array(8000), sampleRateHz: 16_000, channels: 1, startSample: 0 },
    ] as const;
    const running = driveNode(asr, { model: wrong }, { frames, formats });
    expect(await rejectionOf(running)).toMatchObject({ code: "ENGINE_FAILED" });
  });
});

describe("parlando models", () => {
  const good: Record<string, (folder: string) => string> = {
    "sherpa.asr": streamingRecogniser,
    "sherpa.tts": synthesiser,
    "sherpa.denoise": denoiser,
    "sherpa.diarize": diariser,
  };
  beforeAll(() => {
    for (const [type, make] of Object.entries(good)) make(join(folder, type));
  });

  test.each(models.map((kind) => kind))("knows a good folder of $type", async ({ type, check, needs, licence }) => {
    const found = await check(join(folder, type));
    expect(found.what).not.toBe("");
    for (const file of found.files) expect(file).toStartWith(join(folder, type));
    expect(needs.length).toBeGreaterThan(0);
    expect(licence).toContain("licence");
  });

  test("where there are both, the smaller files are taken, unless the full ones are asked for", async () => {
    const both = spoilt(offlineRecogniser, (at) => cpSync(join(at, "model.onnx"), join(at, "model.int8.onnx")));
    const found = await models[0]!.check(both);
    expect(found.files[0]).toBe(join(both, "model.int8.onnx"));
  });
});
