import type { TextFrame } from "#engine/plugin";
import type { StartQuest, TextResult } from "../wire.ts";
import type { ClientClock } from "./client-clock.ts";

type Complete = { [Name in keyof TextResult]: NonNullable<TextResult[Name]> };

/** Sentences that are remembered, so that both roles of one have the same number. */
const REMEMBERED = 1000;

export interface ResultsOptions {
  readonly streamId: bigint;
  readonly start: StartQuest;
  readonly clock: ClientClock;
  /** Languages that are wanted now, where several are. */
  readonly targets: () => readonly string[];
  epochMs(): number;
}

/** Turns what a workflow gives into what one client asked for. */
export class Results {
  readonly #tasks = new Map<string, number>();
  #taskCount = 0;
  /** The newest revision that was sent of each text: one that comes by two outputs is sent once. */
  readonly #revisions = new Map<string, number>();
  readonly #translations = new Map<string, { readonly text: string; readonly lang: string }>();

  constructor(readonly options: ResultsOptions) {}

  /** Undefined for what the client did not ask for. */
  of(frame: TextFrame): Complete | undefined {
    const { streamId, clock } = this.options;
    const { role } = frame;
    if (role === "prompt" || !this.#wanted(frame)) return undefined;
    const lang = this.#languageOf(frame);
    if (lang === undefined || !this.#isNew(frame, lang)) return undefined;
    if (role === "translation" && frame.final)
      remember(this.#translations, frame.utterance, { text: frame.text, lang });
    const at16k = (sample: number) => (sample * 16_000) / frame.sampleRateHz;
    return {
      kind: "text",
      role,
      final: frame.final,
      text: frame.text,
      streamId,
      taskId: this.#taskOf(frame.utterance),
      startTs: clock.tsOf(at16k(frame.startSample)),
      endTs: clock.tsOf(at16k(frame.endSample), true),
      recTs: Math.floor(this.options.epochMs()),
      lang,
    };
  }

  /** What speech was made of. */
  translationOf(utterance: string | undefined): { readonly text: string; readonly lang: string } {
    const known = utterance === undefined ? undefined : this.#translations.get(utterance);
    return known ?? { text: "", lang: this.options.start.destLanguage };
  }

  #wanted({ role, final }: TextFrame): boolean {
    const { asrResult, asrTempResult, transResult } = this.options.start;
    return (role === "transcript" ? asrResult : transResult) && (final || asrTempResult);
  }

  /** By the name that the client gave it; undefined for a translation that it did not ask for. */
  #languageOf({ role, language }: TextFrame): string | undefined {
    const { srcLanguage, srcAltLanguage, destLanguage } = this.options.start;
    const several = this.options.targets();
    const wanted =
      role === "transcript" ? [srcLanguage, ...srcAltLanguage] : several.length > 0 ? several : [destLanguage];
    if (language === undefined) return wanted[0];
    const same = wanted.find((name) => name === language) ?? wanted.find((name) => baseOf(name) === baseOf(language));
    return same ?? (role === "translation" && several.length > 0 ? undefined : language);
  }

  #isNew({ role, utterance, revision }: TextFrame, lang: string): boolean {
    const slot = `${role} ${lang} ${utterance}`;
    if (revision <= (this.#revisions.get(slot) ?? 0)) return false;
    remember(this.#revisions, slot, revision);
    return true;
  }

  #taskOf(utterance: string): number {
    const known = this.#tasks.get(utterance);
    if (known !== undefined) return known;
    remember(this.#tasks, utterance, ++this.#taskCount);
    return this.#taskCount;
  }
}

const baseOf = (tag: string): string => (tag.split("-")[0] ?? tag).toLowerCase();

function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  map.set(key, value);
  if (map.size <= REMEMBERED) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
