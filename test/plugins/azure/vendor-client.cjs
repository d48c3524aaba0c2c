// The vendor's own library, pointed at a gateway: what it tells its callbacks, a line each.
const sdk = require("microsoft-cognitiveservices-speech-sdk");

const [what, address, key, rest = ""] = process.argv.slice(2);
const tell = (event, detail) => console.log(JSON.stringify({ event, detail }));
const host = new URL(address);
const SECONDS = Number(process.env.SECONDS ?? 2);

/** Silence at real time divided by four: the scripted recogniser answers by the time of the audio. */
function pushed() {
  const stream = sdk.AudioInputStream.createPushStream(sdk.AudioStreamFormat.getWaveFormatPCM(16000, 16, 1));
  let sent = 0;
  const timer = setInterval(() => {
    stream.write(new Uint8Array(3200).buffer);
    if (++sent < SECONDS * 10) return;
    clearInterval(timer);
    stream.close();
  }, 25);
  return sdk.AudioConfig.fromStreamInput(stream);
}

const facts = ({ result }) => ({
  reason: sdk.ResultReason[result.reason],
  text: result.text,
  offsetMs: result.offset / 10000,
  durationMs: result.duration / 10000,
  ...(result.language && { language: result.language }),
  ...(result.speakerId && { speaker: result.speakerId }),
  ...(result.translations && {
    translations: Object.fromEntries(
      result.translations.languages.map((name) => [name, result.translations.get(name)]),
    ),
  }),
});

function follow(recognizer, names) {
  for (const name of names) recognizer[name] = (_sender, event) => tell(name, facts(event));
  recognizer.sessionStarted = () => tell("sessionStarted");
  recognizer.canceled = (_sender, event) =>
    tell("canceled", {
      reason: sdk.CancellationReason[event.reason],
      code: sdk.CancellationErrorCode[event.errorCode],
    });
  return new Promise((resolve) => {
    recognizer.sessionStopped = () => {
      tell("sessionStopped");
      recognizer.close(resolve, resolve);
    };
  });
}

const started = (recognizer, start) => new Promise((resolve, reject) => recognizer[start](resolve, reject));

const speechConfig = () => {
  const config = sdk.SpeechConfig.fromHost(host, key);
  config.speechRecognitionLanguage = "en-US";
  return config;
};

const actions = {
  async continuous() {
    const config = speechConfig();
    if (rest === "dictation") config.enableDictation();
    if (rest === "detailed") {
      config.outputFormat = sdk.OutputFormat.Detailed;
      config.requestWordLevelTimestamps();
    }
    const recognizer = new sdk.SpeechRecognizer(config, pushed());
    const stopped = follow(recognizer, ["recognizing"]);
    recognizer.recognized = (_sender, { result }) => {
      const words = result.json && JSON.parse(result.json).NBest?.[0]?.Words?.map((word) => word.Word);
      tell("recognized", { ...facts({ result }), ...(words && { words }) });
    };
    await started(recognizer, "startContinuousRecognitionAsync");
    await stopped;
  },
  async once() {
    const recognizer = new sdk.SpeechRecognizer(speechConfig(), pushed());
    const result = await started(recognizer, "recognizeOnceAsync");
    tell("result", facts({ result }));
    recognizer.close();
  },
  async diarize() {
    const transcriber = new sdk.ConversationTranscriber(speechConfig(), pushed());
    const stopped = follow(transcriber, ["transcribed"]);
    await started(transcriber, "startTranscribingAsync");
    await stopped;
  },
  async translate() {
    const config = sdk.SpeechTranslationConfig.fromHost(host, key);
    config.speechRecognitionLanguage = "en-US";
    for (const language of ["es", "fr"]) config.addTargetLanguage(language);
    if (rest === "v1") config.setProperty("SPEECH-ForceV1Endpoint", "true");
    const recognizer = new sdk.TranslationRecognizer(config, pushed());
    const stopped = follow(recognizer, ["recognizing", "recognized"]);
    await started(recognizer, "startContinuousRecognitionAsync");
    await stopped;
  },
  async speak() {
    const config = sdk.SpeechConfig.fromEndpoint(new URL(`${address}cognitiveservices/websocket/v1`), key);
    config.speechSynthesisVoiceName = "en-US-AvaMultilingualNeural";
    config.speechSynthesisOutputFormat = sdk.SpeechSynthesisOutputFormat.Raw16Khz16BitMonoPcm;
    config.setProperty(sdk.PropertyId.SpeechServiceResponse_RequestWordBoundary, "true");
    const synthesizer = new sdk.SpeechSynthesizer(config, null);
    synthesizer.wordBoundary = (_sender, event) => tell("word", { text: event.text, ms: event.audioOffset / 10000 });
    const result = await new Promise((resolve, reject) => synthesizer.speakTextAsync("Hello there.", resolve, reject));
    tell("result", {
      reason: sdk.ResultReason[result.reason],
      bytes: result.audioData?.byteLength,
      durationMs: result.audioDuration / 10000,
    });
    synthesizer.close();
  },
  async stream() {
    const config = sdk.SpeechConfig.fromEndpoint(new URL(`${address}cognitiveservices/websocket/v2`), key);
    config.speechSynthesisOutputFormat = sdk.SpeechSynthesisOutputFormat.Raw16Khz16BitMonoPcm;
    const synthesizer = new sdk.SpeechSynthesizer(config, null);
    const request = new sdk.SpeechSynthesisRequest(sdk.SpeechSynthesisRequestInputType.TextStream);
    const spoken = new Promise((resolve, reject) => synthesizer.speakAsync(request, resolve, reject));
    for (const piece of ["Hello ", "there. ", "Bye", "."]) request.inputStream.write(piece);
    request.inputStream.close();
    const result = await spoken;
    tell("result", { reason: sdk.ResultReason[result.reason], bytes: result.audioData?.byteLength });
    synthesizer.close();
  },
  async voices() {
    const config = sdk.SpeechConfig.fromHost(new URL(address.replace(/^ws/, "http")), key);
    const synthesizer = new sdk.SpeechSynthesizer(config, null);
    const result = await synthesizer.getVoicesAsync();
    tell("voices", { reason: sdk.ResultReason[result.reason], names: result.voices.map(({ shortName }) => shortName) });
    synthesizer.close();
  },
};

sdk.Recognizer.enableTelemetry(false);
actions[what]().then(
  () => process.exit(0),
  (error) => {
    tell("error", { message: String(error).replaceAll(key, "…") });
    process.exit(0);
  },
);
