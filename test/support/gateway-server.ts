import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MAIN } from "./command-line.ts";

/** `parlando serve` with gateways, in a process of its own. */
export interface GatewayServer {
  readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  /** Of the API. */
  readonly url: string;
  /** By gateway: `host:port` with the prefix, and of TCP. */
  readonly places: Readonly<Record<string, { readonly web?: string; readonly tcp?: string }>>;
}

/** A folder with these files, which goes with the test. */
export function folderOf(files: Readonly<Record<string, string>>, cleanUp: (() => unknown)[]): string {
  const folder = mkdtempSync(join(tmpdir(), "parlando-gateways-"));
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** Starts it in a folder with a `parlando.yaml`; resolves when it has told all its gateways. */
export async function serveGateways(
  cwd: string,
  gateways: number,
  cleanUp: (() => unknown)[],
  env: Readonly<Record<string, string>> = {},
): Promise<GatewayServer> {
  const child = Bun.spawn([process.execPath, MAIN, "serve", "--port", "0", "--log", "silent"], {
    cwd,
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  cleanUp.push(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  let out = "";
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    out += decoder.decode(bytes, { stream: true });
    const told = [...out.matchAll(/^gateway (\S+) \(\S+\) at (.*)\n/gm)];
    const url = /^listening on (\S+)\n/m.exec(out)?.[1];
    if (url === undefined || told.length < gateways) continue;
    return { child, url, places: Object.fromEntries(told.map(([, name, at]) => [name, placesOf(at ?? "")])) };
  }
  throw new Error(`it ended with ${await child.exited}: ${await new Response(child.stderr).text()}`);
}

function placesOf(told: string): { web?: string; tcp?: string } {
  const at = told.replace(/;.*/, "").split(" and ");
  const tcp = at.find((each) => each.startsWith("tcp://"))?.slice("tcp://".length);
  const web = at.find((each) => each !== "" && !each.startsWith("tcp://"));
  return { ...(web !== undefined && { web }), ...(tcp !== undefined && { tcp }) };
}
