import { definePlugin } from "#engine/plugin";
import { asr } from "./asr.ts";
import { interpret } from "./interpret.ts";

/** RTVT, real-time recognition and translation: node types. */
export default definePlugin({ name: "rtvt", nodes: [asr, interpret] });
