import { definePlugin } from "#engine/plugin";
import { asr } from "./asr.ts";
import { gateway } from "./gateway.ts";

export default definePlugin({ name: "tencent", nodes: [asr], gateways: [gateway] });
