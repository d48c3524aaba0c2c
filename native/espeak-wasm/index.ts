export { ESPEAK_WASM_PACKAGE, EspeakWasm, findEspeakWasm, type WasmManner, type WasmVoice } from "./espeak-wasm.ts";
