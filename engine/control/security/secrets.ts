import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { ServerConfig } from "../config.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What a plan may look up, and what it did: where secrets of the operator's are in use, only hosts that the operator has named are reached. */
export interface SecretView {
  readonly environment: Environment;
  secret(name: string): string | undefined;
  /** A secret or variable of the operator's was handed out. */
  readonly used: boolean;
  /** Hosts that the operator has named for what was handed out. */
  readonly hosts: readonly string[];
}

/** The operator's secrets and visible variables, with those that came with one run before them. */
export class SecretBook {
  constructor(
    private readonly config: ServerConfig,
    private readonly environment: Environment,
    private readonly cwd: string,
  ) {}

  view(own: Readonly<Record<string, string>> = {}): SecretView {
    const hosts = new Set<string>();
    let used = false;
    const handOut = (value: string | undefined, forHosts: readonly string[] = []) => {
      if (value === undefined) return undefined;
      used = true;
      for (const host of forHosts) hosts.add(host);
      return value;
    };
    const visible = new Set(this.config.environment);
    return {
      environment: new Proxy(
        {},
        {
          get: (_target, name) =>
            typeof name === "string" && visible.has(name) ? handOut(this.environment[name]) : undefined,
        },
      ),
      secret: (name) => {
        if (Object.hasOwn(own, name)) return own[name];
        if (!Object.hasOwn(this.config.secrets, name)) return undefined;
        const source = this.config.secrets[name]!;
        return handOut(this.#read(source), source.hosts);
      },
      get used() {
        return used;
      },
      get hosts() {
        return [...hosts];
      },
    };
  }

  /** Names of the configuration behind which nothing stands. */
  unset(): string[] {
    const { secrets } = this.config;
    return Object.keys(secrets).filter((name) => this.#read(secrets[name]!) === undefined);
  }

  /** A file that cannot be read is a secret that is not set. */
  #read(source: ServerConfig["secrets"][string]): string | undefined {
    if ("env" in source) return this.environment[source.env];
    try {
      return readFileSync(resolve(this.cwd, source.file), "utf8").replace(/\r?\n$/, "");
    } catch {
      return undefined;
    }
  }
}
