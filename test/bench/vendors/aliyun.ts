import aliyun from "#plugins/aliyun";
import { type BenchVendor, hex } from "./vendor.ts";

const APPKEY = "example-appkey";
const TOKEN = "example-key.example-secret";

const directive = (task: string, name: string): string =>
  JSON.stringify({
    header: { message_id: hex(), task_id: task, namespace: "SpeechRecognizer", name, appkey: APPKEY },
    ...(name === "StartRecognition" && {
      payload: { format: "pcm", sample_rate: 16_000, enable_intermediate_result: true },
    }),
  });

export const vendor: BenchVendor = {
  plugin: aliyun,
  key: { id: "example-key", secret: "example-secret", facts: { appkey: APPKEY } },
  taskId: "taskId",
  secret: TOKEN,
  node: (url) =>
    `use: aliyun.asr, with: { url: "${url}", appkey: ${APPKEY}, token: "\${secret:access}", sentences: whole }`,
  url: (web) => `ws://${web}/ws/v1`,
  resultOf: (message) =>
    /"name":"Recognition(?:ResultChanged|Completed)"/.test(message)
      ? /"task_id":"(\w+)"/.exec(message)?.[1]
      : undefined,
  bare: {
    endsWithResult: true,
    headers: { "X-NLS-Token": TOKEN },
    begin: (task) => [directive(task, "StartRecognition")],
    audio: (_task, pcm) => pcm,
    end: (task) => directive(task, "StopRecognition"),
    meaning(message) {
      const { header } = JSON.parse(message) as { header: { name: string; status: number } };
      if (header.name === "RecognitionStarted") return "started";
      if (header.name === "RecognitionResultChanged") return "result";
      return header.name === "RecognitionCompleted" ? "done" : { failed: `${header.name} ${header.status}` };
    },
  },
};
