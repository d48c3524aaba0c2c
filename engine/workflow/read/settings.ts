import { z } from "zod";
import { fieldFacts, type NodeDefinition } from "#engine/plugin";
import type { Finding } from "../finding.ts";
import type { Confinement } from "../options.ts";
import { check } from "../yaml/check.ts";
import { childSchema, knownKeys, schemasAlong } from "../yaml/schema-walk.ts";
import type { Path, YamlFile } from "../yaml/yaml-file.ts";
import { fill, hasWords, type Words } from "./interpolate.ts";
import { absolutePath } from "./params.ts";

type Mapping = Readonly<Record<string, unknown>>;

export interface SettingsRequest {
  readonly definition: NodeDefinition;
  readonly yaml: YamlFile;
  /** What stands inside `with`, and where that is; the path of what carries it where there is none. */
  readonly written: Mapping;
  readonly path: Path;
  /** What `defaults` says of the type, and where. */
  readonly defaults: Mapping;
  readonly defaultsPath: Path;
  readonly words: Words;
  /** What relative paths are relative to. */
  readonly dir: string;
  readonly confinement: Confinement | undefined;
  /** The service is not called: credentials, and what else the environment fills, may be missing. */
  readonly uncredited: boolean;
  /** What the environment would fill is a warning where it is not set. */
  readonly elsewhere: boolean;
}

export interface Settings {
  /** Parsed by the type's own schema; absent where what is written is not enough. */
  readonly config?: unknown;
  /** Some values are stand-ins, since nobody gave the real ones. */
  readonly guessed: boolean;
  readonly findings: readonly Finding[];
  /** Secrets that are not set; how bad that is depends on whether something else can take over. */
  readonly missingSecrets: readonly Finding[];
}

/** What is shorter is no key of a service, but a word that an emulator takes. */
const KEY_CHARS = 16;

/** Words that stand beside `use`, and that people put inside `with`. */
const ENGINE_WORDS = new Set(["use", "from", "in", "retry", "fallback", "timeouts", "gate", "onFailure", "label"]);

/** The config of one node: defaults and `with` merged, `${…}` filled in, the environment and paths applied, then checked. */
export function readSettings(request: SettingsRequest): Settings {
  return new SettingsReader(request).read();
}

class SettingsReader {
  readonly #findings: Finding[] = [];
  readonly #missingSecrets: Finding[] = [];
  readonly #assumed: Path[] = [];
  readonly #filled = new Set<string>();
  /** Fields that the environment fills and that are not set, where that is no fault. */
  readonly #unset = new Set<PropertyKey>();
  readonly #schema: z.ZodType;

  constructor(readonly request: SettingsRequest) {
    this.#schema = request.definition.config;
  }

  read(): Settings {
    const { definition, written, defaults, yaml } = this.request;
    const merged: Record<string, unknown> = {};
    for (const [key, value] of Object.entries({ ...defaults, ...written })) merged[key] = this.#fillTree(value, [key]);
    this.#fillFromEnvironment(merged);
    const { value, findings } = check(this.#schema, merged, {
      yaml,
      what: definition.type,
      where: (path) => this.#where(path),
      assumed: (path) =>
        this.#unset.has(path[0] ?? "") ||
        this.#assumed.some((assumed) => startsWith(assumed, path) || startsWith(path, assumed)),
      hidden: (path) => this.#secretField(path) || this.#filled.has(path.join("\u0000")),
      hint: (path, key) =>
        path.length === 0 && ENGINE_WORDS.has(key) ? "; it belongs beside use, not inside with" : undefined,
    });
    this.#findings.push(...findings);
    const config = value ?? (findings.length === 0 ? this.#withoutUnset(merged) : undefined);
    return {
      ...(config !== undefined && { config }),
      guessed: this.#assumed.length > 0,
      findings: this.#findings,
      missingSecrets: this.#missingSecrets,
    };
  }

  /** The settings as they are without those that are not set. What the schema says of them together holds no longer. */
  #withoutUnset(merged: Record<string, unknown>): unknown {
    if (!this.request.uncredited && !this.request.elsewhere) return undefined;
    const missing = new Set([...this.#unset, ...this.#assumed.map(([key]) => key)]);
    const shape = Object.entries<z.ZodType>(this.request.definition.config.shape);
    const lenient = z.strictObject(
      Object.fromEntries(shape.map(([key, schema]) => [key, missing.has(key) ? schema.optional() : schema])),
    );
    const given = Object.entries(merged).filter(([key]) => !missing.has(key));
    return lenient.safeParse(Object.fromEntries(given)).data;
  }

  /** Where a setting stands: what is not in `with` came from `defaults`, or is missing from `with`. */
  #where(path: Path): Path {
    const { written, defaults, path: here, defaultsPath } = this.request;
    const key = path[0];
    const inherited = key !== undefined && !Object.hasOwn(written, key) && Object.hasOwn(defaults, key);
    return [...(inherited ? defaultsPath : here), ...path];
  }

