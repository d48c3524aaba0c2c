import { definePlugin } from "#engine/plugin";
import { asr } from "./asr.ts";
import { pocketsphinx } from "./engines.ts";

export default definePlugin({ name: "pocketsphinx", parlando: "^0.1.0", nodes: [asr], engines: [pocketsphinx] });
