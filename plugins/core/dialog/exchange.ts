import { EngineError } from "#engine/plugin";

/** What templates may name. */
export type TemplateValues = Readonly<Record<string, unknown>>;

/** `{text}` or `{value.a.0}`; a brace that is to stay is written twice. */
const PLACE = /\{\{|\}\}|\{([A-Za-z][\w-]*(?:\.[\w-]+)*)\}/g;
const ONE_PLACE = /^\{([A-Za-z][\w-]*(?:\.[\w-]+)*)\}$/;

/** A value with the places in its strings filled in; a string that is one place alone becomes what is there, of whatever type. */
export function filledValue(template: unknown, values: TemplateValues): unknown {
  if (typeof template === "string") {
    const alone = ONE_PLACE.exec(template)?.[1];
    if (alone !== undefined) return at(values, alone) ?? "";
    return template.replace(PLACE, (found, path: string | undefined) =>
      path === undefined ? found[0]! : asText(at(values, path)),
    );
  }
  if (Array.isArray(template)) return template.map((each) => filledValue(each, values));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, each]) => [key, filledValue(each, values)]));
}

/**
 * A field of an answer in JSON.
 * @param path keys and indexes with dots between them; left out: the whole.
 * @throws EngineError VENDOR_PROTOCOL where it is no JSON, or has no such field.
 */
export function fieldAt(body: string, path: string | undefined, where: string): unknown {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch (error) {
    throw new EngineError("VENDOR_PROTOCOL", `${where}: the answer is no JSON`, { cause: error });
  }
  const found = path === undefined ? answer : at(answer, path);
  if (found === undefined || found === null)
    throw new EngineError("VENDOR_PROTOCOL", `${where}: the answer has no ${path ?? "value"}`);
  return found;
}

function at(value: unknown, path: string): unknown {
  let found = value;
  for (const key of path.split(".")) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return found;
}

const asText = (value: unknown): string =>
  value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
