import { join } from "node:path";
import type { LibrarySpec } from "../library/index.ts";

/** What stands between the vendor's threads and the engine; the vendor's own library is opened by it at run time. */
export const shimLibrary = (): LibrarySpec => ({
  name: "agora",
  sources: [join(import.meta.dir, "shim.c")],
  included: ["abi.h", "ring.h"].map((file) => join(import.meta.dir, file)),
  includeDirs: [import.meta.dir],
  flags: ["-std=gnu11", "-O2", "-pthread", ...(process.platform === "linux" ? ["-ldl"] : [])],
});
