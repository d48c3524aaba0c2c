import { z } from "#engine/plugin";

const options = z.looseObject({
  model: z.string().nullish(),
  format: z.string().nullish(),
  sample_rate: z.number().int().nullish(),
  bits_per_sample: z.number().int().nullish(),
  nb_channels: z.number().int().nullish(),
});

const modalities = z.array(z.string());

/** What a session is to be; all of it may be left out. */
export const sessionStart = z.looseObject({
  session_id: z.string().min(1).max(200).nullish(),
  upstream: z
    .looseObject({
      dialog_mode: z.string().default("duplex"),
      enable_server_vad: z.boolean().default(true),
      modalities: modalities.default(["audio"]),
      asr_vendor: z.string().nullish(),
      asr_options: options.extend({ language: z.string().nullish() }).nullish(),
    })
    .prefault({}),
  downstream: z
    .looseObject({
      modalities: modalities.default(["audio", "text"]),
      tts_vendor: z.string().nullish(),
      tts_options: options.extend({ voice: z.string().nullish() }).nullish(),
    })
    .prefault({}),
  parameters: z
    .looseObject({
      modelstudio_kb: z.looseObject({ index_ids: z.array(z.string()).default([]) }).nullish(),
      enable_tool_call: z.boolean().default(false),
    })
    .prefault({}),
});

export type SessionStart = z.output<typeof sessionStart>;

/** What a client says in text messages; audio goes in binary ones. */
export const directive = z.discriminatedUnion("directive", [
  z.object({ directive: z.literal("SessionStart"), payload: sessionStart.prefault({}) }),
  z.object({ directive: z.literal("SessionStop"), payload: z.looseObject({}).nullish() }),
]);

/** What a client is told in text messages. Pieces of `ResponseText` append; each `AudioTranscript` of a sentence replaces the one before. */
export type VoiceChatEvent =
  | {
      readonly event: "SessionStarted" | "SessionStopped" | "ResponseAudioStarted" | "ResponseAudioEnded";
      readonly payload: { readonly session_id: string };
    }
  | {
      readonly event: "AudioTranscript";
      readonly payload: { readonly session_id: string; readonly text: string; readonly finished: boolean };
    }
  | {
      readonly event: "ResponseText";
      readonly payload: {
        readonly session_id: string;
        readonly text: string;
        readonly tool_calls: readonly object[];
        readonly finished: boolean;
      };
    };
