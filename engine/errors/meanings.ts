import type { ErrorCode } from "./codes.ts";

/** What an error code means, how it reads, and what mends it. */
export interface ErrorMeaning {
  readonly meaning: string;
  /** A message that carries it. */
  readonly example: string;
  readonly mend: string;
}

const of = (meaning: string, example: string, mend: string): ErrorMeaning => ({ meaning, example, mend });

/** For people; what programs may conclude stands in `ERROR_TRAITS`. */
export const ERROR_MEANINGS: Readonly<Partial<Record<ErrorCode | (string & {}), ErrorMeaning>>> = {
  USAGE: of("The command or call was not understood.", "lint wants a file", "Read `--help`, or /docs of the server."),
  CONFIG_INVALID: of(
    "A configuration does not hold, or two parts of it contradict each other.",
    "listen: 0.0.0.0 needs a key first",
    "Change what the message names.",
  ),
  FILE_NOT_FOUND: of(
    "A file is not there.",
    "talk.wav: there is no such file",
    "Check the path, and what it is relative to.",
  ),
  FILE_UNREADABLE: of("A file is there and cannot be read.", "talk.wav: permission denied", "Check its permissions."),
  FILE_UNWRITABLE: of(
    "A file cannot be written: no room, no permission, or no such folder.",
    "speech.wav: no space left on the device",
    "Make room, or write elsewhere.",
  ),
  FILE_FORBIDDEN: of(
    "The file is outside of the folders that a run may use.",
    "/etc/passwd is outside of the folders of this run",
    "Use ${run.dir}, an upload, or a folder that `folders` of parlando.yaml lists.",
  ),
  INPUT_UNBOUND: of(
    "An input of the workflow is bound to nothing.",
    "talk is bound to nothing",
    "Bind it, or write a default.",
  ),
  INPUT_UNREACHABLE: of(
    "What an input is bound to cannot be reached.",
    "https://…: no answer",
    "Try again, or bind another address.",
  ),
  INPUT_UNKNOWN: of("The workflow has no input of that name.", "no input tlak; it has talk", "Use one of its inputs."),
  OUTPUT_UNKNOWN: of(
    "The workflow has no output of that name.",
    "no output caption; it has captions",
    "Use one of its outputs.",
  ),
  SECRET_MISSING: of(
    "A secret that is needed is not set.",
    "the secret azure is not set",
    "Set PARLANDO_SECRET_<NAME>, or list it in parlando.yaml.",
  ),
  AUDIO_FORMAT_UNSUPPORTED: of(
    "The format of the audio is none that this part takes.",
    "44100 Hz, wanted 8000 or 16000",
    "Convert it first, or choose another node type.",
  ),
  AUDIO_EMPTY: of("There is no audio in it.", "talk.wav holds no samples", "Use another recording."),
  AUDIO_TRUNCATED: of(
    "The recording ends before its header says so.",
    "talk.wav: 1000 of 32000 bytes",
    "Fetch or record it again.",
  ),
  AUDIO_DAMAGED: of("The recording is damaged.", "talk.mp3: no frame could be decoded", "Fetch or record it again."),
  AUDIO_NOT_RECOGNISED: of(
    "The file is no recording of a known kind.",
    "notes.txt: neither WAV nor …",
    "Name a recording; raw PCM needs its format.",
  ),
  AUDIO_TOO_LONG: of(
    "The audio is longer than this part takes.",
    "400 s, at most 300 s",
    "Cut it, or put a detector with maxSegmentMs in front.",
  ),
  WORKFLOW_INVALID: of(
    "The workflow has findings that are errors.",
    "2 errors; the first: …",
    "Mend what `parlando lint` names.",
  ),
  RUN_CANCELLED: of("The run was cancelled.", "cancelled by its caller", "Start it again if that was not meant."),
  RUN_DEADLINE: of(
    "The run, its start or its end took longer than it may.",
    "not ready after 10000 ms (limits.startMs)",
    "See what was slow in the report; raise the limit if it has to be.",
  ),
  RUN_STALLED: of(
    "Nothing has moved for longer than `limits.idleMs`.",
    "no frame has moved for 60000 ms",
    "See which node waits; a source that may be silent needs a larger limit.",
  ),
  NODE_FAILED: of(
    "A node failed with an error that has no code of its own.",
    "asr: Cannot read properties of undefined",
    "It is a fault of the plugin: report it.",
  ),
  NODE_HUNG: of(
    "A node did not come back from a call.",
    "tts has not returned from run for 5000 ms",
    "It is a fault of the plugin: report it. `runsIn: process` bounds the harm.",
  ),
  NODE_EMITTED_AFTER_END: of(
    "A node emitted after it had ended.",
    "asr (acme.asr) emitted after it had ended",
    "It is a fault of the plugin; `parlando plugin test` shows it.",
  ),
  NODE_PROTOCOL: of(
    "A node emitted what it had not declared.",
    "asr (acme.asr) emitted audio on final; declared: text",
    "It is a fault of the plugin; `parlando plugin test` shows it.",
  ),
  NODE_FLOODED: of(
    "A node goes on emitting where there is no room.",
    "src goes on emitting into src.out -> asr.audio",
    "It is a fault of the plugin: it has to await emit().",
  ),
  OUTSIDE_UNANSWERED: of(
    "Work outside of the loop gave no answer.",
    "asr: work outside the loop gave no answer for 30000 ms",
    "See whether the program or thread behind it is alive.",
  ),
  CLOCK_REFUSES: of(
    "The virtual clock allows no real sockets and devices.",
    "asr (acme.asr) reaches for real sockets under a virtual clock",
    "Run it under the system's clock, or mock the node.",
  ),
  RESULT_LATE: of(
    "A result did not come within `timeouts.resultMs`.",
    "asr: no result for 3000 ms",
    "Raise the limit, or give the node a fallback.",
  ),
  ENGINE_MISSING: of(
    "A program, library or model of this machine is missing.",
    "the program espeak-ng is not in PATH",
    "`parlando doctor` says what to install.",
  ),
  ENGINE_FAILED: of(
    "A program or library of this machine failed.",
    "espeak-ng ended with status 1",
    "Try it by itself; `parlando doctor` names its place.",
  ),
  ENGINE_TAKEN: of(
    "A program or library that serves one at a time is in use.",
    "the SDK is open for another application in this process",
    "Wait for the other one, or run it in a process of its own.",
  ),
  LANGUAGE_UNSUPPORTED: of(
    "The language is none that this part knows.",
    "no pair fi-es is installed; there are en-es, es-en",
    "Choose another language or install the pair.",
  ),
  MODEL_UNFIT: of(
    "A model file is not the model that the node takes.",
    "models/vad.onnx: not a Silero detector: it has no state; it has feats, logits",
    "Name a file of the kind that the node's page asks for.",
  ),
  DEVICE_UNAVAILABLE: of(
    "A microphone or loudspeaker cannot be opened.",
    "the microphone cannot be opened: arecord: main:830: audio open error: Device or resource busy",
    "`parlando doctor` lists the devices; end what holds this one.",
  ),
  DEVICE_LOST: of(
    "A microphone or loudspeaker is gone, and did not come back in time.",
    "the microphone is gone: arecord: pcm_read: No such device",
    "Plug it in again, or raise `reopenForMs`.",
  ),
  VOICE_UNKNOWN: of(
    "There is no such voice.",
    "no voice bob; there are en, es, …",
    "Choose one of the voices that are named.",
  ),
  SCRIPT_INVALID: of(
    "A script of `core.script` contradicts itself.",
    "events.2: atMs lies before the one before it",
    "Change the script.",
  ),
  KEY_REFUSED: of(
    "The key of the API is missing, unknown, expired or revoked.",
    "no such key",
    "Send a key that holds: Authorization: Bearer …",
  ),
  SCOPE_MISSING: of("The key may not do this.", "runs:write is needed", "Use a key with that scope."),
  QUOTA_EXCEEDED: of(
    "A quota of the project or key is used up.",
    "2 of 2 runs at once",
    "Wait, or raise `keys.quotas`.",
  ),
  RUN_NOT_FOUND: of("There is no such run here.", "no run run_x", "Check the id and the project of the key."),
  WORKFLOW_NOT_FOUND: of(
    "There is no such workflow here.",
    "no workflow interpet",
    "Check the name and the project of the key.",
  ),
  NODE_NOT_FOUND: of(
    "There is no such node or node type.",
    "no node type acme.asr",
    "`parlando nodes` lists the types.",
  ),
  ARTIFACT_NOT_FOUND: of("The run has no such file.", "no artifact speech.wav", "The report of the run lists them."),
  UPLOAD_NOT_FOUND: of(
    "There is no such upload.",
    "no upload upl_x",
    "Upload the recording again; uploads may have been removed after `retention.audio`.",
  ),
  JOB_NOT_FOUND: of("There is no such job.", "no job job_x", "Check the id."),
  WEBHOOK_NOT_FOUND: of("There is no such webhook.", "no webhook hook_x", "Check the id."),
  DELIVERY_NOT_FOUND: of("There is no such delivery.", "no delivery dlv_x", "Check the id."),
  CALLBACK_NOT_FOUND: of(
    "Nobody waits for a callback at this address.",
    "no callback",
    "The run may have ended; nothing is to be done.",
  ),
  KEY_NOT_FOUND: of("There is no such key.", "no key key_x", "`parlando keys list` shows them."),
  RUN_ENDED: of("The run has ended already.", "run_x ended as done", "Start another."),
  IDEMPOTENCY_CONFLICT: of(
    "The idempotency key was used for another request.",
    "the key was used with another body",
    "Use a new key for a new request.",
  ),
  FIELD_NOT_LIVE: of(
    "The setting cannot be changed during a run.",
    "webrtc.vad.preRollMs is not live",
    "`parlando nodes TYPE` marks those that can: live.",
  ),
  UPLOAD_TOO_LARGE: of(
    "The upload is larger than `limits.uploadBytes`.",
    "3000000000 bytes, at most 2147483648",
    "Cut the recording, or raise the limit.",
  ),
  URL_FORBIDDEN: of(
    "The address may not be used from here.",
    "http://10.0.0.1 is in a private network",
    "Use a public address, or list its host in `allowedHosts`.",
  ),
  HOST_FORBIDDEN: of(
    "The host is none that workflows from the API may reach.",
    "example.org is not in allowedHosts",
    "List it in `allowedHosts`.",
  ),
  EFFECT_FORBIDDEN: of(
    "A workflow from the API uses what it may not use.",
    "acme.microphone uses the microphone",
    "Use another node type.",
  ),
  REQUEST_INVALID: of(
    "The request does not hold.",
    "body.workflow: a string was wanted",
    "See /docs for what is taken.",
  ),
  REQUEST_TOO_LARGE: of(
    "The request is too large.",
    "more than 2097152 bytes",
    "Send less, or raise `limits.bodyBytes`.",
  ),
  ROUTE_NOT_FOUND: of("There is no such route.", "no GET /v2/runs", "See /docs for the routes."),
  METHOD_NOT_ALLOWED: of(
    "The route knows no such method.",
    "PUT /v1/runs; it takes GET and POST",
    "See /docs for the routes.",
  ),
  UPGRADE_REQUIRED: of("The route is a WebSocket's.", "connect a WebSocket", "Use a WebSocket client."),
  MESSAGE_INVALID: of(
    "A message on a socket does not hold.",
    "track: a string was wanted",
    "See the messages in docs/api.md.",
  ),
  TRACK_UNKNOWN: of("The run has no such track.", "no track talk2; it has talk", "Use one of its inputs or outputs."),
  TRACK_TAKEN: of(
    "Another connection sends this track.",
    "talk is sent by another connection",
    "Close the other one, or wait until it is lost.",
  ),
  TRACK_ENDED: of("The track has ended.", "talk has ended", "Start another run."),
  CHUNK_INVALID: of(
    "A piece of audio does not hold.",
    "3 bytes are no whole samples of 16 bits",
    "Send whole samples in the format that was agreed.",
  ),
  FLOW_EXCEEDED: of(
    "More audio was sent than the window takes.",
    "31000 ms ahead, at most 30000 ms",
    "Wait for `received` to advance.",
  ),
  READER_TOO_SLOW: of(
    "A reader did not keep up with what it asked for.",
    "more than 8 MiB were waiting",
    "Read faster, or ask for less.",
  ),
  CODEC_UNSUPPORTED: of(
    "The codec is none that is known here.",
    "speex is not known",
    "Use one that docs/api.md lists.",
  ),
  PLUGIN_INVALID: of(
    "A plugin cannot be loaded, or is none.",
    "plugins: ./mine.ts has no plugin as its default export",
    "`parlando plugin test PATH` says what is wrong with it.",
  ),
  PLUGIN_VERSION: of(
    "A plugin was made for another version of Parlando.",
    "plugins: ./mine.ts was made for Parlando ^0.4.0, and this is 0.1.0",
    "Install a version of it that fits, or another Parlando.",
  ),
  PLUGIN_LOST: of(
    "The Worker or process of a plugin that runs alone has ended: it exited, crashed, or took more memory than it may.",
    "plugin acme, which runs alone: its process ended with status 3",
    "It is a fault of the plugin: report it. The next run begins it anew; `retry:` tries again within one.",
  ),
  PLUGIN_ISOLATED: of(
    "A plugin that is listed with `runsIn` does what only one in the engine's own process can do.",
    "plugin acme: a frame of kind data cannot be cloned",
    "List it without `runsIn`, or let only plain values cross: no functions, no instances of classes.",
  ),
  SERVER_BUSY: of("The server takes no more runs now.", "2000 of 2000 runs", "Try again after `Retry-After`."),
  SERVER_DRAINING: of("The server is about to end.", "it takes no new runs", "Try again: another process takes over."),
  STORE_FAILED: of("The store could not be read or written.", "the database is locked", "See the log of the server."),
  STORE_TAKEN: of(
    "Another process has the store open.",
    "parlando-data is used by process 71",
    "Stop the other one, or use another folder.",
  ),
  STORE_FULL: of(
    "The store has no room.",
    "no space left on the device",
    "Make room; `retention` removes what is old.",
  ),
  VENDOR_RATE_LIMITED: of(
    "The vendor wants fewer requests.",
    "429 from nls.example",
    "It is tried again by itself; lower `concurrency`, or raise the quota.",
  ),
  VENDOR_KEY_REFUSED: of("The vendor does not take the credential.", "the app key is not known", "Correct the secret."),
  VENDOR_FAILED: of(
    "The vendor answered with a failure of its own.",
    "status 500",
    "It is tried again by itself; a fallback takes over.",
  ),
  VENDOR_UNREACHABLE: of(
    "The vendor cannot be reached.",
    "asr.example:443: connection refused",
    "Check network and address.",
  ),
  VENDOR_LOST: of(
    "The connection to the vendor was lost.",
    "closed with 1006",
    "It is opened again by itself, and what was not final is sent again.",
  ),
  VENDOR_TOKEN_EXPIRED: of("The vendor's token has expired.", "the token has expired", "It is renewed by itself."),
  VENDOR_PROTOCOL: of(
    "The vendor's answer makes no sense to this plugin.",
    "an answer without task_id",
    "Update the plugin; a trace (`--trace NODE`) shows the message.",
  ),
  VENDOR_REFUSED: of(
    "The vendor understood, and will not.",
    "the sample rate is not supported",
    "Change the setting that the message names.",
  ),
  VENDOR_QUOTA_EXHAUSTED: of(
    "What was bought from the vendor is used up.",
    "no free quota left",
    "Buy more, or let a fallback take over.",
  ),
  INTERNAL: of("A fault of Parlando itself.", "INTERNAL lint: …", "Report it with what was printed."),
};
