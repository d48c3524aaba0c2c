/** What an engine's name says of the language it hears; the ones for several languages say nothing. */
const LANGUAGES: Readonly<Record<string, string>> = {
  "0": "zh",
  "6": "zh",
  zh: "zh",
  zh_large: "zh",
  zh_medical: "zh",
  en: "en",
  en_large: "en",
  yue: "yue",
  ja: "ja",
  ko: "ko",
  th: "th",
  vi: "vi",
  ms: "ms",
  id: "id",
  fil: "fil",
  pt: "pt",
  tr: "tr",
  ar: "ar",
  es: "es",
  hi: "hi",
  fr: "fr",
  de: "de",
};

/** BCP 47; undefined where the engine's name does not tell. */
export const languageOf = (engine: string): string | undefined => LANGUAGES[engine.slice(engine.indexOf("_") + 1)];

/** Of an engine such as `16k_zh`. */
export const rateOf = (engine: string): 8000 | 16_000 => (engine.startsWith("8k") ? 8000 : 16_000);
