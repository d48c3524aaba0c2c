import { join, resolve } from "node:path";
import { EngineError } from "#engine/errors";
import { loadOpus, type NodeTypes, type OpusCodec } from "#engine/plugin";
import { type Binding, type Finding, type Plan, planWorkflow } from "#engine/workflow";
import type { OutputTrack } from "../api/live.ts";
import type { OwnBinding } from "../api/runs.ts";
import type { ServerConfig } from "../config.ts";
import { LiveTrack } from "../live/live-track.ts";
import { confinement } from "../security/folders.ts";
import type { SecretBook } from "../security/secrets.ts";
import { pinnedAddresses } from "../security/url-guard.ts";

export interface PlanRequest {
  readonly runId: string;
  readonly text: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, OwnBinding>>;
  readonly params: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Absolute: what the workflow's own paths are relative to, and may be read. The run's folder where left out. */
  readonly home?: string;
  /** Where tracks are taken up, in samples; 0 where left out. */
  readonly starts?: Readonly<Record<string, number>>;
  /** Ends what is being fetched. */
  readonly signal?: AbortSignal;
  /** Only looks whether the request holds: what lies elsewhere is fetched later. */
  readonly ahead?: boolean;
}

export interface PlannedRun {
  readonly plan: Plan;
  readonly tracks: readonly LiveTrack[];
  readonly notes: readonly Finding[];
  /** Refuses what the run may not reach; returns the only addresses that may be connected to. */
  readonly guard: (url: URL) => Promise<readonly string[] | undefined>;
}

/** Turns uploads and URLs of a project into paths to read. */
export interface Locate {
  /** @throws EngineError UPLOAD_NOT_FOUND. */
  upload(id: string): Promise<string>;
  /** Refuses a URL that will not be fetched, as far as that can be said without asking anybody. */
  require(url: string): void;
  /**
   * Into the folder of a run, once.
   * @throws EngineError URL_FORBIDDEN, HOST_FORBIDDEN, INPUT_UNREACHABLE, VENDOR_UNREACHABLE, UPLOAD_TOO_LARGE, FILE_UNWRITABLE.
   */
  fetch(url: string, runDir: string, signal?: AbortSignal): Promise<string>;
}

/** Plans workflows that came through the API, confined to what the configuration allows. */
export class Planner {
  readonly #read: readonly string[];
  readonly #write: readonly string[];
  readonly #callable: boolean;

  constructor(
    private readonly config: ServerConfig,
    private readonly types: NodeTypes,
    private readonly secrets: SecretBook,
    /** Absolute; a folder for each run is made in it. */
    private readonly folder: string,
    cwd: string,
  ) {
    this.#read = config.folders.read.map((each) => resolve(cwd, each));
    this.#write = config.folders.write.map((each) => resolve(cwd, each));
    this.#callable = config.publicUrl !== undefined;
  }

  /** What a run leaves behind lies in here. */
  dirOf(runId: string): string {
    return join(this.folder, runId);
  }

