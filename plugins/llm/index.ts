import { definePlugin } from "#engine/plugin";
import { chat } from "./chat.ts";

/** Language models behind an address that speaks as OpenAI's does. */
export default definePlugin({ name: "llm", parlando: "^0.1.0", nodes: [chat] });
