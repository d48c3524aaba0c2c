import { describe, expect, test } from "bun:test";
import { conversing, eventsOf, listening, told } from "./task-client.ts";

describe("patience", () => {
  test("a task that is given nothing for 23 s is given up, in the vendor's words", async () => {
    await conversing({}, async ({ clock }, connection) => {
      await told(connection, [listening()], /task-started/);
      const beganMs = clock.nowMs();
      const heard = eventsOf(await told(connection, []));
      expect(heard.at(-1)?.header).toMatchObject({
        error_code: "CLIENT_ERROR",
        error_message: "request timeout after 23 seconds.",
      });
      expect(clock.nowMs() - beganMs).toBeLessThan(26_000);
    });
  });

  test("a socket without a task is closed after a minute", async () => {
    await conversing({}, async ({ clock }, connection) => {
      await connection.closed;
      expect(Math.abs(clock.nowMs() - 60_000)).toBeLessThan(3000);
    });
  });
});
