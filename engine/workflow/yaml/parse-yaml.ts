import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import type { Finding } from "../finding.ts";
import type { FindingCode } from "../finding-codes.ts";
import { findUnquoted, Repaired } from "./unquoted.ts";
import { type Range, type Spot, YamlFile } from "./yaml-file.ts";

/** 1 MiB; a workflow of 200 nodes has about 20 KiB. */
export const MAX_YAML_BYTES = 1 << 20;
const MAX_DEPTH = 64;
/** Values that aliases may add in all; beyond that they are a bomb. */
const MAX_ALIASED_VALUES = 10_000;

export interface ParsedYaml {
  /** Absent where the text is so broken that its values would mislead. */
  readonly yaml?: YamlFile;
  readonly findings: readonly Finding[];
}

/** YAML 1.2 text as plain values with their places. Every fault of syntax is a finding; nothing is thrown. */
export function parseYaml(text: string, file: string): ParsedYaml {
  const blank = new YamlFile(file, text, undefined, { value: { offset: 0, length: 0 } });
  if (Buffer.byteLength(text) > MAX_YAML_BYTES) {
    const found = `the file has ${Buffer.byteLength(text)} bytes, at most ${MAX_YAML_BYTES} are read`;
    return { findings: [blank.findingAt("WORKFLOW_TOO_LARGE", { offset: 0, length: 0 }, found)] };
  }
  let repaired = new Repaired(text, []);
  let document = compose(text);
  if (document && document.errors.length > 0) {
    repaired = new Repaired(text, findUnquoted(text));
    if (repaired.replaced.length > 0) document = compose(repaired.text);
  }
  const findings = repaired.replaced.map((stretch) =>
    blank.findingAt("YAML_UNQUOTED", stretch, "${…} inside { } or [ ] must be quoted", {
      write: stretch.quoted,
      sure: true,
    }),
  );
  if (!document) {
    findings.push(blank.findingAt("YAML_TOO_DEEP", { offset: 0, length: 0 }, "nested too deeply to be read"));
    return { findings };
  }
  const faults = document.errors.map((error) => syntaxFinding(blank, repaired, error));
  // after a fault of syntax the parser guesses, and a duplicate key is the one fault that leaves no doubt what the rest says
  const doubtful = document.errors.some((error) => error.code !== "DUPLICATE_KEY");
  findings.push(...(doubtful ? firstOfEachLine(faults) : faults));
  if (doubtful) return { findings };
  for (const warning of document.warnings) findings.push(syntaxFinding(blank, repaired, warning));
  const reader = new ValueReader(document, repaired, blank);
  const read = reader.read(document.contents as Node | null, 0);
  findings.push(...reader.findings);
  return { yaml: new YamlFile(file, text, read.value, read.spot), findings };
}

function compose(text: string): Document | undefined {
  try {
    return parseDocument(text, { version: "1.2", prettyErrors: false, merge: false, uniqueKeys: true });
  } catch (error) {
    if (error instanceof RangeError) return undefined; // its recursion is as deep as the nesting
    throw error;
  }
}

const SYNTAX_CODES: Partial<Record<YAMLError["code"], FindingCode>> = {
  TAB_AS_INDENT: "YAML_TAB",
  DUPLICATE_KEY: "YAML_DUPLICATE_KEY",
  MULTIPLE_DOCS: "YAML_MULTIPLE_DOCUMENTS",
  BAD_ALIAS: "YAML_ALIAS",
  RESOURCE_EXHAUSTION: "YAML_TOO_DEEP",
};

const SYNTAX_WORDS: Partial<Record<YAMLError["code"], string>> = {
  TAB_AS_INDENT: "a tab indents this line; YAML wants spaces",
  RESOURCE_EXHAUSTION: "nested too deeply to be read",
  MULTIPLE_DOCS: "a second document begins here; a file holds one",
};

