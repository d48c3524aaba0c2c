import { check } from "../yaml/check.ts";
import type { Path } from "../yaml/yaml-file.ts";
import { readChoice } from "./choose.ts";
import type { Entry, PortFeeds, Scope } from "./draft.ts";
import { readEach } from "./each.ts";
import { readFeeds } from "./feeds.ts";
import { type FragmentWords, fragmentSchema, type NodeWords } from "./format.ts";
import type { FileContext } from "./loading.ts";
import { readNode, readNodeWords, readPortFeeds } from "./read-node.ts";
import { type Written, writtenAt } from "./written.ts";

/** What the nodes of one scope are read with. */
export interface EntryReading {
  readonly context: FileContext;
  readonly scope: Scope;
  /** Reads a node that includes another file. */
  include(node: IncludingNode, reading: EntryReading): Promise<Entry>;
}

export interface IncludingNode {
  readonly id: string;
  readonly words: NodeWords;
  readonly written: Written;
  readonly feeds: readonly PortFeeds[];
}

/** More nodes than any workflow has; includes of includes and copies of copies could make them without end. */
export const MAX_NODES = 5000;

/** What stands under one id of `nodes`: a node, an included file, nodes in the place of one, one of several cases, or copies of any of these. */
export async function readEntry(id: string, written: Written, reading: EntryReading): Promise<Entry> {
  if (!isMapping(written.value) || written.value.each === undefined) return readOne(id, written, reading);
  const { each, ...rest } = written.value;
  const { context } = reading;
  const { loading, yaml } = context;
  const values = readEach(each, written.where(["each"]), context);
  if (!values) return unreadable(id, written.path, context);
  const copies = new Map<string, Entry>();
  for (const { name, key, known } of values) {
    if (loading.nodes.length > MAX_NODES) {
      const message = `with its copies the workflow has more than ${MAX_NODES} nodes`;
      loading.findings.push(yaml.finding("WORKFLOW_TOO_LARGE", written.where(["each"]), message, { at: "key" }));
      break;
    }
    const words = { ...context.words, each: new Map([...(context.words.each ?? []), [name, known]]) };
    const inner = { ...reading, context: { ...context, words } };
    copies.set(key, await readOne(`${id}[${key}]`, { ...written, value: rest }, inner));
  }
  return { kind: "copies", copies };
}

async function readOne(id: string, written: Written, reading: EntryReading): Promise<Entry> {
  const { context } = reading;
  if (isMapping(written.value)) {
    const { choose, cases, nodes } = written.value;
    if (choose !== undefined || cases !== undefined) {
      const chosen = readChoice(written.value, written, context);
      return chosen
        ? readOne(id, chosen.written, { ...reading, context: chosen.context })
        : unreadable(id, written.path, context);
    }
    if (nodes !== undefined) return readFragment(id, written, reading);
  }
  const words = readNodeWords(written, context);
  if (!words) return unreadable(id, written.path, context);
  const feeds = readPortFeeds(words, written, context);
  return isInclude(words.use)
    ? reading.include({ id, words, written, feeds }, reading)
    : readNode(id, words, written.path, feeds, context);
}

/** `nodes` in a node: they see each other and all that the node itself sees; `outputs` are its ports. */
async function readFragment(id: string, written: Written, reading: EntryReading): Promise<Entry> {
  const { context } = reading;
  const { loading, yaml } = context;
  const checked = check(fragmentSchema, written.value, {
    yaml,
    what: "a node with nodes",
    where: (inner) => written.where(inner),
    hint: (inner, key) => (inner.length === 0 ? strayHint(key) : undefined),
  });
  loading.findings.push(...checked.findings);
  if (!checked.value) return unreadable(id, written.path, context);
  const words: FragmentWords = checked.value;
  if (Object.keys(words.nodes).length === 0)
    loading.findings.push(
      yaml.finding("KEY_MISSING", written.where(["nodes"]), "there is no node in it", { at: "key" }),
    );
  const inside: FileContext = {
    ...context,
    prefix: `${context.prefix}${id}/`,
    failing: context.failing === "continue" ? "continue" : words.onFailure,
  };
  const outputs = new Map(
    Object.entries(words.outputs).map(([name, value]) => {
      const path = written.where(["outputs", name]);
      return [name, readFeeds(value, { yaml, path, words: inside.words, findings: loading.findings, edges: false })];
    }),
  );
  const entries = new Map<string, Entry>();
  const scope: Scope = { yaml, parent: reading.scope, entries, inputs: new Map(), outputs };
  await readEntries(words.nodes, (inner) => written.where(["nodes", ...inner]), entries, {
    ...reading,
    context: inside,
    scope,
  });
  return { kind: "include", scope, path: written.path };
}

const strayHint = (key: string): string | undefined =>
  ["use", "with", "from", "in", "retry", "fallback", "timeouts", "gate"].includes(key)
    ? "; it belongs to the nodes in it, which can refer to all that this node could"
    : undefined;

/** All nodes of a scope, into `entries`. */
export async function readEntries(
  nodes: Readonly<Record<string, unknown>>,
  where: (inner: Path) => Path,
  entries: Map<string, Entry>,
  reading: EntryReading,
): Promise<void> {
  const { loading, yaml } = reading.context;
  for (const [id, value] of Object.entries(nodes))
    if (id === "inputs") {
      const message = "inputs is no node id: it means the workflow's own";
      loading.findings.push(yaml.finding("NAME_INVALID", where([id]), message, { at: "key" }));
    } else entries.set(id, await readEntry(id, writtenAt(value, where([id])), reading));
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isInclude = (use: string): boolean => /^(\.{1,2}\/|\/)/.test(use) || /\.ya?ml$/.test(use);

/** Keeps the name of a node that could not be read, so that references to it are not called dangling. */
function unreadable(id: string, path: Path, { prefix, yaml }: FileContext): Entry {
  const node = {
    id: prefix + id,
    type: "",
    yaml,
    path,
    candidates: [],
    inputs: {},
    outputs: {},
    guessed: false,
    onFailure: "end",
  } as const;
  return { kind: "node", node, feeds: [] };
}
