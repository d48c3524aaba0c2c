import { EngineError } from "../errors/index.ts";
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

export interface Plugin {
  readonly name: string;
  readonly nodes: readonly NodeDefinition[];
  readonly engines?: readonly Engine[];
  readonly gateways?: readonly GatewayDefinition[];
}

/** Declares a plugin; importing the module that does so has no effect. */
export const definePlugin = (plugin: Plugin): Plugin => plugin;

/** The node types that a process knows, by type. */
export class NodeTypes {
  readonly #byType = new Map<string, NodeDefinition>();

  /** @throws EngineError CONFIG_INVALID when two plugins register one type. */
  constructor(readonly plugins: readonly Plugin[]) {
    for (const plugin of plugins)
      for (const node of plugin.nodes) {
        if (this.#byType.has(node.type))
          throw new EngineError(
            "CONFIG_INVALID",
            `plugin ${plugin.name} registers ${node.type}, which is registered already`,
          );
        this.#byType.set(node.type, node);
      }
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
}
