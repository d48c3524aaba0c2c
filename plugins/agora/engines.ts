import { existsSync } from "node:fs";
import { type Engine, hostEnvironment } from "#engine/plugin";

/** Only for channels; the detector needs nothing. */
export const library: Engine = {
  name: "agora",
  optional: true,
  purpose: "channels of Agora, by the vendor's own library",
  async find() {
    const { AGORA_LIBRARY: path, AGORA_ABI: abi = "4.4.32" } = hostEnvironment();
    if (path && existsSync(path)) return { found: true, path, note: `taken for ${abi}` };
    const missing = path ? `${path}, which AGORA_LIBRARY names` : "AGORA_LIBRARY";
    const mend = "unpack Agora's server SDK for Linux and set AGORA_LIBRARY to its libagora_rtc_sdk.so";
    return { found: false, missing, mend };
  },
};
