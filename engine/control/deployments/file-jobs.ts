import { FILE_CLAIM, type JobItemRow, type JobRow, type Store } from "#engine/store";
import type { OwnBinding } from "../api/runs.ts";
import type { ServerConfig } from "../config.ts";
import { newId } from "../ids.ts";
import type { JobRunner, StoredJob } from "../jobs/job-runner.ts";
import { keptOf } from "../runs/own-row.ts";
import type { SourcedWorkflow, WorkflowFacts } from "../runs/workflow-source.ts";
import type { DeploymentConfig, FolderWhen } from "./config.ts";
import type { FileJobs } from "./watched-folder.ts";

export interface StoredFileJobsOptions {
  /** Of the deployment. */
  readonly name: string;
  readonly config: ServerConfig;
  readonly deployment: DeploymentConfig;
  readonly when: FolderWhen;
  /** Of the workflow: what files are bound to. */
  readonly input: string;
  readonly store: Store;
  readonly runner: JobRunner;
  readonly epochMs: () => number;
  /** The workflow as it is now. */
  workflow(): Promise<{ readonly sourced: SourcedWorkflow; readonly facts: WorkflowFacts }>;
}

/** The jobs of files: a file and its job are stored together, so that neither is without the other. */
export class StoredFileJobs implements FileJobs {
  /** Of this process, so that the store need not be asked in every round. */
  readonly #known = new Map<string, string>();

  constructor(private readonly options: StoredFileJobsOptions) {}

  async jobOf(path: string, name: string): Promise<string> {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const { store, deployment, runner } = this.options;
    const { project } = deployment;
    const before = await store.read((from) => from.access.request(project, FILE_CLAIM, path));
    const id = before?.resourceId ?? (await this.#begin(path, name));
    this.#known.set(path, id);
    if (!before) runner.wake(id);
    return id;
  }

  async #begin(path: string, name: string): Promise<string> {
    const job = await this.#newJob(name);
    const { id: resourceId, project, createdAtMs } = job;
    const claim = { project, kind: FILE_CLAIM, key: path, requestHash: "", resourceId, createdAtMs };
    await this.options.store.write(async (to) => {
      await to.access.addRequest(claim);
      await to.jobs.insert(job, [itemOf(job.id, { file: path })]);
    });
    return job.id;
  }

  async endOf(job: string): Promise<"done" | "failed" | undefined> {
    const row = await this.options.store.read((from) => from.jobs.get(job));
    if (row && row.endedAtMs === null) return undefined;
    return row?.state === "done" ? "done" : "failed";
  }

  async forget(path: string): Promise<void> {
    this.#known.delete(path);
    const { store, deployment } = this.options;
    await store.write((to) => to.access.forgetRequest(deployment.project, FILE_CLAIM, path));
  }

  async #newJob(file: string): Promise<JobRow> {
    const { name, config, deployment, when, input, epochMs } = this.options;
    const { sourced, facts } = await this.options.workflow();
    const request: StoredJob = {
      input,
      concurrency: 1,
      attempts: when.attempts,
      params: deployment.params,
      keep: keptOf(deployment.keep, config.privacy.keep),
      record: deployment.record,
      ...(sourced.home !== undefined && { home: sourced.home }),
    };
    return {
      id: newId("job"),
      project: deployment.project,
      keyId: null,
      state: "queued",
      workflow: sourced.name || facts.name,
      version: sourced.version,
      workflowText: sourced.text,
      request,
      labels: { ...deployment.labels, deployment: name, file: file.slice(0, 255) },
      items: 1,
      createdAtMs: epochMs(),
      endedAtMs: null,
    };
  }
}

const itemOf = (jobId: string, binding: OwnBinding): JobItemRow => ({
  jobId,
  position: 0,
  state: "queued",
  binding,
  labels: {},
  attempts: 0,
  runId: null,
  errorCode: null,
  errorMessage: null,
  notBeforeMs: 0,
});
