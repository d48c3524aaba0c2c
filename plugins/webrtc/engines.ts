import type { Engine } from "#engine/plugin";
import { findDetector } from "#native/webrtc-vad";

const MEND = "apt-get install gcc libc6-dev";

/** The detector itself: always there, and named by its implementation. */
export const detector: Engine = {
  name: "webrtc-vad",
  purpose: "voice activity detection",
  async find() {
    const { library, compiler, wasm } = findDetector();
    if (library) return { found: true, path: library, note: "native" };
    if (compiler) return { found: true, note: `native, not built yet: ${compiler} will build it at first use` };
    if (wasm) return { found: true, path: wasm, note: "WebAssembly, at 1.25 times the cost of the native one" };
    return { found: false, missing: "a C compiler, and the package @echogarden/fvad-wasm", mend: MEND };
  },
};

/** What makes the detector native. */
export const compiler: Engine = {
  name: "cc",
  optional: true,
  purpose: "compiles the native voice activity detector; without it the WebAssembly one serves",
  async find() {
    const { library, compiler } = findDetector();
    if (compiler) return { found: true, path: compiler };
    if (library) return { found: true, note: "not here, and not needed: the native detector is built" };
    return { found: false, missing: "cc, gcc or clang on the search path", mend: MEND };
  },
};
