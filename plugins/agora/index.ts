import { definePlugin } from "#engine/plugin";
import { library } from "./engines.ts";
import { gateway } from "./gateway.ts";
import { openNative } from "./rtc/service.ts";
import { sharedService } from "./rtc/shared-service.ts";
import { sink } from "./sink.ts";
import { source } from "./source.ts";
import { vad } from "./vad.ts";

const open = sharedService(openNative);

export default definePlugin({
  name: "agora",
  parlando: "^0.1.0",
  nodes: [source(open), vad, sink(open)],
  gateways: [gateway(open)],
  engines: [library],
});
