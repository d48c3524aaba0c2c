import { expect, test } from "bun:test";
import { parseVariants, parseVoices, resolveVoice } from "../../../plugins/espeak/voices.ts";

const TABLE = `Pty Language       Age/Gender VoiceName          File                 Other Languages
 5  cmn             --/M      Chinese_(Mandarin,_latin_as_English) sit/cmn              (zh-cmn 5)(zh 5)
 2  en-gb           --/M      English_(Great_Britain) gmw/en               (en 2)
 2  en-us           --/M      English_(America)  gmw/en-US            (en 3)
 5  es              --/M      Spanish_(Spain)    roa/es               
 5  es-419          --/M      Spanish_(Latin_America) roa/es-419           (es-mx 6)
 5  chr-US-Qaaa-x-west --/M      Cherokee_          iro/chr              
 5  yue             --/M      Chinese_(Cantonese) sit/yue              (zh-yue 5)(zh 8)
 5  yue             --/M      Chinese_(Cantonese,_latin_as_Jyutping) sit/yue-Latn-jyutping (zh-yue 5)(zh 8)
`;
const VARIANTS = `Pty Language       Age/Gender VoiceName          File                 Other Languages
 5  variant         --/F      female3              !v/f3               
 5  variant         --/M      Alex               !v/Alex              
`;
const known = { voices: parseVoices(TABLE), variants: parseVariants(VARIANTS) };

test("the table is read with blanks in names and languages stood in for", () => {
  expect(known.voices.length).toBe(8);
  expect(known.voices[0]).toEqual({
    language: "cmn",
    name: "Chinese (Mandarin, latin as English)",
    others: ["zh-cmn", "zh"],
  });
  expect(known.variants).toEqual(["f3", "Alex"]);
});

test.each([
  { wanted: "es", argument: "es", language: "es" },
  { wanted: "ES-419", argument: "es-419", language: "es-419" },
  { wanted: "es_419", argument: "es-419", language: "es-419" },
  { wanted: "es-MX", argument: "es-mx", language: "es-419" },
  { wanted: "en", argument: "en", language: "en-gb" },
  { wanted: "spanish (spain)", argument: "es", language: "es" },
  { wanted: "Spanish_(Spain)+F3", argument: "es+f3", language: "es" },
  { wanted: "es+alex", argument: "es+Alex", language: "es" },
  { wanted: "chr-us-qaaa-x-west", argument: "chr-US-Qaaa-x-west", language: "chr-US-Qaaa-x-west" },
  {
    wanted: "Chinese (Cantonese, latin as Jyutping)",
    argument: "Chinese (Cantonese, latin as Jyutping)",
    language: "yue",
  },
])("$wanted is spoken by $argument", ({ wanted, argument, language }) => {
  expect(resolveVoice(wanted, known)).toEqual({ argument, language });
});

test.each([
  { wanted: "spanish", near: "near it: Spanish (Spain), Spanish (Latin America)" },
  { wanted: "es-ar", near: "near it: es-mx, es, es-419" },
  { wanted: "es+f33", near: "near it: f3" },
  { wanted: "es+f3+f3", near: "near it: es" },
  { wanted: "--path=/", near: "espeak-ng has no voice" },
  { wanted: "", near: "espeak-ng has no voice" },
])("the voice $wanted is unknown, with what is like it", ({ wanted, near }) => {
  expect(() => resolveVoice(wanted, known)).toThrow(expect.objectContaining({ code: "VOICE_UNKNOWN" }));
  expect(() => resolveVoice(wanted, known)).toThrow(near);
});
