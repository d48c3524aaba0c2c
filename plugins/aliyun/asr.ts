import {
  credentialLimits,
  defineNode,
  type InputPort,
  type LinkSettings,
  linkNode,
  linkSettings,
  type OutputPorts,
  type TaskNode,
} from "#engine/plugin";
import { Access } from "./access.ts";
import { audioWriters } from "./asr/audio.ts";
import { type AsrSettings, asrConfig } from "./asr/config.ts";
import { RecognitionProtocol } from "./asr/protocol.ts";

/** The vendor's own figures where its clients have any: 10 s to start and to stop, a ping after 8 s. */
const LINK: Partial<LinkSettings> = { openMs: 10_000, finishMs: 10_000, keepAliveMs: 8000 };

const bySentence = ({ mode, sentences }: AsrSettings): boolean => mode === "sentence" && sentences === "marks";

const input = (settings: AsrSettings): InputPort => ({
  kinds: settings.format === "pcm" ? ["audio", "speech"] : ["audio", "encoded", "speech"],
  ...(bySentence(settings) && { requires: ["speech"] }),
  audio: { sampleRateHz: settings.sampleRateHz, channels: 1 },
});

function outputs({ language, words }: AsrSettings): OutputPorts {
  const transcript = { kinds: ["text"], textRole: "transcript", ...(language !== undefined && { language }) } as const;
  return {
    final: { ...transcript, default: true, carries: words ? ["words", "confidence"] : ["confidence"] },
    partial: { ...transcript, carries: ["partials"] },
  };
}

/** Recognises speech by Aliyun's NLS, a task for each utterance or one for the whole stream. */
export const asr = defineNode({
  type: "aliyun.asr",
  summary: "Recognises speech by Aliyun NLS: sentence by sentence, or as a continuous stream.",
  role: "asr",
  shape: "task",
  inputs: (settings) => ({ audio: input(settings) }),
  outputs,
  config: asrConfig,
  effects: ["network"],
  retry: { attempts: 3 },
  async create(settings, ctx): Promise<TaskNode> {
    const access = await Access.open(settings.url, settings, ctx);
    const limits = { concurrency: settings.concurrency, perSecond: 0, waitMs: 30_000 };
    const protocol = new RecognitionProtocol(
      settings,
      ctx,
      access,
      await audioWriters(settings.format, settings.sampleRateHz, ctx),
    );
    return linkNode({
      ctx,
      protocol,
      settings: linkSettings(LINK, settings.link),
      sessions: bySentence(settings) ? "utterance" : "stream",
      limits: await ctx.resource(credentialLimits(limits, ...access.credential)),
      onUpdate: (changed) => protocol.update(asrConfig.parse(changed)),
    });
  },
});
