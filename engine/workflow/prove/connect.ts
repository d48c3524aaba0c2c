import { defaultPort, type FrameKind, type InputPort, type OutputPort, type TextRole } from "#engine/plugin";
import type { Finding } from "../finding.ts";
import type { FindingCode } from "../finding-codes.ts";
import {
  type DraftNode,
  type EdgeOptions,
  type Entry,
  type Feed,
  type PortFeeds,
  type Scope,
  understood,
} from "../read/draft.ts";
import { type Reference, splitReference } from "../read/feeds.ts";
import { didYouMean, suggest } from "../yaml/suggest.ts";
import type { Path, YamlFile } from "../yaml/yaml-file.ts";

/** An output that a reference means, and what the edge objects on the way to it say. */
export interface Endpoint {
  readonly node: DraftNode;
  /** Undefined for a node that was not understood, whose ports nobody knows. */
  readonly port: string | undefined;
  readonly options: EdgeOptions;
}

/** An edge as it is written: its ports exist, its kinds fit; of its audio nothing is said yet. */
export interface DraftEdge {
  readonly from: DraftNode;
  readonly fromPort: string;
  readonly to: DraftNode;
  readonly toPort: string;
  readonly kinds: readonly FrameKind[];
  readonly textRoles?: readonly TextRole[];
  readonly options: EdgeOptions;
  /** Where its reference stands. */
  readonly place: { readonly yaml: YamlFile; readonly path: Path };
}

export interface Connections {
  readonly edges: readonly DraftEdge[];
  /** What feeds the workflow's own outputs, by name. */
  readonly outputs: ReadonlyMap<string, readonly Endpoint[]>;
  /** Nodes with a feed that was not understood, of whose inputs no more can be said. */
  readonly doubtful: ReadonlySet<DraftNode>;
  /** The outputs that a reference means; what it does not mean is told. */
  resolve(feed: Feed, scope: Scope): Endpoint[];
}

/** Resolves every reference of a workflow and of what it includes into edges between single nodes. */
export function connect(scope: Scope, findings: Finding[]): Connections {
  const connector = new Connector(findings);
  connector.connectScope(scope);
  for (const [name, feeds] of scope.outputs)
    connector.outputs.set(
      name,
      feeds.flatMap((feed) => connector.resolve(feed, scope)),
    );
  return connector;
}

class Connector implements Connections {
  readonly edges: DraftEdge[] = [];
  readonly outputs = new Map<string, readonly Endpoint[]>();
  readonly doubtful = new Set<DraftNode>();
  /** Feeds being resolved, against workflows that hand their own output back to themselves. */
  readonly #open = new Set<Feed>();

  constructor(readonly findings: Finding[]) {}

  connectScope(scope: Scope): void {
    for (const entry of scope.entries.values()) this.#connectEntry(entry, scope);
    // outputs and inputs of an included workflow are checked even if nothing in it uses them
    for (const feeds of scope.outputs.values()) for (const feed of feeds) this.resolve(feed, scope);
    for (const input of scope.inputs.values())
      if (input.kind === "fed") for (const feed of input.feeds) this.resolve(feed, input.by);
  }

