export interface ArtifactOptions {
  /** Such as `audio/wav`; guessed by nobody. */
  readonly mediaType?: string;
}

/**
 * A file that grows beside its target and takes the target's name at the end. A run that fails or is drained early still finishes it: the
 * node's `finish` is called with what there is, and the report calls the file partial. A killed process leaves only the temporary file.
 * Writes are in order and synchronous; a full disk throws FILE_UNWRITABLE.
 */
export interface Artifact {
  /** The target's absolute path. */
  readonly path: string;
  write(bytes: Uint8Array): void;
  /** Overwrites bytes written before, such as lengths in a header. */
  writeAt(offset: number, bytes: Uint8Array): void;
  /** Called once by the engine when the run ends in whatever way, before the file takes its name: the place to mend lengths and write a tail. */
  onFinish(finish: () => void): void;
}
