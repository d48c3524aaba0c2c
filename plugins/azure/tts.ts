import {
  credentialLimits,
  defineNode,
  type LinkSettings,
  linkNode,
  linkPool,
  linkSettings,
  type OutputPorts,
  type TaskNode,
} from "#engine/plugin";
import { credentialOf } from "./access.ts";
import { formatOf, speakUrl, type TtsSettings, ttsConfig } from "./tts/config.ts";
import { SpeakProtocol } from "./tts/protocol.ts";

/** A text takes as long as it is spoken, where what follows plays it; `answerMs` looks after the service instead. */
const LINK: Partial<LinkSettings> = { openMs: 10_000, finishMs: 0, keepAliveMs: 20_000, poolMs: 60_000 };

function outputs(settings: TtsSettings): OutputPorts {
  const format = formatOf(settings);
  return {
    ...(format.kind === "audio"
      ? {
          audio: {
            kinds: ["audio"] as const,
            audio: { sampleRateHz: format.sampleRateHz, channels: 1 },
            default: true as const,
          },
        }
      : { recording: { kinds: ["recording"] as const, default: true as const } }),
    ...(settings.words && { spoken: { kinds: ["text"], carries: ["words"] } as const }),
    ...(settings.bookmarks && { bookmarks: { kinds: ["data"] } as const }),
    ...(settings.visemes && { visemes: { kinds: ["data"] } as const }),
  };
}

/** Speaks texts by Azure. */
export const tts = defineNode({
  type: "azure.tts",
  summary: "Speaks texts by Azure: in a voice and a manner, as SSML, or while they are written.",
  role: "tts",
  shape: "task",
  inputs: { text: { kinds: ["text"] } },
  outputs,
  config: ttsConfig,
  effects: ["network"],
  retry: { attempts: 3 },
  async create(settings, ctx): Promise<TaskNode> {
    const limits = { concurrency: settings.concurrency, perSecond: 0, waitMs: 30_000 };
    const protocol = new SpeakProtocol(settings, ctx);
    const link = linkNode({
      ctx,
      protocol,
      settings: linkSettings(LINK, settings.link),
      sessions: settings.mode === "streaming" ? "text" : "frame",
      limits: await ctx.resource(credentialLimits(limits, ...credentialOf(settings))),
      pool: await ctx.resource(linkPool(...credentialOf(settings), speakUrl(settings))),
    });
    return {
      run: (from, emit, signal) => link.run(from, emit, signal),
      onControl: (control, emit) => link.onControl?.(control, emit),
      onUpdate: (changed) => protocol.update(ttsConfig.parse(changed)),
      held: () => link.held?.() ?? 0,
      close: () => link.close?.(),
    };
  },
});
