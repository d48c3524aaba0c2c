import { definePlugin } from "#engine/plugin";
import { asr } from "./asr.ts";
import { gateway } from "./gateway.ts";
import { interpret } from "./interpret.ts";

/** RTVT, real-time recognition and translation: node types and gateway. */
export default definePlugin({ name: "rtvt", parlando: "^0.1.0", nodes: [asr, interpret], gateways: [gateway] });
