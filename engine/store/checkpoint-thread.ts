import { Database } from "bun:sqlite";

/** The thread of `checkpoints.ts`: copies what the write-ahead log holds into the file, as far as nobody reads or writes it at that moment. */
export interface Copied {
  /** Pages in the log; undefined where it could not be copied. */
  readonly pages?: number;
}

/** What a Worker's thread has of the browser's `self`. */
declare const self: { onmessage: ((event: MessageEvent<string>) => void) | null; postMessage(copied: Copied): void };

let connection: Database | undefined;

self.onmessage = ({ data: file }) => {
  try {
    connection ??= new Database(file, { readwrite: true, create: false });
    const row = connection.query<{ log: number }, []>("PRAGMA wal_checkpoint(PASSIVE)").get();
    self.postMessage({ pages: row?.log ?? 0 });
  } catch {
    self.postMessage({}); // a full disk, say: it is tried again
  }
};
