import { expect, setDefaultTimeout, test } from "bun:test";
import { caller, openTestControl } from "#test/control";
import { errorOf } from "#test/rejection";
import { NUMBERS } from "#test/spoken-numbers";

setDefaultTimeout(60_000); // on a busy machine

test.each([
  ["one error", NUMBERS, /^the workflow has an error: \d+:\d+ INPUT_UNBOUND .*talk/],
  ["several", `${NUMBERS}lables: 1\nlimts: 2\n`, /^the workflow has \d errors, the first of them: \d+:\d+ [A-Z_]+ \S/],
])(
  "a workflow with %s is refused with the first in words, for those who see nothing but the message",
  async (_what, text, said) => {
    await using opened = await openTestControl();
    const { code, message } = await errorOf(opened.control.runs.start(caller, { workflow: { text } }));
    expect(code).toBe("WORKFLOW_INVALID");
    expect(message).toMatch(said);
  },
);
