import { definePlugin } from "#engine/plugin";
import { asr } from "./asr.ts";
import { ears, marks } from "./ears.ts";
import { gateway } from "./gateway.ts";

/** A vendor that was made up, as a plugin: what `docs/gateways.md` shows, and what the foundations are tested with. */
export default definePlugin({ name: "toy", nodes: [asr, ears, marks], gateways: [gateway] });
