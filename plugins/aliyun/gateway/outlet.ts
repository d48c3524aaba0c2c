import type { Client, EngineError, ErrorCode, GatewayHost } from "#engine/plugin";
import { STATUSES } from "../status.ts";
import { type Namespace, SUCCESS } from "../wire.ts";

/** How a gateway puts things where the service itself is known in two forms. */
export interface Manner {
  /** What the word beside `status` is called. */
  readonly statusWord: "status_text" | "status_message";
}

/** Writes events to one client. */
export class Outlet {
  #over = false;

  constructor(
    readonly client: Client,
    readonly host: GatewayHost,
    readonly manner: Manner,
  ) {}

  /** A failure was told: nothing more is sent. */
  get isOver(): boolean {
    return this.#over;
  }

  event(namespace: Namespace, name: string, taskId: string, payload?: Readonly<Record<string, unknown>>): void {
    if (this.#over) return;
    this.#send({ namespace, name, status: SUCCESS, taskId, word: "Gateway:SUCCESS:Success." }, payload);
  }

  audio(bytes: Uint8Array): void {
    if (!this.#over) this.client.connection.send(bytes);
  }

  /** Tells of a failure and closes the connection; late messages are swallowed. */
  fail(status: number, word: string, taskId: string): void {
    if (this.#over) return;
    this.#send({ namespace: "Default", name: "TaskFailed", status, taskId, word });
    this.#over = true;
    this.client.connection.close(1000);
  }

  #send(
    of: {
      readonly namespace: string;
      readonly name: string;
      readonly status: number;
      readonly taskId: string;
      readonly word: string;
    },
    payload?: Readonly<Record<string, unknown>>,
  ): void {
    const header = {
      namespace: of.namespace,
      name: of.name,
      status: of.status,
      message_id: this.host.newId().replaceAll("-", ""),
      task_id: of.taskId,
      [this.manner.statusWord]: of.word,
    };
    this.client.connection.send(JSON.stringify({ header, ...(payload && { payload }) }));
  }
}

/** A failure in the vendor's terms. */
export interface Refusal {
  readonly status: number;
  readonly word: string;
}

export const refusal = (status: number, word: string): Refusal => ({ status, word });

/** The words of a status that a script asks for. */
export const scriptedRefusal = (code: number | string | undefined): Refusal => {
  const status = Number(code);
  if (!Number.isInteger(status)) return refusal(50000000, "Gateway:SERVER_ERROR:Server error!");
  return refusal(status, `Gateway:${STATUSES[status]?.name ?? "UNKNOWN"}:scripted`);
};

const BY_CODE: Partial<Record<ErrorCode, number>> = {
  CONFIG_INVALID: 40000003,
  WORKFLOW_INVALID: 40000003,
  LANGUAGE_UNSUPPORTED: 40000003,
  KEY_REFUSED: 40000001,
  SCOPE_MISSING: 40000001,
  QUOTA_EXCEEDED: 40000005,
  SERVER_BUSY: 43040001,
  VENDOR_RATE_LIMITED: 43040001,
  AUDIO_FORMAT_UNSUPPORTED: 41010101,
  CODEC_UNSUPPORTED: 41010100,
  AUDIO_NOT_RECOGNISED: 40270003,
  AUDIO_TRUNCATED: 40270003,
  AUDIO_EMPTY: 40270002,
  AUDIO_TOO_LONG: 41010104,
  VOICE_UNKNOWN: 41020001,
};

/** What the failure of a run is to a client of this service: our code alone, for its message may speak of the server. */
export function refusalOf(error: EngineError | undefined): Refusal {
  const code = error?.code ?? "INTERNAL";
  const status = BY_CODE[code] ?? 50000000;
  return refusal(status, `Gateway:${STATUSES[status]?.name ?? "SERVER_ERROR"}:${code}`);
}
