import type { Incoming } from "#engine/plugin";

/** The parts of a form that the gateway looks at. */
export interface Form {
  readonly audio?: Uint8Array;
  readonly definition?: string;
}

/** @returns undefined for what is no form. */
export async function readForm({ headers, body }: Incoming): Promise<Form | undefined> {
  const type = headers["content-type"] ?? "";
  if (!type.toLowerCase().startsWith("multipart/form-data")) return undefined;
  try {
    const form = await new Response(body.slice(), { headers: { "content-type": type } }).formData();
    const audio = form.get("audio");
    const definition = form.get("definition");
    return {
      ...(audio instanceof Blob && { audio: new Uint8Array(await audio.arrayBuffer()) }),
      ...(definition !== null && { definition: typeof definition === "string" ? definition : await definition.text() }),
    };
  } catch {
    return undefined;
  }
}
