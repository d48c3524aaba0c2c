export type { Batch, SessionEvent, SessionStep } from "./batch.ts";
export { openSessionLibrary, type SessionLibrary } from "./binding.ts";
export { sessionLibrary } from "./build.ts";
export { MAX_CHUNK_BYTES, type SessionSettings, VadSessions, type Way } from "./sessions.ts";
