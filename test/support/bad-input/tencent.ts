import tencent from "#plugins/tencent";
import { prompt, SPEAKS, talkFile } from "./samples.ts";
import type { BadVendor } from "./table.ts";
import { APP_ID, KEY, SECRETS } from "./tencent/account.ts";
import { calls } from "./tencent/calls.ts";
import { badRecordingAnswers } from "./tencent/recording-answers.ts";
import { badRecordingSettings } from "./tencent/recording-settings.ts";
import { streamInputs } from "./tencent/stream-inputs.ts";

const access = { appId: APP_ID, secretId: "${secret:id}", secretKey: "${secret:key}" };

export const badTencent: BadVendor = {
  plugin: tencent,
  nodes: {
    "tencent.asr": { with: (web) => ({ ...access, url: `ws://${web}/asr/v2` }) },
    "tencent.file-asr": { with: (web) => ({ ...access, url: `http://${web}/` }), frames: [talkFile()] },
    "tencent.tts": {
      with: (web) => ({ ...access, url: `ws://${web}/stream_ws`, mode: "socket" }),
      frames: [prompt("Hello you."), prompt("Bye.", "u2")],
      service: SPEAKS,
    },
  },
  secrets: SECRETS,
  keys: [KEY],
  inputs: [...streamInputs, ...badRecordingSettings, ...badRecordingAnswers],
  calls,
};
