import { z } from "zod";
import { gateSchema } from "#engine/plugin";
import { whereSchema } from "./where.ts";

/** Words of the format that a later version gives a meaning to. */
export const RESERVED = { edge: new Set(["record"]) } as const;

export const NODE_ID = /^[a-z][a-z0-9-]*$/;
/** Params, inputs and outputs may use capitals too, as the names of programs' own variables do. */
export const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;

const name = z.string().regex(NAME, "a name is made of letters, digits, - and _, and begins with a letter");
const nodeId = z
  .string()
  .regex(NODE_ID, "a node id is made of lower-case letters, digits and hyphens, and begins with a letter");

const ms = (what: string, most: number) => z.number().int().min(1).max(most).describe(`${what}, in milliseconds`);
const DAY_MS = 86_400_000;

const settings = z.record(z.string(), z.unknown());

export const inputSchema = z.strictObject({
  kind: z.enum(["audio", "text", "encoded", "recording", "data"]).describe("what comes in by it"),
  default: z.string().min(1).optional().describe("a path or URL that is opened when nothing else is bound"),
  help: z.string().optional(),
});

export const PARAM_TYPES = [
  "string",
  "number",
  "integer",
  "boolean",
  "choice",
  "list",
  "language",
  "file",
  "url",
  "secret",
] as const;

export const paramSchema = z.strictObject({
  type: z.enum(PARAM_TYPES),
  of: z
    .array(z.union([z.string(), z.number()]))
    .min(1)
    .optional()
    .describe("of a choice: its values"),
  min: z.number().optional().describe("the least number, or the least count of characters or items"),
  max: z.number().optional().describe("the largest number, or the largest count of characters or items"),
  pattern: z.string().optional().describe("a regular expression that the whole text has to match"),
  default: z.unknown().optional(),
  help: z.string().optional(),
});

export const limitsSchema = z.strictObject({
  startMs: ms("until all nodes are ready", DAY_MS).default(10_000),
  idleMs: ms("without any frame moving", DAY_MS).default(60_000),
  drainMs: ms("from the end of input to the end of the run", DAY_MS).default(5_000),
  runMs: ms("in all", 30 * DAY_MS).optional(),
});

/** The workflow as a whole. What is inside nodes, params and feeds is checked piece by piece, so that one fault hides no other. */
export const workflowSchema = z.strictObject({
  parlando: z.unknown().optional(),
  name: z.string().min(1).max(100).optional(),
  description: z.string().optional(),
  inputs: z.record(name, z.unknown()).default({}),
  params: z.record(name, z.unknown()).default({}),
  defaults: z.record(z.string(), settings).default({}),
  nodes: z.record(nodeId, z.unknown()).default({}),
  outputs: z.record(name, z.unknown()).default({}),
  limits: z.unknown().optional(),
  bargeIn: z.unknown().optional(),
  tests: z.unknown().optional(),
});

export const bargeInSchema = z.strictObject({
  when: z.unknown().describe("an output with speech marks: who is heard to barge in"),
  minMs: z
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(200)
    .describe("how long an utterance has to last, in milliseconds"),
  flush: z.array(z.string()).min(1).describe("the nodes that fall silent"),
});

const retrySchema = z.strictObject({ attempts: z.number().int().min(1).max(20).describe("the first one counted") });

export const candidateSchema = z.strictObject({
  use: z.string().min(1).describe("the node type"),
  with: settings.optional(),
  retry: retrySchema.optional(),
});

/** Words that are read before the others are, and taken out; here so that a misspelt one is recognised. */
const expansionWords = {
  each: z.unknown().optional().describe("one copy for each value: { name: [values] }"),
  choose: z.unknown().optional().describe("which of `cases` it is"),
  cases: z.unknown().optional().describe("what it may be, by the value of `choose`"),
  nodes: z.unknown().optional().describe("nodes in the place of one"),
  outputs: z.unknown().optional().describe("what a node with `nodes` gives out"),
};

export const nodeSchema = z.strictObject({
  use: z.string().min(1).describe("the node type, or ./file.yaml for a workflow"),
  from: z.unknown().optional().describe("what feeds the default input"),
  in: z.record(z.string(), z.unknown()).optional().describe("what feeds the other inputs, by port"),
  with: settings.optional().describe("the settings of the node type"),
  retry: retrySchema.optional(),
  fallback: z.array(z.unknown()).max(10).optional().describe("what takes over, in order"),
  timeouts: z
    .strictObject({
      openMs: ms("until the node is ready", DAY_MS).optional(),
      resultMs: ms("from a unit of work to its result", DAY_MS).optional(),
    })
    .optional(),
  gate: gateSchema.optional().describe("keeps silence from the node, by speech marks"),
  onFailure: z.enum(["end", "continue"]).default("end"),
  label: z.string().min(1).max(100).optional(),
  ...expansionWords,
});

/** A node that is made of nodes of its own. */
export const fragmentSchema = z.strictObject({
  nodes: z.record(nodeId, z.unknown()),
  outputs: z.record(name, z.unknown()).default({}),
  onFailure: z.enum(["end", "continue"]).default("end"),
  label: z.string().min(1).max(100).optional(),
});

export const edgeSchema = z.strictObject({
  from: z.string().min(1),
  buffer: z
    .strictObject({
      ms: z.number().int().min(1).max(600_000).optional().describe("audio, in milliseconds"),
      frames: z.number().int().min(1).max(100_000).optional().describe("everything that is not audio"),
      whenFull: z.enum(["block", "dropOldest", "dropNewest", "coalesce", "latest"]).optional(),
    })
    .optional(),
  channel: z.number().int().min(0).max(31).optional().describe("the one channel to take, from 0"),
  order: z.enum(["time", "arrival"]).optional(),
  where: whereSchema.optional().describe("only frames whose fields fit"),
});

export type InputDeclaration = z.output<typeof inputSchema>;
export type ParamDeclaration = z.output<typeof paramSchema>;
export type Candidate = z.output<typeof candidateSchema>;
export type NodeWords = z.output<typeof nodeSchema>;
export type FragmentWords = z.output<typeof fragmentSchema>;
export type EdgeWords = z.output<typeof edgeSchema>;
export type WorkflowWords = z.output<typeof workflowSchema>;
