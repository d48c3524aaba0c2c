import { asEngineError, EngineError } from "../errors/index.ts";
import type { GatewayDefinition } from "./gateway/gateway.ts";
import type { NodeDefinition } from "./node.ts";

/** What `doctor` says of a program, library or model that a plugin can use. */
export interface Engine {
  /** What people call it, such as `pocketsphinx`. */
  readonly name: string;
  /** What it does here, such as `English recognition`. */
  readonly purpose: string;
  /** Everything works without it, only slower or less well: its absence is no fault. */
  readonly optional?: true;
  /** Looks for it without starting anything that stays. */
  find(): Promise<EngineFound | EngineMissing>;
}

export interface EngineFound {
  readonly found: true;
  readonly version?: string;
  readonly path?: string;
  /** A remark for people, such as which languages were found. */
  readonly note?: string;
}

export interface EngineMissing {
  readonly found: false;
  /** What is missing, by name and place looked at. */
  readonly missing: string;
  /** The command that mends it. */
  readonly mend: string;
}

/** What a user's own model has to be, for one node type. */
export interface ModelKind {
  /** The node type whose setting `model` names it. */
  readonly type: string;
  /** What belongs into its folder, and where such folders come from: one remark each. */
  readonly needs: readonly string[];
  /** What to know of licences before it is used. */
  readonly licence: string;
  /**
   * Looks at a folder, or at a file where the model is one, without loading it.
   * @throws EngineError FILE_NOT_FOUND, FILE_UNREADABLE, MODEL_UNFIT
   */
  check(path: string): ModelFound | Promise<ModelFound>;
}

export interface ModelFound {
  /** The family, and what else is known of it. */
  readonly what: string;
  readonly files: readonly string[];
}

export interface Plugin {
  readonly name: string;
  /** The versions of Parlando that it was made for, as npm writes ranges: `^0.1.0`. Plugins from elsewhere say it. */
  readonly parlando?: string;
  readonly nodes: readonly NodeDefinition[];
  readonly engines?: readonly Engine[];
  /** What its nodes take as models of a user's own. */
  readonly models?: readonly ModelKind[];
  readonly gateways?: readonly GatewayDefinition[];
}

/** Declares a plugin; importing the module that does so has no effect. */
export const definePlugin = (plugin: Plugin): Plugin => plugin;

/** A plugin that is loaded when something names one of its node types, each of which begins with its name and a dot. */
export interface PluginSource {
  readonly name: string;
  load(): Promise<Plugin>;
}

/** A plugin that could not be loaded, or was refused. Nothing else suffers from it. */
export interface PluginFailure {
  /** As it is listed: a name, a package or a path. */
  readonly name: string;
  readonly error: EngineError;
}

/** The node types that a process knows, by type. What is a source is unknown to `get` and `all` until it was loaded. */
export class NodeTypes {
  readonly #byType = new Map<string, NodeDefinition>();
  /** By place in the list given; a source stays here until it was loaded. */
  readonly #listed: (Plugin | PluginSource | undefined)[];
  readonly #failures: PluginFailure[];
  readonly #loading = new Map<number, Promise<void>>();

  /**
   * @param failed plugins that were to be here and are not, to be named where a type of theirs is missed.
   * @throws EngineError CONFIG_INVALID when two plugins register one type.
   */
  constructor(plugins: readonly (Plugin | PluginSource)[], failed: readonly PluginFailure[] = []) {
    this.#listed = [...plugins];
    this.#failures = [...failed];
    for (const plugin of plugins) if ("nodes" in plugin) this.#register(plugin);
    for (const source of plugins) if (!("nodes" in source)) this.#keepFree(source.name);
  }

  /** Those that are loaded, in the order in which they were listed. */
  get plugins(): readonly Plugin[] {
    return this.#listed.filter((each) => each !== undefined && "nodes" in each);
  }

  get failures(): readonly PluginFailure[] {
    return this.#failures;
  }

  /** All that were listed, loaded or not, with more after them. */
  with(more: readonly (Plugin | PluginSource)[], failed: readonly PluginFailure[] = []): NodeTypes {
    return new NodeTypes(
      [...this.#listed.filter((each) => each !== undefined), ...more],
      [...this.#failures, ...failed],
    );
  }

  /** Loads what has these node types; everything where one of them is nobody's, so that what was meant can be found. */
  async load(types: Iterable<string>): Promise<void> {
    const missed = [...types].filter((type) => !this.#byType.has(type));
    const begins = (source: Plugin | PluginSource | undefined) =>
      source !== undefined && missed.some((type) => type.startsWith(`${source.name}.`));
    await Promise.all(this.#listed.map((source, at) => (begins(source) ? this.#load(at) : undefined)));
    if (missed.some((type) => !this.#byType.has(type))) await this.loadAll();
  }

  async loadAll(): Promise<void> {
    await Promise.all(this.#listed.map((_, at) => this.#load(at)));
  }

  get(type: string): NodeDefinition | undefined {
    return this.#byType.get(type);
  }

  /** In order of type. */
  all(): NodeDefinition[] {
    return [...this.#byType.values()].sort((a, b) => (a.type < b.type ? -1 : 1));
  }

  /** The node type that turns one audio format into another: the first registered one that declares `converts`. */
  converter(): NodeDefinition | undefined {
    for (const node of this.#byType.values()) if (node.converts) return node;
    return undefined;
  }

  /** The node type that stands for a workflow input of that kind bound to a path or URL. */
  opener(kind: string): NodeDefinition | undefined {
    for (const node of this.#byType.values()) if (node.opens?.kind === kind) return node;
    return undefined;
  }

  #load(at: number): Promise<void> {
    const source = this.#listed[at];
    if (source === undefined || "nodes" in source) return Promise.resolve();
    const going = this.#loading.get(at) ?? this.#loadSource(source, at);
    this.#loading.set(at, going);
    return going;
  }

  async #loadSource(source: PluginSource, at: number): Promise<void> {
    try {
      const plugin = await source.load();
      const stray = plugin.nodes.find(({ type }) => !type.startsWith(`${source.name}.`));
      if (stray)
        throw new EngineError(
          "PLUGIN_INVALID",
          `plugin ${source.name} registers ${stray.type}: its types begin with ${source.name} and a dot`,
        );
      this.#register(plugin);
      this.#listed[at] = plugin;
    } catch (cause) {
      this.#listed[at] = undefined;
      this.#failures.push({
        name: source.name,
        error: asEngineError(cause, "PLUGIN_INVALID", `plugin ${source.name}`),
      });
    }
  }

  /** What a source will register is its own. */
  #keepFree(name: string): void {
    const taken = this.all().find(({ type }) => type.startsWith(`${name}.`));
    if (taken) throw new EngineError("CONFIG_INVALID", `${taken.type} is registered by another plugin than ${name}`);
  }

  /** All of its types, or none. */
  #register(plugin: Plugin): void {
    const own = new Set<string>();
    for (const { type } of plugin.nodes) {
      if (this.#byType.has(type) || own.has(type))
        throw new EngineError("CONFIG_INVALID", `plugin ${plugin.name} registers ${type}, which is registered already`);
      own.add(type);
    }
    for (const node of plugin.nodes) this.#byType.set(node.type, node);
  }
}
