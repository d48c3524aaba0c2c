import aliyun from "../plugins/aliyun/index.ts";
import apertium from "../plugins/apertium/index.ts";
import core from "../plugins/core/index.ts";
import espeak from "../plugins/espeak/index.ts";
import pocketsphinx from "../plugins/pocketsphinx/index.ts";
import rtvt from "../plugins/rtvt/index.ts";
import tencent from "../plugins/tencent/index.ts";
import webrtc from "../plugins/webrtc/index.ts";
import { type Console, runCli, type World } from "./cli/index.ts";
import { NodeTypes } from "./plugin/index.ts";
import { newHousehold } from "./runtime/index.ts";

/** The built-in plugins. This file alone knows them, reads the environment and ends the process. */
const types = new NodeTypes([core, webrtc, pocketsphinx, apertium, espeak, aliyun, rtvt, tencent]);

const { stdout, stderr } = process;
const onTerminal = stdout.isTTY === true && stderr.isTTY === true;

const clearLine = "\r\u001b[2K";
let statusShown = false;

const console: Console = {
  out: (line) => void stdout.write(`${line}\n`),
  err: (line) => void stderr.write(`${line}\n`),
  color: onTerminal && process.env.NO_COLOR === undefined,
  ...(onTerminal && {
    status: (line: string) => {
      if (statusShown || line) stderr.write(`${clearLine}${line.slice(0, Math.max(20, (stderr.columns || 80) - 1))}`);
      statusShown = line !== "";
    },
  }),
};

const world: World = {
  types,
  environment: process.env,
  cwd: process.cwd(),
  household: newHousehold(),
  onInterrupt(call) {
    let count = 0;
    const handler = () => {
      count++;
      call(count);
    };
    process.on("SIGINT", handler);
    process.on("SIGTERM", handler);
    return () => {
      process.off("SIGINT", handler);
      process.off("SIGTERM", handler);
    };
  },
};

process.exitCode = await runCli(process.argv.slice(2), console, world);
