/** How clients of any vendor's gateway call it, and what they are told. */
import { type Connection, EngineError } from "#engine/plugin";
import type { CalledService } from "./table.ts";

type Headers = Readonly<Record<string, string>>;

/** Opens a socket. @returns in place of it, `status N` where it is refused. */
export const open = ({ network, web }: CalledService, path: string, headers: Headers): Promise<Connection | string> =>
  network
    .dial({ url: `ws://${web}${path}`, headers })
    .catch((error) => (error instanceof EngineError ? `status ${error.details.status}` : `${error}`));

/** Opens a socket, which has to be refused. @returns `status N`, or `let in`. */
export const opening =
  (path: string, headers: Headers) =>
  async (service: CalledService): Promise<string> => {
    const connection = await open(service, path, headers);
    return typeof connection === "string" ? connection : "let in";
  };

/** Posts what is bytes or a text as it is, and anything else as JSON. @returns `status body`. */
export const posting =
  (path: string, body: unknown, headers: Headers) =>
  async ({ network, web }: CalledService): Promise<string> => {
    const plain = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
    const answer = await network.fetch({ url: `http://${web}${path}`, method: "POST", headers, body: plain });
    return `${answer.status} ${await answer.text()}`;
  };

const BYTES_PER_SECOND = 32_000; // of 16 bits, 16,000 times

/** Sends so many seconds of silence at once. */
export const sendingSeconds = (count: number) => (connection: Connection) => {
  for (let i = 0; i < count; i++) connection.send(new Uint8Array(BYTES_PER_SECOND));
};
