import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { EngineError } from "#engine/errors";
import type { Clock, Logger } from "#engine/plugin";
import type { Store } from "#engine/store";
import type { Admission } from "../admission.ts";
import type { ServerConfig } from "../config.ts";
import { placed } from "../gateways/mapping.ts";
import type { JobRunner } from "../jobs/job-runner.ts";
import { requireLabels } from "../runs/check-request.ts";
import { keptOf, ownRow } from "../runs/own-row.ts";
import type { RunBook } from "../runs/run-book.ts";
import { withoutSecretParams } from "../runs/secret-params.ts";
import type { SourcedWorkflow, WorkflowFacts, WorkflowSource } from "../runs/workflow-source.ts";
import type { DeploymentConfig, FolderWhen, ScheduleWhen } from "./config.ts";
import { StoredFileJobs } from "./file-jobs.ts";
import { Scheduled } from "./scheduled.ts";
import { timesOf } from "./times.ts";
import { WatchedFolder } from "./watched-folder.ts";

export interface DeploymentServices {
  readonly config: ServerConfig;
  readonly source: WorkflowSource;
  readonly store: Store;
  readonly book: RunBook;
  readonly admission: Admission;
  readonly runner: JobRunner;
  readonly clock: Clock;
  readonly epochMs: () => number;
  readonly log: Logger;
  readonly cwd: string;
}

/** What starts runs by itself. */
export interface Deployment {
  begin(): void;
  /** Starts nothing more. */
  stop(): Promise<void>;
}

interface Place {
  readonly name: string;
  readonly deployment: DeploymentConfig;
  /** Of the configuration, for messages. */
  readonly where: string;
}

/**
 * The deployments of the configuration that time and files start; those of gateways belong to the gateways.
 * @throws EngineError CONFIG_INVALID, which says where in the configuration.
 */
export async function openDeployments(services: DeploymentServices): Promise<readonly Deployment[]> {
  const opened: Deployment[] = [];
  for (const [name, deployment] of Object.entries(services.config.deployments)) {
    const place = { name, deployment, where: `deployments.${name}` };
    const { when } = deployment;
    if ("gateway" in when) requireGateway(when.gateway, services.config, place.where);
    else if ("folder" in when) opened.push(await watched(place, when, services));
    else opened.push(await scheduled(place, when, services));
  }
  return opened;
}

function requireGateway(gateway: string, { gateways }: ServerConfig, where: string): void {
  if (!Object.hasOwn(gateways, gateway))
    throw new EngineError("CONFIG_INVALID", `${where}.when.gateway: no gateway of this file is called ${gateway}`);
}

async function scheduled(place: Place, when: ScheduleWhen, services: DeploymentServices): Promise<Deployment> {
  const { name, deployment, where } = place;
  const { config, book, admission, clock, epochMs, log } = services;
  const workflow = await workflowOf(place, services);
  const { facts } = await workflow();
  const open = facts.inputs.find((input) => input.open);
  if (open)
    throw new EngineError(
      "CONFIG_INVALID",
      `${where}: the input ${open.name} of ${facts.name} has no default, and a time brings none`,
    );
  const start = async (dueMs: number) => {
    const { project, params, labels, keep, record } = deployment;
    await admission.admitRun(project);
    const { sourced } = await workflow();
    const row = ownRow({
      project,
      sourced,
      inputs: {},
      params,
      labels: { ...labels, deployment: name },
      keep: keptOf(keep, config.privacy.keep),
      record,
      createdAtMs: epochMs(),
    });
    const key = `${name} ${new Date(dueMs).toISOString()}`;
    const once = { project, kind: "schedule", key, requestHash: "", resourceId: row.id, createdAtMs: row.createdAtMs };
    const started = await book.start(row, {}, once);
    const what = started ? "a scheduled run was started" : "a scheduled run had been started before";
    log.info(what, { deployment: name, ...(started && { run: row.id }) });
  };
  return new Scheduled({ name, next: timesOf(when, `${where}.when`), clock, epochMs, log, start });
}

async function watched(place: Place, when: FolderWhen, services: DeploymentServices): Promise<Deployment> {
  const { name, deployment, where } = place;
  const { config, store, runner, epochMs, clock, log, cwd } = services;
  const workflow = await workflowOf(place, services);
  const { facts } = await workflow();
  const input = inputOf(facts, when, where);
  const jobs = new StoredFileJobs({ name, config, deployment, when, input, store, runner, epochMs, workflow });
  const folder = resolve(cwd, when.folder);
  if (
    await stat(folder).then(
      (is) => !is.isDirectory(),
      () => false,
    )
  )
    throw new EngineError("CONFIG_INVALID", `${where}.when.folder: ${when.folder} is no folder`);
  return new WatchedFolder({
    name,
    folder,
    done: resolve(folder, when.done),
    failed: resolve(folder, when.failed),
    files: when.files,
    lookMs: when.lookSeconds * 1000,
    quietMs: when.quietSeconds * 1000,
    concurrency: when.concurrency,
    jobs,
    clock,
    log,
  });
}

/** What files are bound to: the one input that is open, or the only one there is, unless the deployment names it. */
function inputOf(facts: WorkflowFacts, when: FolderWhen, where: string): string {
  const readable = facts.inputs.filter(({ kind }) => kind !== "text").map(({ name }) => name);
  const open = facts.inputs.filter((each) => each.open).map(({ name }) => name);
  const input = when.input ?? (open.length === 1 ? open[0] : readable.length === 1 ? readable[0] : undefined);
  if (input === undefined || !readable.includes(input))
    throw new EngineError(
      "CONFIG_INVALID",
      `${where}.when.input: one of ${readable.join(", ") || "none, for the workflow has no input that takes a file,"} was wanted`,
    );
  const other = open.find((name) => name !== input);
  if (other !== undefined)
    throw new EngineError(
      "CONFIG_INVALID",
      `${where}: the input ${other} of ${facts.name} has no default, and a file is bound to ${input} only`,
    );
  return input;
}

type Workflow = () => Promise<{ readonly sourced: SourcedWorkflow; readonly facts: WorkflowFacts }>;

/** The workflow of a deployment: a file as it was at the start, of a stored one always the latest version. */
async function workflowOf({ deployment, where }: Place, { source }: DeploymentServices): Promise<Workflow> {
  const { workflow, project, params, labels } = deployment;
  const find = async () => {
    const sourced = await source.find(workflow, project);
    return { sourced, facts: await source.facts(sourced, workflow) };
  };
  try {
    requireLabels(labels);
    const first = await find();
    const unknown = Object.keys(params).find((name) => !first.facts.params.includes(name));
    if (unknown !== undefined)
      throw new EngineError("CONFIG_INVALID", `params.${unknown}: the workflow has no such param`);
    if (Object.keys(withoutSecretParams(first.sourced.text, params, {}).secrets).length > 0)
      throw new EngineError("CONFIG_INVALID", "params: secrets stand under secrets of this file, not here");
    return async () => (first.sourced.home === undefined ? find() : first);
  } catch (error) {
    throw placed(error, where);
  }
}
