import { definePlugin } from "#engine/plugin";
import { asr } from "./asr.ts";
import { fileAsr } from "./file-asr.ts";
import { ffmpeg } from "./gateway/decode.ts";
import { gateway } from "./gateway.ts";
import { tts } from "./tts.ts";

export default definePlugin({
  name: "tencent",
  parlando: "^0.1.0",
  nodes: [asr, fileAsr, tts],
  gateways: [gateway],
  engines: [ffmpeg],
});
