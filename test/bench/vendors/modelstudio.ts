import modelstudio from "#plugins/modelstudio";
import type { BenchVendor } from "./vendor.ts";

const MODEL = "paraformer-realtime-v2";
const ACCESS = "example-key.example-secret";

const command = (task: string, action: string, payload: object): string =>
  JSON.stringify({ header: { action, task_id: task, streaming: "duplex" }, payload });

export const vendor: BenchVendor = {
  plugin: modelstudio,
  key: { id: "example-key", secret: "example-secret", facts: {} },
  taskId: "taskId",
  secret: ACCESS,
  node: (url) => `use: modelstudio.asr, with: { model: ${MODEL}, url: "${url}", apiKey: "\${secret:access}" }`,
  url: (web) => `ws://${web}/api-ws/v1/inference`,
  resultOf: (message) =>
    /"event":"result-generated"/.test(message) ? /"task_id":"(\w+)"/.exec(message)?.[1] : undefined,
  bare: {
    headers: { authorization: `bearer ${ACCESS}` },
    begin: (task) => [
      command(task, "run-task", {
        task_group: "audio",
        task: "asr",
        function: "recognition",
        model: MODEL,
        parameters: { format: "pcm", sample_rate: 16_000 },
        input: {},
      }),
    ],
    audio: (_task, pcm) => pcm,
    end: (task) => command(task, "finish-task", { input: {} }),
    meaning(message) {
      const { header } = JSON.parse(message) as { header: { event: string; error_code?: string } };
      if (header.event === "task-started") return "started";
      if (header.event === "result-generated") return "result";
      return header.event === "task-finished" ? "done" : { failed: `${header.event} ${header.error_code}` };
    },
  },
};
