import { definePlugin } from "#engine/plugin";
import { asr } from "./asr.ts";
import { gateway } from "./gateway.ts";
import { tts } from "./tts.ts";

export default definePlugin({ name: "aliyun", nodes: [asr, tts], gateways: [gateway] });