  #connectEntry(entry: Entry, scope: Scope): void {
    if (entry.kind === "node") this.#connectNode(entry.node, entry.feeds, scope);
    else if (entry.kind === "copies") for (const copy of entry.copies.values()) this.#connectEntry(copy, scope);
    else if (entry.scope) this.connectScope(entry.scope);
  }

  #connectNode(node: DraftNode, written: readonly PortFeeds[], scope: Scope): void {
    const { yaml } = scope;
    const complain = (code: FindingCode, path: Path, message: string, write?: string) => {
      if (!node.guessed) this.findings.push(yaml.finding(code, path, message, { at: "key", write }));
      this.doubtful.add(node);
    };
    const byPort = new Map<string, Feed[]>();
    const ports = Object.keys(node.inputs);
    for (const { port, path, feeds } of written) {
      if (feeds.length === 0) this.doubtful.add(node); // what was wrong with it was told
      if (!understood(node)) for (const feed of feeds) this.resolve(feed, scope);
      else if (ports.length === 0) complain("INPUT_UNWANTED", path, `${node.type} takes no input`);
      else {
        const name = port ?? defaultPort(node.inputs);
        if (name === undefined)
          complain(
            "PORT_AMBIGUOUS",
            path,
            `${node.type} has the inputs ${ports.join(", ")} and no default; name one: in: { ${ports[0]}: … }`,
          );
        else if (!Object.hasOwn(node.inputs, name)) {
          const suggestion = suggest(name, ports);
          const has = suggestion ? didYouMean(suggestion) : `; it has ${ports.join(", ")}`;
          complain("PORT_UNKNOWN", path, `${node.type} has no input ${name}${has}`, suggestion);
        } else if (byPort.has(name)) complain("INPUT_FED_TWICE", path, `${name} is fed by both from and in`);
        else byPort.set(name, [...feeds]);
      }
    }
    if (understood(node)) for (const [name, feeds] of byPort) this.#connectPort(node, name, feeds, scope);
  }

  #connectPort(node: DraftNode, port: string, feeds: readonly Feed[], scope: Scope): void {
    const taken = new Set<string>();
    for (const feed of feeds) {
      const endpoints = this.resolve(feed, scope);
      if (endpoints.length === 0) this.doubtful.add(node);
      for (const endpoint of endpoints) {
        const from = `${endpoint.node.id}.${endpoint.port}`;
        const place = { yaml: scope.yaml, path: feed.path };
        if (endpoint.port === undefined) this.doubtful.add(node);
        else if (taken.has(`${from} ${endpoint.options.channel}`))
          this.findings.push(scope.yaml.finding("INPUT_FED_TWICE", feed.path, `${port} is fed by ${from} twice`));
        else this.#addEdge(endpoint.node, endpoint.port, node, port, endpoint.options, place);
        taken.add(`${from} ${endpoint.options.channel}`);
      }
    }
  }

  #addEdge(
    from: DraftNode,
    fromPort: string,
    to: DraftNode,
    toPort: string,
    options: EdgeOptions,
    place: DraftEdge["place"],
  ): void {
    const output = from.outputs[fromPort]!;
    const input = to.inputs[toPort]!;
    const kinds = sharedKinds(output, input);
    if (kinds.length === 0) {
      const message = `${from.id}.${fromPort} gives ${givenWords(output)}; ${to.id}.${toPort} takes ${takenWords(input)}`;
      this.findings.push(place.yaml.finding("INPUT_REFUSED", place.path, message));
      this.doubtful.add(to);
      return;
    }
    const textRoles = kinds.includes("text") && !output.textRole ? input.textRoles : undefined;
    this.edges.push({ from, fromPort, to, toPort, kinds, ...(textRoles && { textRoles }), options, place });
  }

  /** The outputs that a reference means: one, or several where an included workflow's output has several. */
  resolve(feed: Feed, scope: Scope): Endpoint[] {
    if (this.#open.has(feed)) {
      this.findings.push(
        scope.yaml.finding("GRAPH_CYCLE", feed.path, `${feed.ref} leads back to itself through an included workflow`),
      );
      return [];
    }
    this.#open.add(feed);
    const reference = splitReference(feed.ref)!;
    const found =
      reference.node === "inputs"
        ? this.#resolveInput(feed, reference.port, scope)
        : this.#resolveName(feed, reference, scope);
    this.#open.delete(feed);
    return found.map((endpoint) => ({ ...endpoint, options: this.#merged(endpoint.options, feed, scope) }));
  }

  #resolveInput(feed: Feed, name: string | undefined, from: Scope): Endpoint[] {
    let scope = from;
    while (scope.parent) scope = scope.parent; // inputs are a file's own
    const input = name === undefined ? undefined : scope.inputs.get(name);
    if (!input) {
      // an input that is declared but could not be read was told already
      if (name !== undefined && scope.yaml.has(["inputs", name])) return [];
      const suggestion = suggest(name ?? "", scope.inputs.keys());
      const message =
        name === undefined
          ? "inputs needs a name: inputs.NAME"
          : `the workflow has no input ${name}${didYouMean(suggestion)}`;
      this.#dangling("NODE_UNKNOWN", feed, scope, message, suggestion && `inputs.${suggestion}`);
      return [];
    }
    if (input.kind === "fed") return input.feeds.flatMap((outer) => this.resolve(outer, input.by));
    const port = defaultPort(input.node.outputs);
    return [{ node: input.node, port, options: {} }];
  }

  /** The nearest thing of that name: nodes in the place of one see their own names first. */
  #resolveName(feed: Feed, { node: id, copy, port }: Reference, from: Scope): Endpoint[] {
    const entry = entryOf(id, from);
    if (!entry) {
      this.#unknownName(feed, id, port, from);
      return [];
    }
    if (copy === undefined) return this.#resolveEntry(entry, feed, id, port, from);
    const chosen = entry.kind === "copies" ? entry.copies.get(copy) : undefined;
    if (chosen) return this.#resolveEntry(chosen, feed, `${id}[${copy}]`, port, from);
    if (entry.kind === "node" && !understood(entry.node)) return [{ node: entry.node, port: undefined, options: {} }];
    const keys = entry.kind === "copies" ? [...entry.copies.keys()] : [];
    const suggestion = suggest(copy, keys);
    const has = suggestion ? didYouMean(suggestion) : `; there is ${keys.map((key) => `${id}[${key}]`).join(", ")}`;
    const message = keys.length === 0 ? `${id} is one node, without each` : `${id} has no copy ${copy}${has}`;
    const write = suggestion && `${id}[${suggestion}]${port === undefined ? "" : `.${port}`}`;
    this.#dangling("NODE_UNKNOWN", feed, from, message, write);
    return [];
  }

  #unknownName(feed: Feed, id: string, port: string | undefined, from: Scope): void {
    const names: string[] = [];
    let scope: Scope | undefined = from;
    for (let top: Scope | undefined = from; top; top = top.parent) {
      names.push(...top.entries.keys());
      scope = top;
    }
    const inputs = [...scope.inputs.keys()];
    const isInput = inputs.includes(id);
    const suggestion = isInput ? `inputs.${id}` : suggest(id, [...names, ...inputs.map((name) => `inputs.${name}`)]);
    const write = suggestion && (isInput || suggestion.includes(".") || !port ? suggestion : `${suggestion}.${port}`);
    this.#dangling("NODE_UNKNOWN", feed, from, `no node is named ${id}${didYouMean(suggestion)}`, write);
  }

  #resolveEntry(entry: Entry, feed: Feed, id: string, port: string | undefined, scope: Scope): Endpoint[] {
    if (entry.kind === "copies")
      return [...entry.copies.values()].flatMap((copy) => this.#resolveEntry(copy, feed, id, port, scope));
    if (entry.kind === "include") {
      if (!entry.scope) return [];
      const name = this.#choosePort(feed, id, port, [...entry.scope.outputs.keys()], undefined, scope);
      const inner = entry.scope;
      return name === undefined ? [] : inner.outputs.get(name)!.flatMap((each) => this.resolve(each, inner));
    }
    const { node } = entry;
    if (!understood(node)) return [{ node, port: undefined, options: {} }];
    const ports = Object.keys(node.outputs);
    if (node.guessed && !ports.includes(port ?? defaultPort(node.outputs) ?? ""))
      return [{ node, port: undefined, options: {} }];
    const name = this.#choosePort(feed, id, port, ports, defaultPort(node.outputs), scope);
    return name === undefined ? [] : [{ node, port: name, options: {} }];
  }

  #choosePort(
    feed: Feed,
    id: string,
    port: string | undefined,
    ports: readonly string[],
    standard: string | undefined,
    scope: Scope,
  ): string | undefined {
    if (ports.length === 0) return this.#dangling("NODE_NO_OUTPUT", feed, scope, `${id} gives nothing out`);
    const name = port ?? standard ?? (ports.length === 1 ? ports[0] : undefined);
    if (name === undefined)
      return this.#dangling(
        "PORT_AMBIGUOUS",
        feed,
        scope,
        `${id} has several outputs; write ${ports.map((each) => `${id}.${each}`).join(" or ")}`,
      );
    if (ports.includes(name)) return name;
    const suggestion = suggest(name, ports);
    const has = suggestion ? didYouMean(suggestion) : `; it has ${ports.join(", ")}`;
    return this.#dangling(
      "PORT_UNKNOWN",
      feed,
      scope,
      `${id} has no output ${name}${has}`,
      suggestion && `${id}.${suggestion}`,
    );
  }

  #dangling(code: FindingCode, feed: Feed, scope: Scope, message: string, write?: string): undefined {
    this.findings.push(scope.yaml.finding(code, feed.path, message, { write }));
  }

  /** What the nearer edge object says goes before what one further out says. */
  #merged(further: EdgeOptions, feed: Feed, scope: Scope): EdgeOptions {
    if (further.channel !== undefined && feed.options.channel !== undefined)
      this.findings.push(
        scope.yaml.finding("CHANNEL_UNKNOWN", feed.path, "a channel was taken already where this workflow is included"),
      );
    const where = [...(further.where ?? []), ...(feed.options.where ?? [])];
    return { ...further, ...feed.options, ...(where.length > 0 && { where }) };
  }
}

/** What a name means here, or in what is around it. */
export function entryOf(name: string, from: Scope): Entry | undefined {
  for (let scope: Scope | undefined = from; scope; scope = scope.parent) {
    const entry = scope.entries.get(name);
    if (entry) return entry;
  }
  return undefined;
}

/** Kinds that the one gives and the other takes; text only where its role is taken too. */
function sharedKinds(output: OutputPort, input: InputPort): FrameKind[] {
  const roleRefused = output.textRole && input.textRoles && !input.textRoles.includes(output.textRole);
  return output.kinds.filter((kind) => input.kinds.includes(kind) && !(kind === "text" && roleRefused));
}

const givenWords = (port: OutputPort): string =>
  port.kinds.map((kind) => (kind === "text" && port.textRole ? `text (${port.textRole})` : kind)).join(" and ");

const takenWords = (port: InputPort): string =>
  port.kinds
    .map((kind) => (kind === "text" && port.textRoles ? `text (${port.textRoles.join(" or ")})` : kind))
    .join(" and ");
