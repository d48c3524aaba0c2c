import { createRoute, z } from "@hono/zod-openapi";
import { describeNode, EngineError, type NodeTypes } from "#engine/plugin";
import { json, problems } from "../http/problem.ts";
import { newRoutes } from "../http/routes.ts";
import { nodeTypeSchema, nodeTypesSchema, pluginsSchema } from "../schemas/work.ts";

const tags = ["node types"];

const listNodes = createRoute({
  operationId: "listNodeTypes",
  method: "get",
  path: "/v1/nodes",
  tags,
  summary: "All node types, with JSON Schema of their settings",
  responses: { 200: json(nodeTypesSchema, "node types"), ...problems() },
});

const getNode = createRoute({
  operationId: "getNodeType",
  method: "get",
  path: "/v1/nodes/{type}",
  tags,
  summary: "One node type",
  request: { params: z.object({ type: z.string().min(1).max(100) }) },
  responses: { 200: json(nodeTypeSchema, "the node type"), ...problems("NODE_NOT_FOUND") },
});

const listPlugins = createRoute({
  operationId: "listPlugins",
  method: "get",
  path: "/v1/plugins",
  tags,
  summary: "Plugins, their node types and the engines they can use",
  responses: { 200: json(pluginsSchema, "plugins"), ...problems() },
});

/** `/v1/nodes` and `/v1/plugins`: what workflows can be made of. */
export const nodesRoutes = (types: NodeTypes) =>
  newRoutes()
    .openapi(listNodes, (c) => c.json({ items: types.all().map(describeNode) }, 200))
    .openapi(getNode, (c) => {
      const definition = types.get(c.req.valid("param").type);
      if (!definition) throw new EngineError("NODE_NOT_FOUND", "no such node type; /v1/nodes lists them");
      return c.json(describeNode(definition), 200);
    })
    .openapi(listPlugins, (c) => {
      const items = types.plugins.map(({ name, nodes, engines }) => ({
        name,
        nodes: nodes.map((node) => node.type),
        engines: (engines ?? []).map((engine) => ({ name: engine.name, purpose: engine.purpose })),
      }));
      return c.json({ items }, 200);
    });
