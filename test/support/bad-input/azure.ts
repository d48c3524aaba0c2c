import azure from "#plugins/azure";
import { KEY, SECRETS } from "./azure/account.ts";
import { badAnswers } from "./azure/answers.ts";
import { calls } from "./azure/calls.ts";
import { badSettings } from "./azure/settings.ts";
import { INTERPRETS, prompt, SPEAKS, talkFile } from "./samples.ts";
import type { BadVendor } from "./table.ts";

const access = (web: string) => ({ host: `ws://${web}`, key: "${secret:key}" });

export const badAzure: BadVendor = {
  plugin: azure,
  nodes: {
    "azure.asr": { with: access },
    "azure.interpret": { with: (web) => ({ ...access(web), targets: "es" }), service: INTERPRETS },
    "azure.tts": { with: access, frames: [prompt("Hello you."), prompt("Bye.", "u2")], service: SPEAKS },
    "azure.file-asr": { with: access, frames: [talkFile()] },
  },
  secrets: SECRETS,
  keys: [KEY],
  inputs: [...badSettings, ...badAnswers],
  calls,
};
