export { findWhisper, requireWhisperModel, WHISPER_PACKAGE, WhisperEngine, type WhisperPart } from "./engine.ts";
