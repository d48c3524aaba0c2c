/** Settings of the interfaces for recordings beside the current one. */
export const LEGACY = { api: "legacy", url: "http://first.test/asr/v1" };
export const FLASH = { api: "flash", url: "http://first.test/asr/flash/v1" };
