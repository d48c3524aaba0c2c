import type { Control } from "#engine/control";

type Figures = Awaited<ReturnType<Control["figures"]>>;

/** What a control that does nothing tells of itself: a little of everything. */
export const FIGURES: Figures = {
  runsByState: { running: 3 },
  sessions: 2,
  runsStarted: 7,
  runsRefused: 0,
  finals: 11,
  events: 20,
  commits: 9,
  commitMs: { p50: 0.5, p99: 2 },
  audioSecondsIn: 12.5,
  audioSecondsOut: 0,
  missedEvents: 0,
  lateMessages: 0,
  webhooksWaiting: 0,
  webhooksDead: 0,
  jobsRunning: 0,
  lateMs: { p50: 0.1, p99: 1 },
  delays: [{ type: "acme.tts", what: "firstAudio", count: 2, seconds: 0.3, p50Ms: 100, p99Ms: 200 }],
  usage: [
    { type: "acme.asr", unit: "audioSeconds", amount: 12.5 },
    { type: "acme.asr", unit: "gatedSamples", amount: 160_000 },
  ],
  calls: [{ type: "acme.vad", what: "batch", count: 3, seconds: 0.00006, p50Ms: 0.002, p99Ms: 0.004 }],
};
