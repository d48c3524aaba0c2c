import type { Driven } from "#engine/testing";
import { hears, typesWithTones } from "#test/service-workflows";
import { vendorService } from "#test/vendor-service";
import { gateway } from "../../../plugins/azure/gateway.ts";

export const KEY = { id: "example-key", secret: "example-key", facts: {} };
export const HOST = "azure.test:80";
export const ACCESS = { host: "ws://azure.test", key: "example-key" };

/** A workflow that hears these sentences, a second each, and translates each into these languages. */
export const translates = (
  texts: Readonly<Record<string, Readonly<Record<string, string>>>>,
  languages: readonly string[],
): string => {
  const sentences = Object.keys(texts);
  const nodes = languages.map(
    (language) => `  into-${language}:
    use: core.script
    from: asr
    with:
      as: translate
      language: ${language}
      table: { ${sentences.map((text) => `${JSON.stringify(text)}: { text: ${JSON.stringify(texts[text]![language])} }`).join(", ")} }`,
  );
  return hears(...sentences)
    .replace("outputs:", `${nodes.join("\n")}\noutputs:`)
    .replace(
      "[asr.partial, asr.final]",
      `[asr.partial, asr.final, ${languages.map((language) => `into-${language}`).join(", ")}]`,
    );
};

export const { openService, served } = vendorService({
  gateway,
  web: HOST,
  types: typesWithTones(),
  keys: [KEY],
  access: ACCESS,
});

/** What a node sent and got, by `Path`: JSON bodies parsed. */
export const wireOf = ({ events }: Pick<Driven, "events">, direction: "in" | "out"): { path: string; body: string }[] =>
  events.flatMap((event) => {
    if (event.type !== "wire" || event.direction !== direction || typeof event.message !== "string") return [];
    const [head = "", body = ""] = event.message.split("\r\n\r\n");
    const path = /^Path:\s*(\S+)/im.exec(head)?.[1];
    return path ? [{ path, body }] : [];
  });
