import { hearsOnly } from "../samples.ts";

export const PID = 81_700_001;
export const SECRETS = {
  right: Buffer.from("an example of a project key 0123").toString("base64"),
  wrong: Buffer.from("another example of a project key").toString("base64"),
  plain: "no base64 at all!",
};

/** How every packet begins. */
export const MAGIC = [0x46, 0x50, 0x4e, 0x4e];

/** One language, and no other. */
export const ENGLISH = hearsOnly("source", "en");

/** Does not wait for long. */
export const SHORT = { link: { attempts: 1, openMs: 1000, finishMs: 2000 }, answerMs: 1000, lingerMs: 100 };
