/** SSML that may not go into a request, whichever vendor is to speak it. */
import { prompt } from "./samples.ts";
import type { BadInput } from "./table.ts";
import { spokenByVoice } from "./voice.ts";

/** What is wrong, the document, and what the message has to say. */
const FLAWS = [
  ["is not well formed", "<speak><voice name='a'>Hi</speak></voice>", /InvalidTag/],
  ["is no speak element", "<voice name='a'>Hi</voice>", /begin with <speak>/],
  ["leaves its element", "<speak>Hi</speak><audio src='file:///x'/>", /goes on behind/],
  ["declares a document type", "<!DOCTYPE speak [<!ENTITY a 'b'>]><speak>&a;</speak>", /document type/],
  ["names an entity that it does not declare", "<speak>&a;</speak>", /an & that begins/],
] as const;

/** @param node speaks SSML where `ssml` is set, and looks at it first. */
export const badSsml = (node: string): BadInput[] =>
  FLAWS.map(([what, document, says]) => ({
    what: `SSML that ${what}`,
    node,
    with: { ssml: true },
    frames: [prompt(document)],
    found: "run",
    code: "CONFIG_INVALID",
    says,
    ...spokenByVoice(document),
  }));
