/** How a recognition model is spoken to, and what its results look like. */
export type HearingFamily = "sentences" | "gummy" | "qwen";

const HEARING: readonly (readonly [prefix: string, family: HearingFamily])[] = [
  ["paraformer", "sentences"],
  ["fun-asr", "sentences"],
  ["gummy", "gummy"],
  ["qwen", "qwen"],
];

export const HEARING_PREFIXES = HEARING.map(([prefix]) => prefix).join(", ");

/** Undefined for a model of another kind. */
export const hearingFamily = (model: string): HearingFamily | undefined =>
  HEARING.find(([prefix]) => model.startsWith(prefix))?.[1];

/** What a family's documents list; undefined where they do not, and any language is passed on. */
const LANGUAGES: Readonly<Record<HearingFamily, readonly string[] | undefined>> = {
  sentences: ["zh", "en", "ja", "yue", "ko", "de", "fr", "ru"],
  gummy: ["zh", "en", "ja", "yue", "ko", "de", "fr", "ru", "it", "es"],
  qwen: undefined,
};

/** The service's name for a language. @param tag BCP 47: `en-US` is `en`, and Cantonese is `yue` however it is written. */
export function languageCode(tag: string): string {
  const lower = tag.toLowerCase();
  if (/^(yue|zh-yue|zh-hk|zh-hant-hk|zh-mo)(-|$)/.test(lower)) return "yue";
  return lower.split("-")[0] ?? lower;
}

/** The languages of a model where it does not know this one; undefined where it does, or nothing is known of it. */
export function languagesInstead(tag: string, model: string): readonly string[] | undefined {
  const family = hearingFamily(model);
  if (!family || model.startsWith("fun-asr")) return undefined;
  const known = LANGUAGES[family];
  return known?.includes(languageCode(tag)) === false ? known : undefined;
}

/** The sample rates that a recognition model takes; undefined where any will do. */
export function modelRatesHz(model: string): readonly number[] | undefined {
  if (/-8k(-|$)/.test(model)) return [8000];
  if (hearingFamily(model) === "qwen") return [16000, 8000];
  if (model.startsWith("paraformer-realtime-v1") || model.startsWith("fun-asr")) return [16000];
  if (hearingFamily(model) === "gummy") return [16000, 22050, 24000, 44100, 48000];
  return undefined;
}
