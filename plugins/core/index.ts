import { definePlugin } from "#engine/plugin";
import { audio } from "./audio.ts";
import { audioEngine } from "./convert/arithmetic.ts";
import { convert } from "./convert.ts";
import { denoise } from "./denoise.ts";
import { deviceEngines } from "./devices/engines.ts";
import { http } from "./dialog/http.ts";
import { match } from "./dialog/match.ts";
import { reply } from "./dialog/reply.ts";
import { text } from "./dialog/text.ts";
import { turn } from "./dialog/turn.ts";
import { echo } from "./echo.ts";
import { speexEngine } from "./enhance/engine.ts";
import { ffmpegEngine } from "./file/foreign.ts";
import { file } from "./file.ts";
import { gain } from "./gain.ts";
import { microphone } from "./microphone.ts";
import { mix } from "./mix.ts";
import { packets } from "./packets.ts";
import { print } from "./print.ts";
import { recording } from "./recording.ts";
import { script } from "./script.ts";
import { speaker } from "./speaker.ts";
import { split } from "./split.ts";
import { subtitles } from "./subtitles.ts";
import { transcript } from "./transcript.ts";
import { wav } from "./wav.ts";
import { webhook } from "./webhook.ts";

/** The node types that every workflow can count on. */
export default definePlugin({
  name: "core",
  parlando: "^0.1.0",
  nodes: [
    file,
    recording,
    packets,
    wav,
    audio,
    microphone,
    speaker,
    mix,
    split,
    gain,
    denoise,
    echo,
    convert,
    print,
    script,
    subtitles,
    transcript,
    webhook,
    match,
    text,
    reply,
    http,
    turn,
  ],
  engines: [audioEngine, ffmpegEngine, speexEngine, ...deviceEngines],
});
