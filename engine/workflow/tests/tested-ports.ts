import { defaultPort, type OutputPort, type OutputPorts } from "#engine/plugin";
import type { FindingCode } from "../finding-codes.ts";
import { didYouMean, suggest } from "../yaml/suggest.ts";
import { testedPort } from "./workflow-test.ts";

/** What a test can look at: nodes with their outputs, and the workflow's own outputs with what feeds them. */
export interface Observable {
  readonly nodes: readonly { readonly id: string; readonly outputs: OutputPorts }[];
  readonly outputs: ReadonlyMap<string, readonly { readonly node: string; readonly port: string }[]>;
}

export type FoundPorts =
  | { readonly from: readonly { readonly node: string; readonly port: string; readonly declared: OutputPort }[] }
  | { readonly code: FindingCode; readonly message: string; readonly write?: string };

/** The outputs that a reference in a test means: one, or all that feed an output of the workflow. */
export function findPorts(written: string, { nodes, outputs }: Observable): FoundPorts {
  if (written.startsWith("outputs.")) return findOutput(written.slice("outputs.".length), { nodes, outputs });
  const tested = testedPort(written);
  const node = nodes.find(({ id }) => id === tested?.node);
  if (!tested || !node) {
    const suggestion = suggest(
      tested?.node ?? written,
      nodes.map(({ id }) => id),
    );
    return { code: "NODE_UNKNOWN", message: `there is no node ${tested?.node ?? written}${didYouMean(suggestion)}` };
  }
  const ports = Object.keys(node.outputs);
  const port = tested.port ?? defaultPort(node.outputs);
  if (ports.length === 0) return { code: "NODE_NO_OUTPUT", message: `${node.id} gives nothing out` };
  if (port === undefined)
    return { code: "PORT_AMBIGUOUS", message: `${node.id} has several outputs: ${ports.join(", ")}` };
  const declared = Object.hasOwn(node.outputs, port) ? node.outputs[port] : undefined;
  if (declared) return { from: [{ node: node.id, port, declared }] };
  const suggestion = suggest(port, ports);
  const has = suggestion ? didYouMean(suggestion) : `; it has ${ports.join(", ")}`;
  return {
    code: "PORT_UNKNOWN",
    message: `${node.id} has no output ${port}${has}`,
    ...(suggestion && { write: `${node.id}.${suggestion}` }),
  };
}

function findOutput(name: string, { nodes, outputs }: Observable): FoundPorts {
  const from = outputs.get(name);
  if (!from) {
    const suggestion = suggest(name, outputs.keys());
    return { code: "PORT_UNKNOWN", message: `the workflow has no output ${name}${didYouMean(suggestion)}` };
  }
  return {
    from: from.flatMap(({ node, port }) => {
      const declared = nodes.find(({ id }) => id === node)?.outputs[port];
      return declared ? [{ node, port, declared }] : [];
    }),
  };
}
