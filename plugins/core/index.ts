import { definePlugin } from "#engine/plugin";
import { subtitles } from "./subtitles.ts";

/** The node types that every workflow can count on. */
export default definePlugin({
  name: "core",
  nodes: [subtitles],
});
