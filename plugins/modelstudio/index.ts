import { definePlugin } from "#engine/plugin";
import { asr } from "./asr.ts";
import { fileAsr } from "./file-asr.ts";
import { gateway } from "./gateway.ts";
import { interpret } from "./interpret.ts";
import { tts } from "./tts.ts";

export default definePlugin({
  name: "modelstudio",
  parlando: "^0.1.0",
  nodes: [asr, interpret, fileAsr, tts],
  gateways: [gateway],
});
