import { definePlugin } from "#engine/plugin";
import { asr } from "./asr.ts";
import { gateway } from "./gateway.ts";
import { tts } from "./tts.ts";

export default definePlugin({ name: "aliyun", parlando: "^0.1.0", nodes: [asr, tts], gateways: [gateway] });
