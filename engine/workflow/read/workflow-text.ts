import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Finding } from "../finding.ts";
import type { WorkflowSource } from "../options.ts";
import { MAX_YAML_BYTES } from "../yaml/parse-yaml.ts";
import { YamlFile } from "../yaml/yaml-file.ts";

/** A workflow file as text, and where it stands. */
export interface WorkflowText {
  /** For findings. */
  readonly file: string;
  readonly text: string;
  readonly dir: string;
  /** Absolute; absent for a text that came from elsewhere. */
  readonly path?: string;
}

/** The text of a workflow, or the finding that says why there is none. */
export async function readWorkflowText(source: WorkflowSource, cwd: string): Promise<WorkflowText | Finding> {
  if ("text" in source) return { file: source.name, text: source.text, dir: source.dir };
  const path = resolve(cwd, source.path);
  const blank = new YamlFile(source.path, "", undefined, { value: { offset: 0, length: 0 } });
  try {
    const { size } = await stat(path);
    if (size > MAX_YAML_BYTES) {
      const message = `the file has ${size} bytes, at most ${MAX_YAML_BYTES} are read`;
      return blank.finding("WORKFLOW_TOO_LARGE", [], message);
    }
    const bytes = await Bun.file(path).bytes();
    const text = decode(bytes);
    if (text === undefined) return blank.finding("YAML_ENCODING", [], "the file is not UTF-8 text");
    return { file: source.path, text, dir: dirname(path), path };
  } catch (error) {
    const absent = error instanceof Error && "code" in error && error.code === "ENOENT";
    return absent
      ? blank.finding("WORKFLOW_NOT_FOUND", [], "there is no such file")
      : blank.finding("WORKFLOW_UNREADABLE", [], "the file cannot be read");
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
