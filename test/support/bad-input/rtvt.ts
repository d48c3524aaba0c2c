import rtvt from "#plugins/rtvt";
import { badAnswers } from "./rtvt/answers.ts";
import { calls } from "./rtvt/calls.ts";
import { PID, SECRETS } from "./rtvt/project.ts";
import { badSettings } from "./rtvt/settings.ts";
import { INTERPRETS } from "./samples.ts";
import type { BadVendor, SoundNode } from "./table.ts";

const sound = (more: Record<string, unknown> = {}): SoundNode => ({
  with: (_, tcp) => ({ url: `tcp://${tcp}`, pid: PID, key: "${secret:right}", source: "en", ...more }),
});
export const badRtvt: BadVendor = {
  plugin: rtvt,
  nodes: { "rtvt.asr": sound(), "rtvt.interpret": { ...sound({ target: "es" }), service: INTERPRETS } },
  secrets: SECRETS,
  keys: [{ id: `${PID}`, secret: SECRETS.right, facts: {} }],
  inputs: [...badSettings, ...badAnswers],
  calls,
};
