export { EchoCanceller, type EchoSettings } from "./echo-canceller.ts";
export { findSpeexDsp, SPEEXDSP_INSTALL } from "./library.ts";
export { NoiseSuppressor } from "./noise-suppressor.ts";
