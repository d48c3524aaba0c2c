import {
  credentialLimits,
  defineNode,
  type LinkSettings,
  linkNode,
  linkSettings,
  type OutputPorts,
  type TaskNode,
} from "#engine/plugin";
import { credentialOf } from "./access.ts";
import { type AsrSettings, asrConfig } from "./asr/config.ts";
import { RecognitionProtocol } from "./asr/protocol.ts";
import { languageOf, rateOf } from "./engines.ts";

/**
 * The service ends a session that was given no audio for 15 s, and may fail after 6 s: it is finished before, and the next audio opens another.
 * More than 3 s of audio within a second is an error to it.
 */
const LINK: Partial<LinkSettings> = { idleMs: 5000, pace: 2, aheadMs: 500 };

function outputs({ engine, language = languageOf(engine), words, speakers }: AsrSettings): OutputPorts {
  const transcript = { kinds: ["text"], textRole: "transcript", ...(language !== undefined && { language }) } as const;
  return {
    final: {
      ...transcript,
      default: true,
      carries: [...(words ? (["words"] as const) : []), ...(speakers ? (["speaker"] as const) : [])],
    },
    partial: { ...transcript, carries: ["partials"] },
  };
}

/** Recognises speech by Tencent Cloud's real-time recognition. */
export const asr = defineNode({
  type: "tencent.asr",
  summary: "Recognises speech in real time by Tencent Cloud.",
  role: "asr",
  shape: "task",
  inputs: (settings) => ({
    audio: {
      kinds: ["audio", "speech"],
      ...(settings.sessions === "utterance" && { requires: ["speech"] }),
      audio: { sampleRateHz: rateOf(settings.engine), channels: 1 },
    },
  }),
  outputs,
  config: asrConfig,
  effects: ["network"],
  retry: { attempts: 3 },
  async create(settings, ctx): Promise<TaskNode> {
    const limits = { concurrency: settings.concurrency, perSecond: 0, waitMs: 30_000 };
    const protocol = new RecognitionProtocol(settings, ctx);
    return linkNode({
      ctx,
      protocol,
      settings: linkSettings(LINK, settings.link),
      sessions: settings.sessions,
      limits: await ctx.resource(credentialLimits(limits, ...credentialOf(settings))),
      onUpdate(changed) {
        protocol.settings = asrConfig.parse(changed); // what a session is asked for stands in its address: it holds from the next one on
      },
    });
  },
});
