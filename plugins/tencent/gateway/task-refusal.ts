/** An error of the current interface for recordings, by the vendor's name. */
export class TaskRefusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
