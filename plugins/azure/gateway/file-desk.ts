import {
  asEngineError,
  type EngineError,
  type ErrorCode,
  type GatewayHost,
  type GatewayKey,
  type Incoming,
  type Outgoing,
  type RecordingHeard,
  recogniseRecording,
  samplesToMs,
  type TextFrame,
  z,
} from "#engine/plugin";
import { hexId, msToTicks } from "../wire.ts";
import { readForm } from "./form.ts";
import { keyOf } from "./key.ts";

const definition = z.looseObject({
  locales: z.array(z.string()).default([]),
  channels: z.array(z.number().int().min(0).max(7)).optional(),
  diarization: z.looseObject({ enabled: z.boolean().default(false) }).optional(),
});

const submission = z.looseObject({
  contentUrls: z
    .array(z.url({ protocol: /^https?$/ }))
    .min(1)
    .max(1),
  locale: z.string(),
  displayName: z.string(),
  properties: z
    .looseObject({
      channels: z.array(z.number().int().min(0).max(7)).optional(),
      diarization: z.looseObject({ enabled: z.boolean().default(false) }).optional(),
      wordLevelTimestampsEnabled: z.boolean().default(false),
    })
    .prefault({}),
});

interface Task {
  readonly id: string;
  readonly key: GatewayKey;
  readonly createdAtMs: number;
  readonly url: string;
  status: "Running" | "Succeeded" | "Failed";
  code?: string;
  heard?: RecordingHeard;
}

/** So many tasks of a gateway are remembered, whether their clients delete them or not. */
const MOST_TASKS = 1000;

const JSON_TYPE = { "content-type": "application/json" };

/** Recordings over HTTP: short and fast recognition, answered at once, and batches that are asked for later. */
export class FileDesk {
  readonly #tasks = new Map<string, Task>();
  readonly #working = new Set<Promise<void>>();
  readonly #leaving = new AbortController();

  constructor(private readonly host: GatewayHost) {}

