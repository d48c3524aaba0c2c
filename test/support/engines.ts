import { NodeTypes } from "#engine/plugin";
import apertium from "#plugins/apertium";
import core from "#plugins/core";
import espeak from "#plugins/espeak";
import pocketsphinx from "#plugins/pocketsphinx";
import webrtc from "#plugins/webrtc";

/** The built-in plugins, as the command line has them. */
export const builtInTypes = (): NodeTypes => new NodeTypes([core, webrtc, pocketsphinx, apertium, espeak]);

/** The engines of the interpret workflow that this machine does not have, by name. */
export const enginesMissing: readonly string[] = (
  await Promise.all(
    builtInTypes()
      .plugins.flatMap((plugin) => plugin.engines ?? [])
      .map(async (engine) => ((await engine.find()).found ? [] : [engine.name])),
  )
).flat();
