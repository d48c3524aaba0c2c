import { definePlugin } from "#engine/plugin";
import { asr } from "./asr.ts";
import { pocketsphinx } from "./engines.ts";

export default definePlugin({ name: "pocketsphinx", nodes: [asr], engines: [pocketsphinx] });
