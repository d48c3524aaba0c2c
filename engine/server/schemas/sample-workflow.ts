/** The smallest workflow that does something with live speech, for the examples of the document: it tells who speaks when. */
export const SAMPLE_WORKFLOW = {
  name: "who-speaks",
  text: [
    "parlando: 1",
    "name: who-speaks",
    "inputs: { talk: { kind: audio } }",
    "nodes: { vad: { use: webrtc.vad, from: inputs.talk } }",
    "outputs: { marks: vad }",
    "",
  ].join("\n"),
} as const;
