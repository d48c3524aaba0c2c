import { z } from "zod";
import manifest from "../../package.json" with { type: "json" };
import { EngineError } from "../errors/index.ts";
import type { Plugin } from "./plugin.ts";

/** The version of Parlando that this is. */
export const VERSION: string = manifest.version;

const module = z.string().min(1);

/** One entry of `plugins:` in `parlando.yaml`: a package, or a path that begins with a dot or a slash; with where it runs, where not here. */
export const pluginEntrySchema = z.union([
  module,
  z.strictObject({
    use: module.describe("the package or path"),
    runsIn: z.enum(["worker", "process"]).describe("its nodes run in a Worker or a child process of their own"),
    memoryMb: z
      .number()
      .int()
      .min(64)
      .max(1_048_576)
      .optional()
      .describe("of memory that it may take before it is ended, in MiB; no limit where left out"),
    hangMs: z
      .number()
      .int()
      .min(1000)
      .max(600_000)
      .default(10_000)
      .describe("without a sign of life before it is ended, in ms"),
  }),
]);

const call = z.custom((value) => typeof value === "function", "a function");

/** As much of a plugin as can be told before one of its nodes is used. */
const shape = z.looseObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, "lower-case letters, digits and hyphens, beginning with a letter"),
  parlando: z.string().optional(),
  nodes: z.array(
    z.looseObject({
      type: z.string().regex(/^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/, "vendor.role in lower case"),
      summary: z.string().min(1),
      shape: z.enum(["inline", "task"]),
      role: call,
      inputs: call,
      outputs: call,
      realTime: call,
      config: z.custom((value) => value instanceof Object && "shape" in value && "safeParse" in value, "a zod object"),
      create: call,
    }),
  ),
  engines: z.array(z.looseObject({ name: z.string(), find: call })).optional(),
  gateways: z.array(z.looseObject({ type: z.string() })).optional(),
});

/**
 * A plugin from elsewhere, looked at before anything of it is called.
 * @param value the default export of its module.
 * @param listed as the configuration names it, for messages.
 * @param range the versions its package says it was made for, where the plugin itself says nothing.
 * @throws EngineError PLUGIN_INVALID, PLUGIN_VERSION.
 */
export function checkPlugin(value: unknown, listed: string, range?: string): Plugin {
  if (value === undefined)
    throw new EngineError("PLUGIN_INVALID", `plugins: ${listed} has no plugin as its default export`);
  const checked = shape.safeParse(value);
  // which versions it is for is said even where the rest does not hold: it may not hold for that very reason
  const declared = declaredRange(value) ?? range;
  if (declared !== undefined && !Bun.semver.satisfies(VERSION, declared))
    throw new EngineError(
      "PLUGIN_VERSION",
      `plugins: ${listed} was made for Parlando ${declared}, and this is ${VERSION}`,
    );
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new EngineError(
      "PLUGIN_INVALID",
      `plugins: ${listed}: ${issue?.path.join(".") || "its default export"}: ${issue?.message}; definePlugin and defineNode make what is wanted`,
    );
  }
  return value as Plugin;
}

function declaredRange(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("parlando" in value)) return undefined;
  return typeof value.parlando === "string" ? value.parlando : undefined;
}