  async short(request: Incoming): Promise<Outgoing> {
    return this.#guarded(request, async (key) => {
      const query = new URLSearchParams(request.query);
      const language = query.get("language");
      if (!language) return refused(400, "InvalidLanguage", "language is missing");
      const { channels } = await this.#recognise(key, {
        source: { bytes: request.body },
        params: { language, source: language },
      });
      return json(
        200,
        shortAnswer(
          channels.flatMap(({ texts }) => texts),
          query.get("format") === "detailed",
        ),
      );
    });
  }

  async fast(request: Incoming): Promise<Outgoing> {
    return this.#guarded(request, async (key) => {
      const form = await readForm(request);
      if (!form?.audio) return refused(400, "InvalidRequest", "a form with the part audio is wanted");
      const asked = definition.safeParse(jsonOf(form.definition ?? "{}"));
      if (!asked.success) return refused(400, "InvalidRequest", "the definition cannot be read");
      const { locales, channels, diarization } = asked.data;
      if (channels && diarization?.enabled) return refused(400, "InvalidRequest", "channels exclude diarization");
      const [language = "en-US"] = locales;
      const params = { language, source: language, diarization: diarization?.enabled ?? false };
      const heard = await this.#recognise(key, {
        source: { bytes: form.audio },
        params,
        ...(channels && { channels }),
      });
      return json(200, fastAnswer(heard, channels !== undefined, language));
    });
  }

  async submit(request: Incoming): Promise<Outgoing> {
    return this.#guarded(request, async (key) => {
      const asked = submission.safeParse(jsonOf(new TextDecoder().decode(request.body)));
      if (!asked.success) return refused(400, "InvalidRequest", "the submission cannot be read");
      const { contentUrls, locale, properties } = asked.data;
      const task: Task = {
        id: hexId(this.host.newId()).toLowerCase(),
        key,
        createdAtMs: this.host.epochMs(),
        url: contentUrls[0]!,
        status: "Running",
      };
      this.#tasks.set(task.id, task);
      const [oldest] = this.#tasks.keys();
      if (this.#tasks.size > MOST_TASKS && oldest !== undefined) this.#tasks.delete(oldest);
      const { channels } = properties;
      const work = this.#work(task, { language: locale, source: locale }, channels).finally(() =>
        this.#working.delete(work),
      );
      this.#working.add(work);
      return json(201, this.#view(task, request));
    });
  }

  async ask(request: Incoming, id: string): Promise<Outgoing> {
    return this.#of(request, id, (task) => json(200, this.#view(task, request)));
  }

  async files(request: Incoming, id: string): Promise<Outgoing> {
    return this.#of(request, id, (task) => {
      const contentUrl = `${this.#base(request)}/${id}/files/${task.id}/content`;
      const values = task.heard ? [{ kind: "Transcription", name: "contenturl_0.json", links: { contentUrl } }] : [];
      return json(200, { values });
    });
  }

  /** Needs no key: whoever knows the address may read it, as with the service. */
  async content(id: string): Promise<Outgoing> {
    const task = this.#tasks.get(id);
    return task?.heard ? json(200, batchAnswer(task, task.heard)) : refused(404, "NotFound", "there is no such result");
  }

  async delete(request: Incoming, id: string): Promise<Outgoing> {
    return this.#of(request, id, () => {
      this.#tasks.delete(id);
      return { status: 204 };
    });
  }

  async close(): Promise<void> {
    this.#leaving.abort();
    await Promise.all(this.#working);
  }

  async #work(task: Task, params: Record<string, unknown>, channels: readonly number[] | undefined): Promise<void> {
    try {
      task.heard = await this.#recognise(task.key, {
        source: { url: task.url },
        params,
        ...(channels && { channels }),
      });
      task.status = "Succeeded";
    } catch (error) {
      task.code = asEngineError(error, "INTERNAL", "batch").code;
      task.status = "Failed";
    }
  }

  #recognise(
    key: GatewayKey,
    request: Pick<Parameters<typeof recogniseRecording>[0], "source" | "params" | "channels">,
  ) {
    const labels = { service: "file" };
    return recogniseRecording({ ...request, key, labels, signal: this.#leaving.signal }, this.host);
  }

  async #guarded(request: Incoming, answer: (key: GatewayKey) => Promise<Outgoing>): Promise<Outgoing> {
    const key = await keyOf(request, this.host);
    if (!key) return refused(401, "Unauthorized", "the key is missing or wrong");
    try {
      return await answer(key);
    } catch (error) {
      return failed(asEngineError(error, "INTERNAL", "file"));
    }
  }

  #of(request: Incoming, id: string, answer: (task: Task) => Outgoing): Promise<Outgoing> {
    return this.#guarded(request, async (key) => {
      const task = this.#tasks.get(id);
      return task && task.key.id === key.id ? answer(task) : refused(404, "NotFound", "there is no such transcription");
    });
  }

  #base({ headers, sentPath = "" }: Incoming): string {
    const prefix = sentPath.slice(0, Math.max(0, sentPath.indexOf("/speechtotext/")));
    return `http://${headers.host ?? "localhost"}${prefix}/speechtotext/transcriptions`;
  }

  #view(task: Task, request: Incoming): object {
    const self = `${this.#base(request)}/${task.id}`;
    return {
      self,
      links: { files: `${self}/files` },
      status: task.status,
      createdDateTime: new Date(task.createdAtMs).toISOString(),
      properties: task.code === undefined ? {} : { error: { code: task.code } },
    };
  }
}

const json = (status: number, body: object): Outgoing => ({ status, headers: JSON_TYPE, body: JSON.stringify(body) });

const refused = (status: number, code: string, message: string): Outgoing => json(status, { error: { code, message } });

const STATUS: Partial<Record<ErrorCode, number>> = { QUOTA_EXCEEDED: 429, SERVER_BUSY: 503, VENDOR_RATE_LIMITED: 429 };

