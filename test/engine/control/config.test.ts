import { expect, test } from "bun:test";
import { defaultServerConfig, readServerConfig } from "#engine/control";

test("an empty file is what holds without one: loopback, SQLite, everything kept", () => {
  const { config, findings } = readServerConfig("{}", "parlando.yaml");
  expect(findings).toEqual([]);
  expect(config).toEqual(defaultServerConfig());
  expect(config).toMatchObject({
    listen: { host: "127.0.0.1", port: 7700 },
    store: { path: "parlando-data", sync: "normal" },
    environment: [],
    allowedHosts: [],
    folders: { read: [], write: [] },
    privacy: { keep: "all" },
    limits: { runs: 2000, windowMs: 30_000 },
  });
});

test("a whole file is read", () => {
  const { config, findings } = readServerConfig(
    `listen: { host: 0.0.0.0, port: 8443, tls: { cert: a.pem, key: b.pem } }
publicUrl: https://speech.example.org
store: { url: "postgres://localhost/parlando", sync: full }
keys: { required: true, origins: ["https://app.example.org"], quotas: { acme: { runs: 5, audioSeconds: 3600 }, "*": { requestsPerMinute: 60 } } }
secrets: { azure: { env: AZURE_KEY, hosts: ["*.azure.com"] }, other: { file: secrets/other } }
environment: [AZURE_REGION]
allowedHosts: ["*.azure.com", example.org]
folders: { read: [recordings], write: [out] }
plugins: [./acme.ts]
gateways:
  asr:
    type: aliyun
    prefix: /asr
    workflows: [transcribe.yaml, { workflow: speak, params: { voice: es } }]
    keys: [{ id: app, secret: { env: APP_SECRET }, facts: { appkey: a } }]
deployments: { nightly: { workflow: transcribe.yaml, when: { schedule: "0 3 * * *" } } }
retention: { runs: 30, audio: 7 }
privacy: { keep: text }
limits: { runs: 100 }
`,
    "parlando.yaml",
  );
  expect(findings).toEqual([]);
  expect(config?.deployments.nightly).toEqual({
    workflow: "transcribe.yaml",
    params: {},
    labels: {},
    record: false,
    project: "default",
    when: { schedule: "0 3 * * *", timeZone: "UTC" },
  });
  expect(config?.gateways.asr?.workflows).toEqual([
    { workflow: "transcribe.yaml", params: {}, labels: {}, record: false },
    { workflow: "speak", params: { voice: "es" }, labels: {}, record: false },
  ]);
  expect(config?.secrets.azure).toEqual({ env: "AZURE_KEY", hosts: ["*.azure.com"] });
});

test.each([
  ["listen: { port: 70000 }", 1, 17],
  ["a: 1", 1, 1],
  ["privacy:\n  keep: some", 2, 9],
  ['environment: ["A B"]', 1, 15],
  ["allowedHosts: [http://x]", 1, 16],
  ["limits: { runs: 0 }", 1, 17],
  ["publicUrl: speech", 1, 12],
  ["publicUrl: ftp://speech.example.org", 1, 12],
  ["keys: { origins: [app.example.org] }", 1, 19],
  ["keys: { origins: [https://app.example.org/page] }", 1, 19],
  ["gateways: { a: { type: aliyun, prefix: nls } }", 1, 40],
  ["gateways: { a: { type: aliyun, prefix: /nls/ } }", 1, 40],
  ["gateways: { a: { type: aliyun, keys: [{ id: a, secret: word }] } }", 1, 56],
  ["deployments: { a: { workflow: a, when: { every: 5 minutes } } }", 1, 49],
])("%j is told with its place", (text, line, column) => {
  const { config, findings } = readServerConfig(text, "parlando.yaml");
  expect(config).toBeUndefined();
  expect(findings[0]).toMatchObject({ file: "parlando.yaml", line, column, severity: "error" });
});

const SECRET = "hunter2";
test.each([
  [`secrets: { azure: ${SECRET} }`],
  [`store: "postgres://parlando:${SECRET}@db/parlando"`],
  [`gateways: { a: { type: aliyun, prefix: /a, keys: [{ id: a, secret: ${SECRET} }] } }`],
  [`traces: { url: ${SECRET} }`],
])("%j is told without the secret that stands in the wrong place", (text) => {
  const { findings } = readServerConfig(text, "parlando.yaml");
  expect(findings.length).toBeGreaterThan(0);
  expect(JSON.stringify(findings)).not.toContain(SECRET);
});

test("what is missing below a key is told as missing there", () => {
  const { findings } = readServerConfig("listen: { tls: { cert: cert.pem } }", "parlando.yaml");
  expect(findings.map(({ message }) => message)).toEqual(["tls needs key: a string"]);
});
