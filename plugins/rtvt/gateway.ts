import { type Client, defineGateway } from "#engine/plugin";
import { gatewayConfig } from "./gateway/config.ts";
import { ClientConnection } from "./gateway/connection.ts";

/**
 * Answers the vendor's own client libraries and runs a workflow behind each of their streams: over TCP, and over WebSockets, where each
 * binary message is one packet. A key's id is the project's number, its secret the project's key in base64.
 */
export const gateway = defineGateway({
  type: "rtvt",
  summary: "Answers clients of RTVT: recognition and translation while somebody speaks.",
  config: gatewayConfig,
  streams: [{ name: "recognition and translation", inputs: ["audio", "encoded"], output: "text" }],
  example: {
    // the key is "example-key" in base64
    key: { id: "81700001", secret: "ZXhhbXBsZS1rZXk=", facts: {} },
    tcp: true,
    nodes({ web, tcp }, { id, secret }) {
      const url = tcp === undefined ? `ws://${web}/service/websocket` : `tcp://${tcp}`;
      const access = { url, pid: Number(id), key: secret };
      return { "rtvt.interpret": access, "rtvt.asr": access };
    },
  },
  create(settings, host) {
    const serve = (client: Client) => new ClientConnection(client, host, settings).serve();
    return {
      mounts: [
        { kind: "tcp", port: 14001, serve },
        { kind: "websocket", path: "/service/websocket", serve },
      ],
    };
  },
});
