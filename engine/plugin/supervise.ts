import { z } from "zod";
import { EngineError } from "#engine/errors";
import type { NodeDefinition } from "./node.ts";
import type { OutputPorts } from "./ports.ts";
import type { Candidate } from "./supervise/candidate.ts";
import { Supervisor } from "./supervise/supervisor.ts";

export type { Candidate };

export interface SuperviseOptions {
  /** In the order in which they are tried; at least one. Configs are parsed outputs of the definitions' own schemas. */
  readonly candidates: readonly Candidate[];
  /** How long one instance may take to answer, in ms of the run's clock; see below. Unbounded by default. */
  readonly resultMs?: number;
}

/**
 * A node type that tries again and falls back: it hosts one instance at a time and shows the ports, the role and the type of the first
 * candidate; its effects are those of all.
 *
 * **A unit of work** of a recogniser (asr, interpret) is an utterance: all frames since the last final are kept, at most 60 s of audio,
 * and replayed into the next instance. Of every other role it is a frame, done when the instance asks for the next one or `onFrame` returns.
 * A source is tried again only until it has emitted something. Attempts are counted by unit; a candidate that was left is not gone back to.
 *
 * **What failed**: a code that is retryable and usable is tried again with the same candidate while it has attempts left (at once, then
 * after 100 ms, doubling up to 5 s, half of it at random); anything else goes to the next candidate. The last error is thrown, with its code.
 *
 * **What goes out** is one stream: finals once each and in order, revisions rising, positions of synthesised audio contiguous. Where what is
 * final ends in the midst of speech, the next instance begins at the pause before, and the words that it says again are taken away. The stable
 * prefix of a partial holds within an instance: the next one may hear something else.
 *
 * **`resultMs`** bounds the time from a closing mark to its final in a recogniser, in others from being handed a frame to the first output or to
 * asking for the next frame. Later is RESULT_LATE, a failure like others. An utterance without a partial that stands is taken as empty, and owes
 * no final, once the recogniser asks for input beyond its closing mark.
 *
 * @throws EngineError AUDIO_FORMAT_UNSUPPORTED when a candidate gives audio in another format than the first,
 *   CONFIG_INVALID when there is no candidate or one with no attempt.
 */
export function supervise({ candidates, resultMs }: SuperviseOptions): { definition: NodeDefinition; config: unknown } {
  const first = checked(candidates);
  if (candidates.length === 1 && first.attempts === 1 && resultMs === undefined) return first;
  const { config } = first;
  const face = supervised(first.definition, () => candidates, resultMs);
  const definition: NodeDefinition = {
    ...face,
    config: z.strictObject({}),
    hosts: { config: first.definition.config, settings: config },
    role: () => face.role(config),
    inputs: () => face.inputs(config),
    outputs: () => face.outputs(config),
    realTime: () => face.realTime(config),
    effects: [...new Set(candidates.flatMap((c) => c.definition.effects ?? []))],
    delays: () => face.delays?.(config) ?? [],
    fetches: () => candidates.some((c) => c.definition.fetches?.(c.config) ?? false),
    calledBack: () => candidates.some((c) => c.definition.calledBack?.(c.config) ?? false),
    create: (_, ctx) => face.create(config, ctx),
  };
  return { definition, config: {} };
}

/** The node type with up to `attempts` tries of a unit of work, the first counted. Its config stays as it is. */
export const withRetry = (definition: NodeDefinition, attempts: number, resultMs?: number): NodeDefinition =>
  supervised(definition, (config) => [{ definition, config, attempts }], resultMs);

/**
 * The node type with others behind it that take over where it fails, in order. Its config stays as it is.
 * @param others with the parsed outputs of their own config schemas; each is tried once where `attempts` is left out.
 */
export const withFallback = (
  definition: NodeDefinition,
  ...others: readonly (Omit<Candidate, "attempts"> & { readonly attempts?: number })[]
): NodeDefinition => ({
  ...supervised(definition, (config) => [
    { definition, config, attempts: 1 },
    ...others.map((other) => ({ ...other, attempts: other.attempts ?? 1 })),
  ]),
  calledBack: (config) =>
    [{ definition, config }, ...others].some((each) => each.definition.calledBack?.(each.config) ?? false),
  effects: [...new Set([definition, ...others.map((o) => o.definition)].flatMap((d) => d.effects ?? []))],
});

function supervised(
  first: NodeDefinition,
  candidatesFor: (config: unknown) => readonly Candidate[],
  resultMs?: number,
): NodeDefinition {
  const { converts: _converts, opens: _opens, retry: _retry, batch: _batch, ...facts } = first;
  return {
    ...facts,
    shape: "task",
    create(config, ctx) {
      const candidates = candidatesFor(config);
      checked(candidates);
      return Supervisor.open(
        {
          candidates,
          role: first.role(config),
          inputs: first.inputs(config),
          outputs: first.outputs(config),
          passesAudio: first.passes !== undefined,
          ...(resultMs === undefined ? {} : { resultMs }),
        },
        ctx,
      );
    },
  };
}

function checked(candidates: readonly Candidate[]): Candidate {
  const [first, ...others] = candidates;
  if (!first) throw new EngineError("CONFIG_INVALID", "nothing to supervise: no candidate was given");
  const wanted = formatsOf(first.definition.outputs(first.config));
  for (const { definition, attempts } of candidates)
    if (!Number.isInteger(attempts) || attempts < 1)
      throw new EngineError("CONFIG_INVALID", `${definition.type}: ${attempts} attempts, wanted a whole number from 1`);
  for (const { definition, config } of others)
    for (const [port, found] of formatsOf(definition.outputs(config))) {
      const expected = wanted.get(port);
      if (expected && found !== expected)
        throw new EngineError(
          "AUDIO_FORMAT_UNSUPPORTED",
          `${definition.type} gives ${found} on ${port}, which is to take the place of ${first.definition.type} with ${expected}`,
        );
    }
  return first;
}

/** Declared audio formats by output port, in words; ports whose format only the frames tell are left out. */
function formatsOf(outputs: OutputPorts): Map<string, string> {
  const formats = new Map<string, string>();
  for (const [port, { audio }] of Object.entries(outputs))
    if (audio && audio !== "same") formats.set(port, `${audio.sampleRateHz} Hz with ${audio.channels} channels`);
  return formats;
}
