import { defineNode, type NodeDefinition, z } from "#engine/plugin";

/** A node type that passes every frame on. */
export const filterType = (type: string): NodeDefinition =>
  defineNode({
    type,
    summary: "Passes everything on.",
    role: "filter",
    inputs: { in: { kinds: ["audio", "text"] } },
    outputs: { out: { kinds: ["audio", "text"] } },
    config: z.strictObject({}),
    create: () => ({ onFrame: (frame, emit) => emit(frame) }),
  });
