import { EngineError, Parlando } from "/client.js";

const find = (id) => document.getElementById(id);
const [talk, workflow, keyField, level, status, lines] = ["talk", "workflow", "key", "level", "status", "lines"].map(
  find,
);

const KEY_PLACE = "parlando-key";
const RATE_HZ = 16_000;

/** What can be tried, by the name in the list: a workflow with one audio input. */
const offered = new Map();
let going;

const clientOf = () => new Parlando(keyField.value ? { key: keyField.value } : {});

function say(text, alarm = false) {
  status.textContent = text;
  status.classList.toggle("alarm", alarm);
}

function tellError(error) {
  if (error?.code === "KEY_REFUSED") {
    keyField.hidden = false;
    keyField.focus();
    return say("This server wants a key: put it in, then talk.");
  }
  if (error?.name === "NotFoundError") return say("The browser found no microphone.", true);
  if (error?.name === "NotAllowedError") return say("The browser was not allowed to use the microphone.", true);
  const found = (error?.details?.findings ?? []).filter(({ severity }) => severity === "error");
  const why = found.length > 0 ? found.map(({ message }) => message).join("; ") : error?.message;
  say(error instanceof EngineError ? `${error.code}: ${why}` : String(why ?? error), true);
}

/** The stored workflows that listen, then those that come with the server. */
async function offer() {
  const stored = await clientOf()
    .workflows.list({ limit: 200 })
    .then(({ items }) => items, tellIfRefused);
  for (const { name, inputs } of stored) {
    const listening = inputs.filter(({ kind }) => kind === "audio");
    if (inputs.length === 1 && listening.length === 1) put(name, { workflow: name, input: listening[0].name });
  }
  const { items } = await (await fetch("/try/examples.json")).json();
  for (const { name, text, input } of items)
    if (input.kind === "audio" && !offered.has(name)) put(name, { workflow: { name, text }, input: input.name });
  talk.disabled = offered.size === 0;
  if (offered.size === 0) say("There is no workflow with one audio input to try.");
}

function tellIfRefused(error) {
  tellError(error);
  return [];
}

function put(name, what) {
  offered.set(name, what);
  workflow.add(new Option(name));
}

/** One line for what was said in an utterance; partials replace each other until the final comes. */
function show({ role, utterance, text, final, stableChars, language, startSample, sampleRateHz }) {
  const id = `line-${role}-${language ?? ""}-${utterance}`;
  let line = document.getElementById(id);
  if (!line) {
    line = document.createElement("li");
    line.id = id;
    lines.append(line);
  }
  line.className = `${role} ${final ? "final" : "partial"}`;
  const sure = document.createElement("b");
  sure.textContent = final ? "" : text.slice(0, stableChars);
  const about = document.createElement("small");
  about.textContent = [`${(startSample / sampleRateHz).toFixed(1)} s`, language].filter(Boolean).join(" · ");
  line.replaceChildren(...(final ? [text] : [sure, text.slice(stableChars)]), about);
  line.scrollIntoView({ block: "nearest" });
}

async function openMicrophone() {
  if (!navigator.mediaDevices)
    throw new Error(
      `A browser gives its microphone to https:// and http://localhost only, and this page came from ${location.origin}.`,
    );
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { channelCount: 1, echoCancellation: true, noiseSuppression: false, autoGainControl: false },
  });
  const context = new AudioContext({ sampleRate: RATE_HZ });
  await context.audioWorklet.addModule("/try/audio-worklets.js");
  const microphone = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 });
  context.createMediaStreamSource(stream).connect(microphone);
  return { stream, context, microphone };
}

/** Plays an output of the run; resampled by the browser, which knows its own device best. */
function playerOf(context) {
  const player = new AudioWorkletNode(context, "player", { numberOfInputs: 0, outputChannelCount: [1] });
  player.connect(context.destination);
  return async ({ bytes, sampleRateHz, channels }) => {
    const pcm = new Int16Array(bytes.slice().buffer);
    const frames = pcm.length / channels;
    if (frames === 0) return;
    const buffer = context.createBuffer(1, frames, sampleRateHz);
    const samples = buffer.getChannelData(0);
    for (let i = 0; i < frames; i++) samples[i] = pcm[i * channels] / 32768;
    player.port.postMessage(
      sampleRateHz === context.sampleRate ? samples : resample(samples, sampleRateHz, context.sampleRate),
    );
  };
}

/** Between neighbours in a straight line: for a voice out of a loudspeaker it does. */
function resample(samples, from, to) {
  const out = new Float32Array(Math.floor((samples.length * to) / from));
  for (let i = 0; i < out.length; i++) {
    const at = (i * from) / to;
    const left = Math.floor(at);
    const next = samples[Math.min(left + 1, samples.length - 1)];
    out[i] = samples[left] + (next - samples[left]) * (at - left);
  }
  return out;
}

async function begin() {
  talk.disabled = true;
  say("Opening the microphone …");
  lines.replaceChildren();
  const chosen = offered.get(workflow.value);
  const sound = await openMicrophone();
  const stop = () => {
    for (const track of sound.stream.getTracks()) track.stop();
    level.value = -60;
  };
  try {
    const live = { encoding: "s16le", sampleRateHz: sound.context.sampleRate, channels: 1 };
    const client = clientOf();
    const run = await client.runs.start({
      workflow: chosen.workflow,
      inputs: { [chosen.input]: { live } },
      keep: "none",
    });
    const spoken = run.outputs.filter(({ kinds }) => kinds.includes("audio")).map(({ track }) => track);
    const call = client.join(run.id, { after: 0, sends: true, audio: spoken });
    const play = playerOf(sound.context);
    sound.microphone.port.onmessage = ({ data }) => {
      level.value = data.levelDb;
      try {
        call.send(chosen.input, new Uint8Array(data.pcm));
      } catch {
        stop(); // the run has ended; `done` says why
      }
    };
    let failure;
    call.on("event", ({ type, data }) => {
      if (type.startsWith("text.")) show(data);
      if (type === "run.ended") failure = data.error;
    });
    call.on("audio", play);
    call.on("lost", () =>
      say("The connection was lost; it is looked for, and nothing of what you say is lost meanwhile."),
    );
    call.on("ready", () => say(`Listening. Run ${run.id}`));
    going = { call, stop };
    sessionStorage.setItem(KEY_PLACE, keyField.value);
    listening(true);
    await call.done;
    if (failure) say(`The run has failed. ${failure.code}: ${failure.message}`, true);
    else say("Done.");
  } finally {
    stop();
    going = undefined;
    listening(false);
    // what is still to be heard gets its time
    setTimeout(() => void sound.context.close(), 10_000);
  }
}

function end() {
  going.stop();
  going.call.end();
  say("The microphone is off; what was said last still comes out.");
  talk.disabled = true;
}

function listening(on) {
  talk.textContent = on ? "Stop" : "Talk";
  talk.setAttribute("aria-pressed", String(on));
  talk.disabled = false;
  workflow.disabled = on;
}

talk.addEventListener("click", () => {
  if (going) return end();
  begin().catch((error) => {
    tellError(error);
    listening(false);
  });
});

keyField.value = sessionStorage.getItem(KEY_PLACE) ?? "";
keyField.hidden = keyField.value === "";
offer().catch(tellError);
