import type { NodeTypes } from "#engine/plugin";
import { type Plan, planWorkflow } from "#engine/workflow";

const NODES = 6;

/** A source, six nodes that pass frames on, and a sink, with calls or with queues between them. @param types what `chainPlugin` brings */
export async function planChain(kind: "inline" | "queued", types: NodeTypes): Promise<Plan> {
  const from = (id: string) => (kind === "inline" ? id : `{ from: ${id}, buffer: { ms: 2000 } }`);
  const ids = ["source", ...Array.from({ length: NODES }, (_, i) => `pass-${i}`), "sink"];
  const lines = ids.slice(1).map((id, i) => {
    const use = id === "sink" ? "bench.sink" : "bench.pass";
    return `  ${id}: { use: ${use}, from: ${from(ids[i]!)} }`;
  });
  const text = `parlando: 1\nname: chain\nlimits: { startMs: 60000, drainMs: 600000 }\nnodes:\n  source: { use: bench.source }\n${lines.join("\n")}\n`;
  const { plan, findings } = await planWorkflow(
    { text, name: "chain.yaml", dir: "/" },
    { types, purpose: "run", environment: {}, secret: () => undefined, cwd: "/" },
  );
  if (!plan) throw new Error(findings.map(({ message }) => message).join("; "));
  if (plan.edges.some(({ direct }) => direct !== (kind === "inline"))) throw new Error(`the plan is not ${kind}`);
  return plan;
}
