import {
  credentialLimits,
  defineNode,
  type LinkSettings,
  linkNode,
  linkSettings,
  type OutputPorts,
  type TaskNode,
} from "#engine/plugin";
import { Access } from "./access.ts";
import { serviceUrl, type TtsSettings, ttsConfig } from "./tts/config.ts";
import { SynthesisProtocol } from "./tts/protocol.ts";

/** A text takes as long as it is spoken, where what follows plays it; `answerMs` looks after the service instead. */
const LINK: Partial<LinkSettings> = { openMs: 10_000, finishMs: 0, keepAliveMs: 8000 };

const outputs = ({ sampleRateHz, subtitles }: TtsSettings): OutputPorts => ({
  audio: { kinds: ["audio"], audio: { sampleRateHz, channels: 1 }, default: true },
  ...(subtitles && { spoken: { kinds: ["text"], carries: ["words"] } as const }),
});

/** Speaks texts by Aliyun's NLS. */
export const tts = defineNode({
  type: "aliyun.tts",
  summary: "Speaks texts by Aliyun NLS: short ones, long ones with the times of words, or while they are written.",
  role: "tts",
  shape: "task",
  inputs: { text: { kinds: ["text"] } },
  outputs,
  config: ttsConfig,
  effects: ["network"],
  retry: { attempts: 3 },
  async create(settings, ctx): Promise<TaskNode> {
    const access = await Access.open(serviceUrl(settings), settings, ctx);
    const limits = { concurrency: settings.concurrency, perSecond: 0, waitMs: 30_000 };
    const protocol = new SynthesisProtocol(settings, ctx, access);
    return linkNode({
      ctx,
      protocol,
      settings: linkSettings(LINK, settings.link),
      sessions: settings.mode === "flowing" && !settings.ssml ? "text" : "frame",
      limits: await ctx.resource(credentialLimits(limits, ...access.credential)),
      onUpdate: (changed) => protocol.update(ttsConfig.parse(changed)),
    });
  },
});
