/** Vendors whose messages are JSON with a header, which names the task and what is asked or told. */
import type { Message } from "#engine/plugin";
import { half, noise, ONCE } from "./connection-faults.ts";
import { type Asked, answeringEach } from "./scripted-answers.ts";
import { type BadInput, failing } from "./table.ts";

/** Reads what is asked in this field of the header. Audio is passed over. */
export const inHeader =
  (field: string) =>
  (message: Message): Asked | undefined => {
    if (typeof message !== "string") return undefined;
    const { header } = JSON.parse(message);
    return { name: header[field], id: header.task_id };
  };

const saying = (words: string) =>
  answeringEach(() => ({ name: "", id: "" }))((_name, _id, connection) => connection.send(words));

/** What is no event, whichever vendor is to tell it. */
export const noEvents = (node: string, says: string): BadInput[] => [
  ...failing({ found: "run", code: "VENDOR_PROTOCOL", with: ONCE }, [
    { what: "words in place of an event", node, says, instead: saying("hello") },
    { what: "an event without a name", node, says, instead: saying('{"header":{}}') },
  ]),
  noise({ what: "noise in place of an event", node, says }),
  half({ what: "half an event", node, says }),
];
