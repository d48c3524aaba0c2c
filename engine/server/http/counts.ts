/** Plain fields that requests and sockets count in, read when somebody asks for the metrics. */
export class Counts {
  /** By method, route and status, joined with a tab. */
  readonly requests = new Map<string, { count: number; seconds: number }>();
  socketsOpened = 0;
  socketsOpen = 0;
  /** By code of the error that closed them. */
  readonly socketsRefused = new Map<string, number>();
  messagesIn = 0;
  messagesOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Messages that did not fit any more into a socket whose reader is too slow. */
  messagesLost = 0;

  request(method: string, route: string, status: number, seconds: number): void {
    const key = `${method}\t${route}\t${status}`;
    const known = this.requests.get(key);
    if (known) {
      known.count += 1;
      known.seconds += seconds;
    } else this.requests.set(key, { count: 1, seconds });
  }

  refused(code: string): void {
    this.socketsRefused.set(code, (this.socketsRefused.get(code) ?? 0) + 1);
  }
}
