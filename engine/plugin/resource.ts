/** A thing that lives longer than a run: a process-wide service, a token, a pool, a model. Opened once, counted, closed after its last user. */
export interface Resource<T> {
  /** Names it in the process; two resources with one key are one. */
  readonly key: string;
  open(): Promise<T>;
  close(value: T): void | Promise<void>;
}
