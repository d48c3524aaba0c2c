import aliyun from "#plugins/aliyun";
import { APPKEY, KEY, SECRETS } from "./aliyun/account.ts";
import { badAnswers } from "./aliyun/answers.ts";
import { calls } from "./aliyun/calls.ts";
import { badSettings } from "./aliyun/settings.ts";
import { prompt, SPEAKS } from "./samples.ts";
import type { BadVendor } from "./table.ts";

const access = (web: string) => ({ url: `ws://${web}/ws/v1`, appkey: APPKEY, token: "${secret:token}" });

export const badAliyun: BadVendor = {
  plugin: aliyun,
  nodes: {
    "aliyun.asr": { with: (web) => ({ ...access(web), mode: "continuous" }) },
    "aliyun.tts": { with: access, frames: [prompt("Hello you."), prompt("Bye.", "u2")], service: SPEAKS },
  },
  secrets: SECRETS,
  keys: [KEY],
  inputs: [...badSettings, ...badAnswers],
  calls,
};
