import { EngineError, readSsml, requireSsml } from "#engine/plugin";
import { countedLength, splitText } from "../wire/spoken.ts";
import { TEXT_LIMIT, type TtsSettings } from "./config.ts";

/**
 * What goes into one directive each: a text that is over the service's limit is cut at sentences. SSML is never cut.
 * @throws EngineError CONFIG_INVALID for SSML that is none, VENDOR_REFUSED for SSML that the service would cut off.
 */
export function piecesOf(text: string, { ssml, mode }: Pick<TtsSettings, "ssml" | "mode">): string[] {
  const limit = TEXT_LIMIT[mode];
  if (!ssml) return splitText(text, limit).filter((piece) => piece.trim() !== "");
  if (text.trim() === "") return [];
  requireSsml(text);
  const length = countedLength(readSsml(text)?.text ?? "");
  if (length <= limit) return [text];
  const mend = mode === "plain" ? "set mode: long, or cut it" : "cut it";
  throw new EngineError(
    "VENDOR_REFUSED",
    `an SSML text of ${length} characters; Aliyun speaks ${limit} of it: ${mend}`,
  );
}
