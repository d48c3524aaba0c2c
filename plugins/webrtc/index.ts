import { definePlugin } from "#engine/plugin";
import { compiler, detector } from "./engines.ts";
import { vad } from "./vad.ts";

export default definePlugin({ name: "webrtc", parlando: "^0.1.0", nodes: [vad], engines: [detector, compiler] });
