import { answering } from "../scripted-answers.ts";
import { type BadInput, failing, type World } from "../table.ts";

import { FLASH, LEGACY } from "./interfaces.ts";

const nonsense: BadInput[] = [
  ...failing({ found: "run", code: "VENDOR_PROTOCOL" }, [
    {
      what: "a page in place of an answer",
      node: "tencent.file-asr",
      instead: answering(200, "<html>Welcome</html>"),
      says: "CreateRecTask",
    },
    {
      what: "a task without a number",
      node: "tencent.file-asr",
      instead: answering(200, { Response: {} }),
      says: "without giving it a number",
    },
    {
      what: "flash that says nothing of its result",
      node: "tencent.file-asr",
      with: FLASH,
      instead: answering(200, { result: "fine" }),
      says: "a recording",
    },
  ]),
  {
    what: "an error without a proper name",
    node: "tencent.file-asr",
    instead: answering(200, { Response: { Error: { Code: "1 2 3 tc-test-secret-id" } } }),
    found: "run",
    code: "VENDOR_FAILED",
    says: "an error without a proper name",
  },
  {
    what: "a service that is being repaired",
    node: "tencent.file-asr",
    with: LEGACY,
    instead: answering(502, "<html>Bad gateway</html>"),
    found: "run",
    code: "VENDOR_FAILED",
    says: "HTTP 502",
  },
  {
    what: "a recording that the service cannot read",
    node: "tencent.file-asr",
    frames: [{ kind: "recording", source: { bytes: new TextEncoder().encode("#!AMR\nabcdefg") } }],
    with: LEGACY,
    found: "run",
    code: "AUDIO_NOT_RECOGNISED",
    says: /10000.*kind that the service reads/,
    fallback: false,
  },
];

/** Others call while the service's own call has been refused once and comes again in a second. */
const calledBy =
  (...bodies: readonly string[]) =>
  async ({ desk, clock, network }: World): Promise<void> => {
    desk.refusals = 1;
    await clock.sleep(500);
    const [kept = ""] = desk.kept.keys();
    const [runId = "", nodeId = ""] = kept.split(" ");
    const name = kept.slice(`${runId} ${nodeId} `.length);
    const { url } = await desk.callback({ runId, nodeId, name }, { mediaType: "", body: "" });
    for (const body of bodies) await network.fetch({ url, method: "POST", body });
    await network.fetch({ url: `${url}a`, method: "POST", body: bodies[0] ?? "" });
  };

/** The service calls so many times in vain. */
const refusedAtFirst =
  (times: number) =>
  async ({ desk }: World): Promise<void> => {
    desk.refusals = times;
  };

const callbacks: BadInput[] = [
  {
    what: "calls of other tasks, garbled ones, and one to an address that is none",
    node: "tencent.file-asr",
    with: LEGACY,
    meanwhile: calledBy("code=0&requestId=1&text=forged&audioTime=1", "nonsense", ""),
    found: "borne",
    counters: { strayCallbacks: 1, garbledCallbacks: 2 },
  },
  {
    what: "a call that comes again and again",
    node: "tencent.file-asr",
    with: LEGACY,
    meanwhile: refusedAtFirst(3),
    found: "borne",
  },
  {
    what: "a call that never comes",
    node: "tencent.file-asr",
    with: { ...LEGACY, resultMs: 5000 },
    meanwhile: refusedAtFirst(1000),
    found: "run",
    code: "RESULT_LATE",
    says: "5000 ms",
  },
  {
    what: "a call that comes when the recording was submitted anew",
    node: "tencent.file-asr",
    with: { ...LEGACY, resultMs: 1500 },
    meanwhile: refusedAtFirst(2),
    found: "borne",
    counters: { retries: 1 },
  },
];

/** What `tencent.file-asr` is answered, or called back with, and cannot work with. */
export const badRecordingAnswers: readonly BadInput[] = [...nonsense, ...callbacks];
