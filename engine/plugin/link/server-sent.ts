/**
 * The data of server-sent events, one by one. Other fields, comments and events without data are left out.
 * @param chunks of the body, cut anywhere. @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export async function* serverSent(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  let data: string[] = [];
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "" && data.length > 0) {
        yield data.join("\n");
        data = [];
      } else if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
    }
  }
  if (rest.startsWith("data:")) data.push(rest.slice(rest[5] === " " ? 6 : 5).trimEnd());
  if (data.length > 0) yield data.join("\n"); // the last blank line may be missing
}