function syntaxFinding(blank: YamlFile, repaired: Repaired, error: YAMLError): Finding {
  const offset = repaired.original(error.pos[0]);
  const length = Math.max(0, repaired.original(error.pos[1]) - offset);
  const code = SYNTAX_CODES[error.code] ?? "YAML_INVALID";
  const word = blank.text.slice(offset).match(/^[\w.-]+/)?.[0];
  const duplicate = error.code === "DUPLICATE_KEY" && word ? `${word} stands here a second time` : undefined;
  const message = duplicate ?? SYNTAX_WORDS[error.code] ?? lowerFirst(error.message.replace(/\s+/g, " "));
  return blank.findingAt(code, { offset, length }, message);
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** One fault of syntax makes the parser stumble over what follows; only the first ones are news. */
function firstOfEachLine(findings: readonly Finding[]): Finding[] {
  const lines = new Set<number>();
  return findings.filter((finding) => !lines.has(finding.line) && lines.add(finding.line)).slice(0, 3);
}

interface Read {
  readonly value: unknown;
  readonly spot: Spot;
}

/** Turns the library's nodes into plain values, and keeps where each stood. */
class ValueReader {
  readonly findings: Finding[] = [];
  readonly #open = new Set<Node>();
  #aliasDepth = 0;
  #aliasedValues = 0;

  constructor(
    readonly document: Document,
    readonly repaired: Repaired,
    readonly blank: YamlFile,
  ) {}

  read(node: Node | null, depth: number, key?: Range): Read {
    const range = this.#rangeOf(node, key);
    const spot: Spot = { ...(key && { key }), value: range };
    if (depth > MAX_DEPTH) return this.#refuse("YAML_TOO_DEEP", range, `nested more than ${MAX_DEPTH} deep`, spot);
    if (this.#aliasDepth > 0 && ++this.#aliasedValues > MAX_ALIASED_VALUES) {
      if (this.#aliasedValues > MAX_ALIASED_VALUES + 1) return { value: null, spot };
      return this.#refuse("YAML_ALIAS", range, `aliases expand to more than ${MAX_ALIASED_VALUES} values`, spot);
    }
    if (isAlias(node)) {
      const target = node.resolve(this.document);
      if (!target) return this.#refuse("YAML_ALIAS", range, `no anchor is named ${node.source}`, spot);
      if (this.#open.has(target)) return this.#refuse("YAML_ALIAS", range, `${node.source} contains itself`, spot);
      this.#aliasDepth++;
      const { value } = this.read(target, depth + 1, key);
      this.#aliasDepth--;
      return { value, spot }; // findings point at the alias, which is what its user wrote
    }
    if (isScalar(node)) return { value: node.value, spot };
    if (isSeq(node)) return this.#within(node, () => this.#readList(node.items as Node[], depth, spot));
    if (isMap(node))
      return this.#within(node, () => this.#readMap(node as YAMLMap<Node | null, Node | null>, depth, spot));
    return { value: null, spot };
  }

  #within(node: Node, read: () => Read): Read {
    this.#open.add(node);
    const result = read();
    this.#open.delete(node);
    return result;
  }

  #readList(items: readonly Node[], depth: number, spot: Spot): Read {
    const children = new Map<string, Spot>();
    const value = items.map((item, index) => {
      const read = this.read(item, depth + 1);
      children.set(String(index), read.spot);
      return read.value;
    });
    return { value, spot: { ...spot, children } };
  }

  #readMap(map: YAMLMap<Node | null, Node | null>, depth: number, spot: Spot): Read {
    const value: Record<string, unknown> = {};
    const children = new Map<string, Spot>();
    for (const pair of map.items) {
      const keyRange = this.#rangeOf(pair.key, spot.value);
      if (!isScalar(pair.key) || pair.key.value === null || pair.key.value === "__proto__") {
        this.findings.push(this.blank.findingAt("YAML_KEY", keyRange, "a key must be a plain word"));
        continue;
      }
      const name = String(pair.key.value);
      if (children.has(name)) continue; // the duplicate is a finding of its own, and the first one stands
      const read = this.read(pair.value, depth + 1, keyRange);
      value[name] = read.value;
      children.set(name, read.spot);
    }
    return { value, spot: { ...spot, children } };
  }

  #refuse(code: FindingCode, range: Range, message: string, spot: Spot): Read {
    this.findings.push(this.blank.findingAt(code, range, message));
    return { value: null, spot };
  }

  #rangeOf(node: Node | null, otherwise: Range | undefined): Range {
    const range = node?.range;
    if (!range) return otherwise ?? { offset: 0, length: 0 };
    const offset = this.repaired.original(range[0]);
    return { offset, length: Math.max(0, this.repaired.original(range[1]) - offset) };
  }
}
