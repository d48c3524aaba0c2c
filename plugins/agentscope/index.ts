import { definePlugin } from "#engine/plugin";
import { gateway } from "./gateway.ts";

/** AgentScope's voice chat: a gateway. Its recognition and synthesis clients are served by the vendors' own gateways. */
export default definePlugin({ name: "agentscope", parlando: "^0.1.0", nodes: [], gateways: [gateway] });
