import { samplesToMs, type TextFrame } from "#engine/plugin";

const msOf = (frame: TextFrame, sample: number): number => Math.round(samplesToMs(sample, frame.sampleRateHz));

/** Puts texts of a run as messages of real-time recognition: what goes beside `code`, `voice_id` and `message_id`. */
export interface Telling {
  /** Undefined for what clients are not told. */
  message(frame: TextFrame): Readonly<Record<string, unknown>> | undefined;
}

interface Segment {
  readonly index: number;
  told: boolean;
}

/** Numbers utterances in the order in which they are first told. */
class Segments {
  readonly #open = new Map<string, Segment>();
  #next = 0;

  of({ utterance, final }: TextFrame): Segment {
    const segment = this.#open.get(utterance) ?? { index: this.#next++, told: false };
    if (final) this.#open.delete(utterance);
    else this.#open.set(utterance, segment);
    return segment;
  }

  /** A partial that was taken back says that the utterance holds no words. */
  isUntold({ utterance, text }: TextFrame): boolean {
    return text === "" && !this.#open.has(utterance);
  }

  close({ utterance }: TextFrame): void {
    this.#open.delete(utterance);
  }
}

/** Classic messages with `result`. @param words whether the client asked for them. */
export function classic(words: boolean): Telling {
  const segments = new Segments();
  return {
    message(frame) {
      if (segments.isUntold(frame)) return undefined;
      const segment = segments.of(frame);
      const ended = frame.final || frame.text === "";
      if (ended) segments.close(frame);
      const slice = ended ? 2 : segment.told ? 1 : 0;
      segment.told = true;
      const list = words ? (frame.words ?? []) : [];
      return {
        result: {
          slice_type: slice,
          index: segment.index,
          start_time: msOf(frame, frame.startSample),
          end_time: msOf(frame, frame.endSample),
          voice_text_str: frame.text,
          word_size: list.length,
          word_list: list.map((word) => ({
            word: word.text,
            start_time: msOf(frame, word.startSample),
            end_time: msOf(frame, word.endSample),
            stable_flag: frame.final ? 1 : 0,
          })),
        },
      };
    },
  };
}

/** Sentence mode: messages with `sentences`. @param speakers whether the client asked for them. */
export function bySentences(speakers: boolean): Telling {
  const segments = new Segments();
  return {
    message(frame) {
      if (segments.isUntold(frame)) return undefined;
      const segment = segments.of(frame);
      const ended = frame.final || frame.text === "";
      if (ended) segments.close(frame);
      const speaker = speakers && frame.speaker !== undefined ? Number(frame.speaker) : -1;
      return {
        sentences: {
          sentence_list: [
            {
              sentence: frame.text,
              sentence_type: ended ? 1 : 0,
              sentence_id: segment.index,
              speaker_id: Number.isInteger(speaker) ? speaker : -1,
              start_time: msOf(frame, frame.startSample),
              end_time: msOf(frame, frame.endSample),
            },
          ],
        },
      };
    },
  };
}
