import type { GatewayKey, Plugin } from "#engine/plugin";

/** A vendor whose recogniser is measured against its own gateway. */
export interface BenchVendor {
  readonly plugin: Plugin;
  readonly key: GatewayKey;
  /** What its recogniser calls itself in messages: the id that a result carries, as `vendor` of a text. */
  readonly taskId: string;
  /** Value of the secret `access`. */
  readonly secret: string;
  /** Its recogniser, as a flow mapping without its braces. */
  node(url: string): string;
  /** @param web `host:port` of its gateway. */
  url(web: string): string;
  /** The task that a message of the gateway's holds a result of; undefined for any other message. */
  resultOf(message: string): string | undefined;
  readonly bare: BareProtocol;
}

/** As little of a protocol as one recognition over a bare socket needs. */
export interface BareProtocol {
  /** Behind the address that the recogniser is given. */
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What is sent when the socket is open. */
  begin(task: string): readonly (string | Uint8Array)[];
  audio(task: string, pcm: Uint8Array): Uint8Array;
  end(task: string): string | Uint8Array;
  /** The message that says the end is the last result, too. */
  readonly endsWithResult?: true;
  /** What a message means: audio may be sent, a result, the last one, or nothing. A failure is told by its words. */
  meaning(message: string): "started" | "result" | "done" | "nothing" | { readonly failed: string };
}

export const VENDOR_NAMES = ["aliyun", "modelstudio", "azure"] as const;
export type VendorName = (typeof VENDOR_NAMES)[number];

export const hex = (): string => crypto.randomUUID().replaceAll("-", "");
