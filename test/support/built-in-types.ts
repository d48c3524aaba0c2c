import { NodeTypes } from "#engine/plugin";
import aliyun from "#plugins/aliyun";
import apertium from "#plugins/apertium";
import bergamot from "#plugins/bergamot";
import core from "#plugins/core";
import espeak from "#plugins/espeak";
import flite from "#plugins/flite";
import llm from "#plugins/llm";
import modelstudio from "#plugins/modelstudio";
import pocketsphinx from "#plugins/pocketsphinx";
import rtvt from "#plugins/rtvt";
import sherpa from "#plugins/sherpa";
import silero from "#plugins/silero";
import tencent from "#plugins/tencent";
import webrtc from "#plugins/webrtc";
import whisper from "#plugins/whisper";

/** The node types that need no network: those of the interpret workflow and the core's. */
export const builtInTypes = (): NodeTypes =>
  new NodeTypes([core, webrtc, silero, pocketsphinx, apertium, espeak, flite, sherpa, whisper, bergamot]);

/** All that are delivered, vendors too. */
export const deliveredTypes = (): NodeTypes => builtInTypes().with([llm, aliyun, rtvt, tencent, modelstudio]);
