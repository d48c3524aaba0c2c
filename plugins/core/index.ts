import { definePlugin } from "#engine/plugin";
import { print } from "./print.ts";
import { subtitles } from "./subtitles.ts";
import { transcript } from "./transcript.ts";

/** The node types that every workflow can count on. */
export default definePlugin({
  name: "core",
  nodes: [print, subtitles, transcript],
});