/** Our code alone: the message may speak of the server. */
const failed = ({ code }: EngineError): Outgoing =>
  refused(
    STATUS[code] ?? (code.startsWith("AUDIO_") || code === "CONFIG_INVALID" ? 400 : 500),
    code,
    "the recording was not recognised",
  );

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const startOf = ({ startSample, sampleRateHz }: TextFrame): number => samplesToMs(startSample, sampleRateHz);
const lengthOf = ({ startSample, endSample, sampleRateHz }: TextFrame): number =>
  samplesToMs(endSample - startSample, sampleRateHz);
const bareOf = (text: string): string => text.toLowerCase().replace(/[.,!?;:]/g, "");

function shortAnswer(texts: readonly TextFrame[], detailed: boolean): object {
  const [first] = texts;
  if (!first) return { RecognitionStatus: "NoMatch", Offset: 0, Duration: 0 };
  const DisplayText = texts.map(({ text }) => text).join(" ");
  const last = texts.at(-1) ?? first;
  const start = startOf(first);
  const place = { Offset: msToTicks(start), Duration: msToTicks(startOf(last) + lengthOf(last) - start) };
  if (!detailed) return { RecognitionStatus: "Success", DisplayText, ...place };
  const lexical = bareOf(DisplayText);
  const Words = texts.flatMap((frame) =>
    (frame.words ?? []).map((word) => ({
      Word: word.text,
      Offset: msToTicks(samplesToMs(word.startSample, frame.sampleRateHz)),
      Duration: msToTicks(samplesToMs(word.endSample - word.startSample, frame.sampleRateHz)),
    })),
  );
  const best = {
    Confidence: first.confidence ?? 0.9,
    Lexical: lexical,
    ITN: lexical,
    MaskedITN: lexical,
    Display: DisplayText,
    Words,
  };
  return { RecognitionStatus: "Success", ...place, DisplayText, NBest: [best] };
}

function fastAnswer({ channels, durationMs }: RecordingHeard, byChannel: boolean, locale: string): object {
  const round = Math.round;
  const phrases = channels.flatMap(({ channel, texts }) =>
    texts.map((frame) => ({
      ...(byChannel && { channel }),
      offsetMilliseconds: round(startOf(frame)),
      durationMilliseconds: round(lengthOf(frame)),
      text: frame.text,
      words: (frame.words ?? []).map((word) => ({
        text: word.text,
        offsetMilliseconds: round(samplesToMs(word.startSample, frame.sampleRateHz)),
        durationMilliseconds: round(samplesToMs(word.endSample - word.startSample, frame.sampleRateHz)),
      })),
      locale: frame.language ?? locale,
      confidence: frame.confidence ?? 0.9,
    })),
  );
  const combinedPhrases = channels.map(({ channel, texts }) => ({
    ...(byChannel && { channel }),
    text: texts.map(({ text }) => text).join(" "),
  }));
  return { durationMilliseconds: round(durationMs), combinedPhrases, phrases };
}

function batchAnswer(task: Task, { channels, durationMs }: RecordingHeard): object {
  return {
    source: task.url,
    timestamp: new Date(task.createdAtMs).toISOString(),
    durationInTicks: msToTicks(durationMs),
    combinedRecognizedPhrases: channels.map(({ channel, texts }) => {
      const display = texts.map(({ text }) => text).join(" ");
      return { channel, lexical: bareOf(display), itn: bareOf(display), maskedITN: bareOf(display), display };
    }),
    recognizedPhrases: channels.flatMap(({ channel, texts }) =>
      texts.map((frame) => ({
        recognitionStatus: "Success",
        channel,
        offsetInTicks: msToTicks(startOf(frame)),
        durationInTicks: msToTicks(lengthOf(frame)),
        nBest: [
          {
            confidence: frame.confidence ?? 0.9,
            lexical: bareOf(frame.text),
            itn: bareOf(frame.text),
            maskedITN: bareOf(frame.text),
            display: frame.text,
            words: (frame.words ?? []).map((word) => ({
              word: word.text,
              offsetInTicks: msToTicks(samplesToMs(word.startSample, frame.sampleRateHz)),
              durationInTicks: msToTicks(samplesToMs(word.endSample - word.startSample, frame.sampleRateHz)),
            })),
          },
        ],
      })),
    ),
  };
}
