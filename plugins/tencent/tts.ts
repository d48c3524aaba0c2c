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
import { type TtsSettings, ttsConfig } from "./tts/config.ts";
import { FlowingProtocol } from "./tts/flowing.ts";
import { PieceSpeaker } from "./tts/piece-speaker.ts";

/** A text takes as long as it is spoken, where what follows plays it; `answerMs` looks after the service instead. */
const LINK: Partial<LinkSettings> = { openMs: 10_000, finishMs: 0, keepAliveMs: 20_000 };

const outputs = ({ sampleRateHz, subtitles }: TtsSettings): OutputPorts => ({
  audio: { kinds: ["audio"], audio: { sampleRateHz, channels: 1 }, default: true },
  ...(subtitles && { spoken: { kinds: ["text"], carries: ["words"] } as const }),
});

/** Speaks texts by Tencent Cloud. */
export const tts = defineNode({
  type: "tencent.tts",
  summary: "Speaks texts by Tencent Cloud: one by one, or while they are written.",
  role: "tts",
  shape: "task",
  inputs: { text: { kinds: ["text"] } },
  outputs,
  config: ttsConfig,
  effects: ["network"],
  retry: { attempts: 3 },
  async create(settings, ctx): Promise<TaskNode> {
    const limits = await ctx.resource(
      credentialLimits(
        { concurrency: settings.concurrency, perSecond: 0, waitMs: 30_000 },
        ...credentialOf(settings),
        "speech",
      ),
    );
    if (settings.mode !== "flowing") return new PieceSpeaker(settings, ctx, limits);
    const protocol = new FlowingProtocol(settings, ctx);
    return linkNode({
      ctx,
      protocol,
      settings: linkSettings(LINK, settings.link),
      sessions: "text",
      limits,
      onUpdate(changed) {
        protocol.settings = ttsConfig.parse(changed);
      },
    });
  },
});
