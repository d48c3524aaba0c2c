import { z } from "zod";
import { readYaml } from "#engine/workflow";

const PREFIX = "params.";

/** As much of a workflow as says which of its params are secret. What is not as it should be, planning tells. */
const declared = z.looseObject({ params: z.record(z.string(), z.unknown()).optional().catch(undefined) });
const secret = z.looseObject({ type: z.literal("secret") });

type Values = Readonly<Record<string, unknown>>;

/** What is given of a request, taken apart: params that may be stored, and secrets that may not. */
export interface Given {
  readonly params: Values;
  /** By name; those that were given as params are named `params.NAME`. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Takes the values of params that the workflow declares secret out of what is stored of a request. */
export function withoutSecretParams(text: string, params: Values, secrets: Readonly<Record<string, string>>): Given {
  const { yaml } = readYaml(text, declared, "workflow");
  const names = declared.safeParse(yaml?.value).data?.params ?? {};
  const isSecret = (name: string) => Object.hasOwn(names, name) && secret.safeParse(names[name]).success;
  const hidden = Object.entries(params).filter(([name, value]) => isSecret(name) && typeof value === "string");
  return {
    params: Object.fromEntries(Object.entries(params).filter(([name]) => !isSecret(name))),
    secrets: { ...secrets, ...Object.fromEntries(hidden.map(([name, value]) => [PREFIX + name, String(value)])) },
  };
}

/** Puts together again what was taken apart. */
export const withSecretParams = ({ params, secrets }: Given): Values => ({
  ...params,
  ...Object.fromEntries(
    Object.entries(secrets).flatMap(([name, value]) =>
      name.startsWith(PREFIX) ? [[name.slice(PREFIX.length), value]] : [],
    ),
  ),
});