  #fillTree(value: unknown, path: Path): unknown {
    if (typeof value === "string") return this.#fillScalar(value, path);
    if (Array.isArray(value)) return value.map((item, index) => this.#fillTree(item, [...path, index]));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, this.#fillTree(inner, [...path, key])]),
    );
  }

  #fillScalar(text: string, path: Path): unknown {
    const schema = this.#schemaAt(path);
    if (!hasWords(text)) {
      this.#warnOfSecret(text, path);
      return this.#located(text, schema, path);
    }
    const { yaml, words } = this.request;
    const filled = fill(text, words);
    this.#filled.add(path.join("\u0000"));
    for (const { code, message, severity } of filled.problems) {
      const finding = yaml.finding(code, this.#where(path), message, { severity });
      if (code === "SECRET_MISSING") this.#lacks(finding);
      else this.#findings.push(finding);
    }
    if (filled.assumed) this.#assumed.push(path);
    if (filled.secret && schema && !this.#secretField(path)) {
      const message = `a secret may not stand in ${String(path.at(-1))}, which ${this.request.definition.type} does not keep secret`;
      this.#findings.push(yaml.finding("SECRET_EXPOSED", this.#where(path), message));
    }
    if (typeof filled.value !== "string") return filled.value;
    return this.#located(filled.fromEnvironment && schema ? fit(schema, filled.value) : filled.value, schema, path);
  }

  /** A key that stands in the file goes wherever the file goes. */
  #warnOfSecret(text: string, path: Path): void {
    if (text.length < KEY_CHARS || !this.#secretField(path)) return;
    const message = `${String(path.at(-1))} stands here for everybody to read: write \${secret:NAME}, which this machine or the server knows`;
    this.#findings.push(
      this.request.yaml.finding("SECRET_WRITTEN", this.#where(path), message, { severity: "warning" }),
    );
  }

  /** A path made absolute, where the field holds one. */
  #located(value: unknown, schema: z.core.$ZodType | undefined, path: Path): unknown {
    const use = schema && fieldFacts(schema).path;
    if (typeof value !== "string" || value === "" || !use) return value;
    const absolute = absolutePath(value, this.request.dir);
    const refused = this.request.confinement?.refusePath(absolute, use);
    if (refused !== undefined)
      this.#findings.push(this.request.yaml.finding("PATH_FORBIDDEN", this.#where(path), refused));
    return absolute;
  }

  /** Fields that name environment variables take the first that is set, when the workflow leaves them out. */
  #fillFromEnvironment(merged: Record<string, unknown>): void {
    const { definition, words, yaml } = this.request;
    for (const key of knownKeys(this.#schema)) {
      const schema = childSchema(this.#schema, key);
      const facts = schema ? fieldFacts(schema) : {};
      if (!schema || !facts.env || merged[key] !== undefined) continue;
      const visible = !words.environmentIsSecret || facts.secret;
      const name = visible ? facts.env.find((each) => words.environment[each]) : undefined;
      this.#filled.add(key);
      if (name !== undefined) merged[key] = this.#located(fit(schema, words.environment[name]!), schema, [key]);
      else if (this.request.uncredited) this.#unset.add(key);
      else if (!accepts(schema, undefined)) {
        if (this.request.elsewhere) this.#unset.add(key);
        else {
          this.#assumed.push([key]);
          merged[key] = "unset";
        }
        const message = `${definition.type} needs ${key}: it is not written here, and ${facts.env.join(" or ")} is not set`;
        this.#lacks(yaml.finding(facts.secret ? "SECRET_MISSING" : "KEY_MISSING", this.#where([key]), message));
      }
    }
  }

  /** Something that this machine has not: a fault, a warning, or no matter. */
  #lacks(finding: Finding): void {
    if (this.request.uncredited) return;
    if (this.request.elsewhere) this.#findings.push({ ...finding, severity: "warning" });
    else (finding.code === "SECRET_MISSING" ? this.#missingSecrets : this.#findings).push(finding);
  }

  #schemaAt(path: Path): z.core.$ZodType | undefined {
    const along = schemasAlong(this.#schema, path);
    return along.length === path.length + 1 ? along.at(-1) : undefined;
  }

  /** Whether the field, or one that it is inside of, is marked secret. */
  #secretField(path: Path): boolean {
    return schemasAlong(this.#schema, path).some((schema) => fieldFacts(schema).secret);
  }
}

const startsWith = (path: Path, start: Path): boolean => start.every((step, index) => path[index] === step);

const accepts = (schema: z.core.$ZodType, value: unknown): boolean => (schema as z.ZodType).safeParse(value).success;

/** A text from the environment in the type that its field wants: as it is if it can be, else as a number or truth value. */
function fit(schema: z.core.$ZodType, text: string): unknown {
  if (accepts(schema, text)) return text;
  const trimmed = text.trim();
  const read: unknown[] = [];
  if (trimmed !== "" && Number.isFinite(Number(trimmed))) read.push(Number(trimmed));
  if (trimmed === "true" || trimmed === "false") read.push(trimmed === "true");
  // a number that is out of range is still better checked as a number than as a text
  return read.find((value) => accepts(schema, value)) ?? read[0] ?? text;
}
