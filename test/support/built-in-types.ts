import { NodeTypes } from "#engine/plugin";
import apertium from "#plugins/apertium";
import core from "#plugins/core";
import espeak from "#plugins/espeak";
import pocketsphinx from "#plugins/pocketsphinx";
import webrtc from "#plugins/webrtc";

/** The node types that need no network: those of the interpret workflow and the core's. */
export const builtInTypes = (): NodeTypes => new NodeTypes([core, webrtc, pocketsphinx, apertium, espeak]);
