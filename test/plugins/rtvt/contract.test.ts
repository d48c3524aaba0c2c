import { describe, test } from "bun:test";
import { registerContract, vendorInterpreterContract, vendorRecogniserContract } from "#engine/testing";
import { framesOf } from "#test/signals";
import { openedBy, trialsOf } from "#test/vendor-trials";
import { asr } from "../../../plugins/rtvt/asr.ts";
import { interpret } from "../../../plugins/rtvt/interpret.ts";
import { PROJECT } from "./fixtures/vectors.ts";
import { HEARS_WORDS, testTypes, words } from "./nodes.ts";
import { ACCESS, OVER_WEB, openService } from "./service.ts";

const another = Buffer.from("somebody else's key").toString("base64");

const trial = trialsOf({
  access: ACCESS,
  wrongAccess: { key: another },
  secrets: [another, PROJECT.key],
  passingError: 800_000,
  tokens: true,
  open: openedBy((options) => openService({ types: testTypes(), ...options })),
});
const heard = { frames: () => framesOf(words(4)), workflow: HEARS_WORDS };

describe("over TCP", () => {
  const subject = trial({ definition: interpret, config: { target: "es" }, ...heard });
  registerContract(vendorInterpreterContract("rtvt.interpret", subject), test);
});
describe("over a WebSocket", () => {
  registerContract(vendorRecogniserContract("rtvt.asr", trial({ definition: asr, config: OVER_WEB, ...heard })), test);
});
