import modelstudio from "#plugins/modelstudio";
import { KEY, SECRETS } from "./modelstudio/account.ts";
import { calls } from "./modelstudio/calls.ts";
import { inputs } from "./modelstudio/inputs.ts";
import { INTERPRETS, prompt, SPEAKS } from "./samples.ts";
import type { BadVendor } from "./table.ts";

const calling = (web: string) => ({ httpUrl: `http://${web}/api/v1`, apiKey: "${secret:key}" });
const access = (web: string) => ({ ...calling(web), url: `ws://${web}/api-ws/v1/inference` });

export const badModelStudio: BadVendor = {
  plugin: modelstudio,
  nodes: {
    "modelstudio.asr": { with: access },
    "modelstudio.interpret": { with: (web) => ({ ...access(web), target: "es" }), service: INTERPRETS },
    "modelstudio.tts": {
      with: (web) => ({ ...access(web), format: "pcm", sampleRateHz: 16_000 }),
      frames: [prompt("Hello you."), prompt("Bye.", "u2")],
      service: SPEAKS,
    },
  },
  secrets: SECRETS,
  keys: [KEY],
  inputs,
  calls,
};
