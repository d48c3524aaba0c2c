import { EngineError, localsAmong, type NodeDefinition, type NodeTypes, promptFrame } from "#engine/plugin";
import type { Piece } from "#engine/workflow";
import { driveNode } from "../drive.ts";
import { Tape } from "./tape.ts";

type Spoken = Extract<Piece, { readonly speech: string }>;

/** Speaks the texts of fixtures by a synthesiser of this machine, each once for however many tests use it. */
export class SpeechMaker {
  readonly #made = new Map<string, Promise<Tape>>();

  constructor(readonly types: NodeTypes) {}

  /** @throws EngineError ENGINE_MISSING where nothing here speaks, and whatever the synthesiser fails with. */
  speak(piece: Spoken): Promise<Tape> {
    const key = JSON.stringify([piece.speech, piece.language, piece.use, piece.with]);
    const making = this.#made.get(key) ?? this.#speak(piece);
    this.#made.set(key, making);
    return making;
  }

  async #speak(piece: Spoken): Promise<Tape> {
    const { definition, settings } = await this.#synthesiser(piece);
    const { frames } = await driveNode(definition, settings, { frames: [promptFrame(piece.speech, "fixture")] });
    const audio = frames().filter((frame) => frame.kind === "audio");
    const [first] = audio;
    if (!first) throw new EngineError("ENGINE_FAILED", `${definition.type} gave no audio for a fixture`);
    const { sampleRateHz, channels } = first;
    const stretches = audio.map(({ pcm }) => pcm);
    return new Tape({ sampleRateHz, channels }, stretches);
  }

  async #synthesiser(piece: Spoken): Promise<{ readonly definition: NodeDefinition; readonly settings: unknown }> {
    if (piece.use !== undefined) {
      await this.types.load([piece.use]);
      const definition = this.types.get(piece.use);
      if (!definition) throw new EngineError("CONFIG_INVALID", `no plugin has the node type ${piece.use}`);
      return { definition, settings: piece.with ?? {} };
    }
    await this.types.loadAll();
    const find = localsAmong(this.types.all());
    const { definition, config } = find("tts", { source: piece.language ?? "en", targets: [], partials: false });
    return { definition, settings: piece.with ?? config };
  }
}
