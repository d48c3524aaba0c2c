import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { caller, callerOf, codeOf, live, openTestControl, TestSocket } from "#test/control";
import { NUMBERS } from "#test/spoken-numbers";

setDefaultTimeout(60_000); // on a busy machine

/** The id of a key and what is secret of it, which may hold `_` too. */
const partsOf = (secret: string): readonly string[] => /^parlando_([0-9a-f]{32})_(.{43})$/.exec(secret)!.slice(1);

const start = { workflow: { text: NUMBERS }, inputs: { talk: live } };

describe("keys", () => {
  test("open what they are for, and are stored as hashes only", async () => {
    await using opened = await openTestControl();
    const { keys } = opened.control;
    const { key, secret } = await keys.create({ project: "acme", name: "ci", scopes: ["runs:read"] });
    const asked = await keys.authenticate(secret);
    expect(asked).toEqual({ project: "acme", scopes: new Set(["runs:read"]), keyId: key.id });
    expect(await codeOf(opened.control.runs.start(asked, start))).toBe("SCOPE_MISSING");
    const stored = await Bun.file(`${opened.folder}/parlando-data/parlando.sqlite-wal`).text();
    expect(stored).toContain(key.id);
    expect(stored).not.toContain(partsOf(secret)[1]!);
    expect((await keys.list("acme")).map((each) => each.id)).toEqual([key.id]);
    expect(await keys.list("other")).toEqual([]);
  });

  test("are refused alike, whatever is wrong with them", async () => {
    let nowMs = 1_000_000;
    await using opened = await openTestControl({ epochMs: () => nowMs });
    const { keys } = opened.control;
    const { key, secret } = await keys.create({ project: "acme", name: "a", scopes: ["admin"] });
    const late = await keys.create({ project: "acme", name: "b", scopes: ["admin"], expiresAtMs: 1_000_500 });
    await keys.authenticate(late.secret);
    nowMs = 1_000_501;
    await keys.revoke(key.id);
    const [id, part] = partsOf(secret);
    const messages = await Promise.all(
      [
        secret,
        late.secret,
        `parlando_${id}_${part!.slice(0, -1)}A`,
        `parlando_${"0".repeat(32)}_${part}`,
        "",
        "x",
        "parlando-token.a.b",
      ].map((bearer) => keys.authenticate(bearer).catch((error) => `${error.code} ${error.message}`)),
    );
    expect(new Set(messages).size).toBe(1);
    expect(messages[0]).toStartWith("KEY_REFUSED a valid key is needed, as `authorization: Bearer KEY`");
    expect(await codeOf(keys.revoke("key_0"))).toBe("KEY_NOT_FOUND");
  });

  test("are not needed on a loopback address as long as there are none", async () => {
    await using opened = await openTestControl();
    const { keys } = opened.control;
    expect((await keys.anonymous()).project).toBe("default");
    const { key } = await keys.create({ project: "acme", name: "a", scopes: ["admin"] });
    expect(await codeOf(keys.anonymous())).toBe("KEY_REFUSED");
    await keys.revoke(key.id);
    expect((await keys.anonymous()).project).toBe("default");
  });

  test.each([{ listen: { host: "0.0.0.0" } }, { listen: { host: "192.168.1.2" } }, { keys: { required: true } }])(
    "are needed with %j",
    async (config) => {
      await using opened = await openTestControl({ config });
      expect(await codeOf(opened.control.keys.anonymous())).toBe("KEY_REFUSED");
    },
  );
});

