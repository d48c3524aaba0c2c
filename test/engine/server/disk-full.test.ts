import { expect, setDefaultTimeout, test } from "bun:test";
import { proveDiskFull } from "#test/disk-full-served";
import { shortFiles, smallDisk } from "#test/full-disk";

setDefaultTimeout(120_000); // a process of the server is started, on a machine that may be busy

test.each([
  { name: "a small file system", diskOf: smallDisk },
  { name: "short files", diskOf: shortFiles },
])(
  "$name: without room calls get coded errors, nothing is told that is not stored, and all goes on when there is room",
  async ({ diskOf }) => {
    const report = await proveDiskFull(diskOf);
    if (!report) return; // this machine has no such disk
    expect(report.faults).toEqual([]);
    expect(report.codes).toHaveLength(3);
  },
);
