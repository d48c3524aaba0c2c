import { fromEnv, live, secret, z } from "#engine/plugin";
import type { ChannelSettings } from "./channel.ts";
import type { ServiceSettings } from "./service.ts";

/** How a channel is entered, by source and sink alike. */
export const channelFields = {
  appId: fromEnv(z.string().min(1), "AGORA_APP_ID").describe("The app id of the project."),
  token: live(secret(fromEnv(z.string().min(1), "AGORA_TOKEN")))
    .optional()
    .describe("For this channel and user; a project without a certificate needs none."),
  channel: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[\w !#$%&()+\-:;<=.>?@[\]^{}|~,]+$/)
    .describe("The name of the channel."),
  user: z
    .string()
    .regex(/^\d{1,10}$/)
    .default("0")
    .describe("The number under which this end joins; with 0 the server gives one."),
  scenario: z
    .enum(["aiServer", "chorus"])
    .default("aiServer")
    .describe("`aiServer` for clients of that scenario; `chorus`, with its delay and track set by itself, for others."),
};

const fields = z.strictObject(channelFields);
type ChannelConfig = z.output<typeof fields>;

/** A project without a certificate takes its app id for a token. */
export const channelOf = ({ appId, token, channel, user }: ChannelConfig, volumeMs: number): ChannelSettings => ({
  channel,
  user,
  token: token ?? appId,
  volumeMs,
});

export const serviceOf = ({ appId, scenario }: ChannelConfig, sampleRateHz: number): ServiceSettings => ({
  appId,
  scenario,
  sampleRateHz,
});

/** What the service gives and takes. */
export const RATE_HZ = 16_000;
