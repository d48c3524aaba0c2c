import {
  type AudioFrame,
  defineNode,
  definePlugin,
  EngineError,
  type InlineNode,
  type NodeDefinition,
  type Plugin,
  type TaskNode,
  z,
} from "#engine/plugin";

const settings = z.strictObject({ gain: z.number().default(1).describe("What each sample is multiplied by.") });

type Facts = Partial<Pick<NodeDefinition, "type" | "summary" | "effects">> & { readonly config?: z.ZodObject };

/** A filter that passes audio on, and can be made wrong in one respect. */
const filter = (create: () => InlineNode = passing, facts: Facts = {}): NodeDefinition =>
  defineNode({
    type: "acme.filter",
    summary: "Passes audio on.",
    role: "filter",
    passes: "samples",
    inputs: { in: { kinds: ["audio"] } },
    outputs: { out: { kinds: ["audio"], audio: "same" } },
    config: settings,
    ...facts,
    create,
  });

const passing = (): InlineNode => ({ onFrame: (frame, emit) => emit(frame) });

const audio = (change: (frame: AudioFrame) => AudioFrame): (() => InlineNode) => {
  return () => ({ onFrame: (frame, emit) => emit(frame.kind === "audio" ? change(frame) : frame) });
};

/** A translator that answers with capitals, and can be made wrong. */
const translator = (words: (text: string) => string): NodeDefinition =>
  defineNode({
    type: "acme.translate",
    summary: "Puts texts in capitals.",
    role: "translate",
    inputs: { text: { kinds: ["text"], textRoles: ["transcript"] } },
    outputs: { text: { kinds: ["text"], textRole: "translation", language: "es" } },
    config: z.strictObject({}),
    create: () => ({
      onFrame(frame, emit) {
        if (frame.kind !== "text" || !frame.final) return;
        const text = words(frame.text);
        const { text: said, language } = frame;
        const madeFrom = { text: said, ...(language !== undefined && { language }) };
        emit({ ...frame, role: "translation", language: "es", text, madeFrom, stableChars: text.length });
      },
    }),
  });

/** A recogniser that asks a service, and can be made wrong. */
const remote = (fail: () => unknown): NodeDefinition =>
  defineNode({
    type: "acme.asr",
    summary: "Recognises speech far away.",
    role: "asr",
    shape: "task",
    effects: ["network"],
    inputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: 16_000, channels: 1 } } },
    outputs: { final: { kinds: ["text"], textRole: "transcript" } },
    config: z.strictObject({}),
    create: (): TaskNode => ({
      async run(input) {
        for await (const _ of input) throw fail();
      },
    }),
  });

const made = (node: NodeDefinition, more: Partial<Plugin> = {}): Plugin =>
  definePlugin({ name: "acme", parlando: "^0.1.0", nodes: [node], ...more });

/** Plugins in which all is well. */
export const soundPlugins = {
  filter: made(filter()),
  translator: made(translator((text) => text.toUpperCase())),
  remote: made(remote(() => new EngineError("VENDOR_UNREACHABLE", "nobody answers"))),
} as const;

/** By promise: a plugin that breaks it, and no other of its group. */
export const brokenPlugins: Readonly<Record<string, Plugin>> = {
  "says which versions of Parlando it was made for": definePlugin({ name: "acme", nodes: [filter()] }),
  "has something in it": made(filter(), { nodes: [] }),
  "is named after its plugin": made(filter(passing, { type: "other.filter" })),
  "says in a sentence what it does": made(filter(passing, { summary: "filter" })),
  "describes every setting": made(filter(passing, { config: z.strictObject({ gain: z.number().default(1) }) })),
  "refuses settings that it does not know": made(filter(passing, { config: z.object({}) })),
  "marks what is secret": made(
    filter(passing, { config: z.strictObject({ clientSecret: z.string().default("").describe("Of the service.") }) }),
  ),
  "leaves the frames that it is given as they are": made(
    filter(
      audio((frame) => {
        frame.pcm.fill(7);
        return frame;
      }),
    ),
  ),
  "gives the same for the same input": made(
    filter(audio((frame) => ({ ...frame, pcm: frame.pcm.map(() => Math.random() * 1000) }))),
  ),
  "accounts for every sample": made(
    filter(() => {
      let count = 0;
      return { onFrame: (frame, emit) => void (count++ % 5 !== 4 && emit(frame)) };
    }),
  ),
  "gives on each output what it declares": made(filter(audio((frame) => ({ ...frame, sampleRateHz: 8000 })))),
  "bears a second close": made(
    filter(() => {
      let open = true;
      return {
        ...passing(),
        close() {
          if (!open) throw new Error("closed already");
          open = false;
        },
      };
    }),
  ),
  "bears or refuses by a code frames without a sample": made(
    filter(() => ({
      onFrame(frame, emit) {
        if (frame.kind === "audio" && frame.pcm[0] === undefined) throw new TypeError("no first sample");
        emit(frame);
      },
    })),
  ),
  "bears or refuses by a code audio with a hole in it": made(
    filter(() => {
      let expected: number | undefined;
      return {
        onFrame(frame, emit) {
          if (frame.kind !== "audio") return;
          if (expected !== undefined && frame.startSample > expected) throw new RangeError("out of order");
          expected = frame.startSample + frame.pcm.length;
          emit(frame);
        },
      };
    }),
  ),
  "bears or refuses by a code texts of signs that are no letters": made(
    translator((text) => encodeURIComponent(text).toUpperCase()),
  ),
  "leaves nothing behind after 200 runs": made(
    defineNode({
      type: "acme.filter",
      summary: "Passes audio on.",
      role: "filter",
      passes: "samples",
      inputs: { in: { kinds: ["audio"] } },
      outputs: { out: { kinds: ["audio"], audio: "same" } },
      config: settings,
      create(_, { clock }) {
        clock.after(86_400_000, () => {});
        return passing();
      },
    }),
  ),
  "says by a code, in time, that its service cannot be reached": made(remote(() => new Error("connect ECONNREFUSED"))),
};
