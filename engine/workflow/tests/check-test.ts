import type { FrameKind, Role } from "#engine/plugin";
import type { Finding } from "../finding.ts";
import type { FindingCode } from "../finding-codes.ts";
import type { DraftEdge } from "../prove/connect.ts";
import { type DraftNode, understood } from "../read/draft.ts";
import { didYouMean, suggest } from "../yaml/suggest.ts";
import type { Path } from "../yaml/yaml-file.ts";
import type { Fixture, Mock, PortExpectation } from "./format.ts";
import { findPorts, type Observable } from "./tested-ports.ts";
import { testedPort, type WorkflowTest } from "./workflow-test.ts";

/** What a test is held against. */
export interface TestedWorkflow extends Observable {
  readonly drafts: readonly DraftNode[];
  readonly edges: readonly DraftEdge[];
  /** Declared inputs with their kinds and whether they have a default. */
  readonly inputs: ReadonlyMap<string, { readonly kind: FrameKind; readonly hasDefault: boolean }>;
  readonly params: readonly string[];
}

/** What a test names that the workflow does not have, or that does not fit what it has. */
export function checkTest(test: WorkflowTest, workflow: TestedWorkflow): Finding[] {
  return new TestCheck(test, workflow).findings();
}

class TestCheck {
  readonly #findings: Finding[] = [];

  constructor(
    readonly test: WorkflowTest,
    readonly workflow: TestedWorkflow,
  ) {}

  findings(): Finding[] {
    const { test } = this;
    this.#inputs();
    const { params } = this.workflow;
    for (const name of Object.keys(test.params))
      if (!params.includes(name))
        this.#unknown("PARAM_UNKNOWN", ["params", name], `no param is named ${name}`, name, params);
    for (const [id, mock] of Object.entries(test.mock)) this.#mock(id, mock);
    const { ports, order, accounts, events } = test.expect;
    for (const [port, expected] of Object.entries(ports)) this.#port(port, ["expect", "ports", port], expected);
    for (const [index, step] of order.entries())
      this.#port(typeof step === "string" ? step : step.port, ["expect", "order", index]);
    for (const id of Object.keys(accounts?.counters ?? {})) this.#node(id, ["expect", "accounts", "counters", id]);
    for (const [index, { node }] of events.entries()) this.#node(node, ["expect", "events", index, "node"]);
    return this.#findings;
  }

  #tell(code: FindingCode, inner: Path, message: string, at: "key" | "value" = "value", write?: string): void {
    const { yaml, path } = this.test;
    this.#findings.push(yaml.finding(code, [...path, ...inner], message, { at, write }));
  }

  #unknown(code: FindingCode, at: Path, words: string, name: string, known: readonly string[]): void {
    const suggestion = suggest(name, known);
    const has = suggestion ? didYouMean(suggestion) : known.length > 0 ? `; there is ${known.join(", ")}` : "";
    this.#tell(code, at, words + has, at.at(-1) === name ? "key" : "value", suggestion);
  }

  #inputs(): void {
    const { inputs } = this.workflow;
    for (const [name, fixture] of Object.entries(this.test.in)) {
      const input = inputs.get(name);
      if (!input)
        this.#unknown("INPUT_UNKNOWN", ["in", name], `the workflow has no input ${name}`, name, [...inputs.keys()]);
      else if (!givenBy(fixture, input.kind))
        this.#tell("FIXTURE_UNFIT", ["in", name], `${name} takes ${input.kind}, and that is not what is given`);
    }
    for (const [name, { hasDefault }] of inputs)
      if (!hasDefault && !Object.hasOwn(this.test.in, name))
        this.#tell("INPUT_UNBOUND", [], `the test gives nothing for the input ${name}, which has no default`);
  }

  #node(id: string, at: Path): DraftNode | undefined {
    const ids = this.workflow.drafts.map((node) => node.id);
    const node = this.workflow.drafts.find((each) => each.id === id);
    if (!node) this.#unknown("NODE_UNKNOWN", at, `there is no node ${id}`, id, ids.length > 16 ? [] : ids);
    return node;
  }

  #mock(name: string, mock: Mock): void {
    const fallback = /^(.+)\.fallback\.([1-9]\d*)$/.exec(name);
    const node = this.#node(fallback?.[1] ?? name, ["mock", name]);
    if (!node || node.candidates.length === 0) return;
    const candidate = node.candidates[fallback ? Number(fallback[2]) : 0];
    if (!candidate) return this.#tell("NODE_UNKNOWN", ["mock", name], `${node.id} has no such fallback`, "key");
    const role = candidate.definition.role(candidate.config);
    for (const [word, roles] of WORD_ROLES)
      if (mock[word] !== undefined && !roles.includes(role))
        this.#tell("MOCK_UNFIT", ["mock", name, word], `${word} says nothing of a node of the role ${role}`, "key");
    const timed = mock.results?.some((result) => typeof result !== "string" && result.untilMs !== undefined);
    const heard = this.workflow.edges.filter((edge) => edge.to === node);
    const marked = heard.some((edge) => edge.kinds.includes("speech"));
    // what feeds nothing into it was told already
    if (RECOGNISERS.includes(role) && mock.results && heard.length > 0 && !marked && !timed)
      this.#tell(
        "MOCK_UNFIT",
        ["mock", name, "results"],
        `${node.id} gets no speech marks, so each result has to say untilMs`,
      );
  }

  #port(written: string, at: Path, expected?: PortExpectation): void {
    const node = this.workflow.drafts.find(({ id }) => id === testedPort(written)?.node);
    if (node && (!understood(node) || node.guessed)) return; // nobody knows its ports, and why was told
    const found = findPorts(written, this.workflow);
    if ("code" in found) return this.#tell(found.code, at, found.message, "key", found.write);
    if (!expected) return;
    for (const [word, kind] of WORD_KINDS)
      if (expected[word] !== undefined && !found.from.some(({ declared }) => declared.kinds.includes(kind)))
        this.#tell("TEST_UNFIT", [...at, word], `${written} gives no ${kind}, of which ${word} could tell`, "key");
  }
}

const RECOGNISERS: readonly Role[] = ["asr", "interpret"];

const WORD_ROLES: readonly (readonly ["results" | "table" | "gives" | "utterances", readonly Role[]])[] = [
  ["results", ["asr", "interpret", "file-asr", "translate", "tts", "filter"]],
  ["table", ["translate", "filter"]],
  ["gives", ["source"]],
  ["utterances", ["vad"]],
];

const WORD_KINDS = [
  ["text", "text"],
  ["wer", "text"],
  ["pattern", "text"],
  ["golden", "text"],
  ["partials", "text"],
  ["language", "text"],
  ["utterances", "speech"],
  ["audioMs", "audio"],
] as const satisfies readonly (readonly [keyof PortExpectation, FrameKind])[];

function givenBy(fixture: Fixture, kind: FrameKind): boolean {
  const isText = typeof fixture === "object" && "text" in fixture && fixture.text !== undefined;
  return kind === "text" ? isText : kind === "audio" && !isText;
}