describe("tokens", () => {
  test("for a run open that run, and nothing else", async () => {
    await using opened = await openTestControl();
    const { keys, tokens, runs } = opened.control;
    const mine = await runs.start(caller, start);
    const other = await runs.start(caller, start);
    const { token } = await tokens.create(caller, { for: { run: mine.id } });
    const bearer = await keys.authenticate(token);
    expect((await runs.get(bearer, mine.id)).id).toBe(mine.id);
    await runs.attach(bearer, mine.id, { sends: true }, new TestSocket());
    expect(await codeOf(runs.get(bearer, other.id))).toBe("RUN_NOT_FOUND");
    expect(await codeOf(runs.list(bearer, {}))).toBe("SCOPE_MISSING");
    expect(await codeOf(runs.start(bearer, start))).toBe("SCOPE_MISSING");
    expect(await codeOf(runs.usage(bearer, {}))).toBe("SCOPE_MISSING");
    expect(await codeOf(opened.control.workflows.list(bearer, {}))).toBe("SCOPE_MISSING");
    expect(await codeOf(tokens.create(bearer, { for: { run: mine.id } }))).toBe("SCOPE_MISSING");
    expect(await codeOf(tokens.create(callerOf("other"), { for: { run: mine.id } }))).toBe("RUN_NOT_FOUND");
  });

  test("for a workflow start and follow its runs", async () => {
    await using opened = await openTestControl();
    const { keys, tokens, runs, workflows } = opened.control;
    await workflows.save(caller, "numbers", NUMBERS);
    await workflows.save(caller, "others", NUMBERS);
    const { token } = await tokens.create(caller, { for: { workflow: "numbers" } });
    const bearer = await keys.authenticate(token);
    const run = await runs.start(bearer, { workflow: "numbers", inputs: { talk: live } });
    expect((await runs.get(bearer, run.id)).workflow).toEqual({ name: "numbers", version: 1 });
    expect(await codeOf(runs.start(bearer, { workflow: "others", inputs: { talk: live } }))).toBe("WORKFLOW_NOT_FOUND");
    const other = await runs.start(caller, { workflow: "others", inputs: { talk: live } });
    expect(await codeOf(runs.get(bearer, other.id))).toBe("RUN_NOT_FOUND");
  });

  test("end with their time, with their key, and when a letter is changed", async () => {
    let nowMs = 1_000_000;
    await using opened = await openTestControl({ epochMs: () => nowMs });
    const { keys, tokens, runs } = opened.control;
    const { key, secret } = await keys.create({ project: "acme", name: "a", scopes: ["runs:read", "runs:write"] });
    const owner = await keys.authenticate(secret);
    const run = await runs.start(owner, start);
    const { token, expiresAtMs } = await tokens.create(owner, { for: { run: run.id }, seconds: 10 });
    expect(expiresAtMs).toBe(1_010_000);
    expect((await keys.authenticate(token)).project).toBe("acme");
    const [prefix, body, signature] = token.split(".");
    const forged = Buffer.from(Buffer.from(body!, "base64url").toString().replace("acme", "evil")).toString(
      "base64url",
    );
    expect(await codeOf(keys.authenticate(`${prefix}.${forged}.${signature}`))).toBe("KEY_REFUSED");
    nowMs = 1_010_000;
    expect(await codeOf(keys.authenticate(token))).toBe("KEY_REFUSED");
    nowMs = 1_000_000;
    await keys.revoke(key.id);
    expect(await codeOf(keys.authenticate(token))).toBe("KEY_REFUSED");
    expect(await codeOf(tokens.create(owner, { for: { run: run.id }, seconds: 3601 }))).toBe("REQUEST_INVALID");
  });
});

describe("quotas and load", () => {
  test.each([
    { what: "runs at once", config: { keys: { quotas: { default: { runs: 1 } } } }, code: "QUOTA_EXCEEDED" },
    { what: "runs of the process", config: { limits: { runs: 1 } }, code: "SERVER_BUSY" },
  ])("$what are bounded, and room is there again after one has ended", async ({ config, code }) => {
    await using opened = await openTestControl({ config });
    const { runs } = opened.control;
    const run = await runs.start(caller, start);
    const refused = await runs.start(caller, start).catch((error) => error);
    expect(refused.code).toBe(code);
    expect(refused.details.retryAfterMs).toBeGreaterThan(0);
    await runs.cancel(caller, run.id);
    await runs.start(caller, start);
    expect((await opened.control.figures()).runsRefused).toBe(1);
  });

  test("requests of a project are counted by the minute", async () => {
    let nowMs = 60_000;
    await using opened = await openTestControl({
      config: { keys: { quotas: { "*": { requestsPerMinute: 2 }, free: {} } } },
      epochMs: () => nowMs,
    });
    const { control } = opened;
    control.admitRequest(caller);
    control.admitRequest(caller);
    expect(() => control.admitRequest(caller)).toThrow("more than 2 requests");
    for (let i = 0; i < 5; i++) control.admitRequest(callerOf("free"));
    control.admitRequest(callerOf("other"));
    nowMs = 120_000;
    control.admitRequest(caller);
  });

  test("audio of a month is bounded", async () => {
    await using opened = await openTestControl({ config: { keys: { quotas: { default: { audioSeconds: 1 } } } } });
    const { runs } = opened.control;
    const run = await runs.start(caller, start);
    const session = await runs.attach(caller, run.id, { sends: true }, new TestSocket());
    session.push("talk", new Uint8Array(2 * 16_000 + 2));
    expect(await codeOf(runs.start(caller, start))).toBe("QUOTA_EXCEEDED");
    session.end();
    for await (const _event of await runs.follow(caller, run.id, { signal: new AbortController().signal }));
    expect(await codeOf(runs.start(caller, start))).toBe("QUOTA_EXCEEDED");
    await runs.delete(caller, run.id);
    expect(await codeOf(runs.start(caller, start))).toBe("QUOTA_EXCEEDED");
  });
});