  /** @throws EngineError WORKFLOW_INVALID with `details.findings`, and what `locate` throws. */
  async plan(request: PlanRequest, locate: Locate): Promise<PlannedRun> {
    const dir = this.dirOf(request.runId);
    const tracks: LiveTrack[] = [];
    const located = new Map<string, string>();
    const bindings: Record<string, Binding> = {};
    for (const [name, binding] of Object.entries(request.inputs)) {
      if ("file" in binding) bindings[name] = { location: binding.file };
      else if ("upload" in binding) {
        const location = await locate.upload(binding.upload);
        located.set(location, binding.upload);
        bindings[name] = { location };
      } else if ("url" in binding) {
        locate.require(binding.url);
        const location = request.ahead ? undefined : await locate.fetch(binding.url, dir, request.signal);
        if (location !== undefined) located.set(location, "what its URL has");
        bindings[name] = location === undefined ? { later: true } : { location };
      } else {
        const track = this.#track(name, binding, request.starts?.[name] ?? 0, await codecOf(binding));
        const { format } = track;
        tracks.push(track);
        bindings[name] = { definition: track.input.definition, config: {}, ...(format && { format }) };
      }
    }
    const view = this.secrets.view(request.secrets);
    const { plan, findings: all } = await planWorkflow(
      { text: request.text, name: request.name, dir: request.home ?? dir },
      {
        types: this.types,
        purpose: "run",
        params: request.params,
        bindings,
        environment: view.environment,
        secret: view.secret,
        callable: this.#callable,
        run: { id: request.runId, dir },
        cwd: dir,
        confinement: this.#confinement(dir, request.home),
      },
    );
    const findings = all.map((finding) => withoutPlaces(finding, located));
    if (!plan) throw invalid(findings);
    return { plan, tracks, notes: findings, guard: this.#guard(view.used, view.hosts) };
  }

  /** Findings of a text that is not to be run now, and its plan where it has none that is an error. */
  async lint(
    text: string,
    name: string,
    home?: string,
  ): Promise<{ readonly findings: readonly Finding[]; readonly plan?: Plan }> {
    const view = this.secrets.view();
    return planWorkflow(
      { text, name, dir: home ?? this.folder },
      {
        types: this.types,
        purpose: "lint",
        environment: view.environment,
        secret: view.secret,
        callable: this.#callable,
        cwd: this.folder,
        confinement: this.#confinement(LINT_DIR, home),
      },
    );
  }

  #track(name: string, binding: SentBinding, start: number, opus: OpusCodec | undefined): LiveTrack {
    const sent = "live" in binding ? binding.live : binding.client;
    const audio = "encoding" in sent;
    const kind = audio ? undefined : sent.kind;
    const track = new LiveTrack(name, audio ? sent : undefined, this.config.limits.windowMs, start, kind, opus);
    track.reserved = "client" in binding;
    return track;
  }

  #confinement(runDir: string, home: string | undefined) {
    return confinement({
      read: home === undefined ? this.#read : [...this.#read, home],
      write: [...this.#write, runDir],
    });
  }

  /** The operator's own secrets go only to hosts that the operator has named. */
  #guard(usesSecrets: boolean, secretHosts: readonly string[]): PlannedRun["guard"] {
    const hosts = [...this.config.allowedHosts, ...(usesSecrets ? secretHosts : [])];
    return (url) => pinnedAddresses(url, { hosts, onlyListed: usesSecrets || this.config.allowedHosts.length > 0 });
  }
}

/** Where files lie on this machine is nobody's business: what was asked for stands in place of it. */
function withoutPlaces(finding: Finding, located: ReadonlyMap<string, string>): Finding {
  let { message } = finding;
  for (const [path, shown] of located) message = message.replaceAll(path, shown);
  return message === finding.message ? finding : { ...finding, message };
}

type SentBinding = Extract<OwnBinding, { live: unknown } | { client: unknown }>;

/** What decodes a track whose packets come as Opus. */
async function codecOf(binding: SentBinding): Promise<OpusCodec | undefined> {
  const sent = "live" in binding ? binding.live : binding.client;
  return "encoding" in sent && sent.encoding === "opus" ? await loadOpus() : undefined;
}

/** Stands for the folder of a run in a lint. */
const LINT_DIR = "/run-folder";

/** @returns the error that carries findings to whoever asked. */
export const invalid = (findings: readonly Finding[]): EngineError => {
  const errors = findings.filter((finding) => finding.severity === "error");
  const [first] = errors;
  const many = errors.length === 1 ? "an error" : `${errors.length} errors, the first of them`;
  const shown = first ? `${many}: ${first.line}:${first.column} ${first.code} ${first.message}` : "errors";
  return new EngineError("WORKFLOW_INVALID", `the workflow has ${shown}`, { details: { findings } });
};

/** What a plan gives out, as views of a run show it. */
export const outputsOf = (plan: Plan): OutputTrack[] =>
  plan.outputs.map(({ name, from }) => {
    const ports = from.flatMap(({ node, port }) => {
      const planned = plan.nodes.find((each) => each.id === node);
      const declared = planned?.definition.outputs(planned.config)[port];
      return planned && declared ? [{ kinds: declared.kinds, format: planned.outputFormats[port] }] : [];
    });
    const format = ports.find((port) => port.format)?.format;
    return {
      track: name,
      kinds: [...new Set(ports.flatMap((port) => port.kinds))],
      ...(format && { sampleRateHz: format.sampleRateHz, channels: format.channels }),
    };
  });
