import { definePlugin } from "#engine/plugin";
import { vad } from "./vad.ts";

export default definePlugin({ name: "agora", nodes: [vad] });
