import { definePlugin } from "#engine/plugin";
import { library } from "./engines.ts";
import { openNative } from "./rtc/service.ts";
import { sink } from "./sink.ts";
import { source } from "./source.ts";
import { vad } from "./vad.ts";

export default definePlugin({
  name: "agora",
  parlando: "^0.1.0",
  nodes: [source(openNative), vad, sink(openNative)],
  engines: [library],
});
