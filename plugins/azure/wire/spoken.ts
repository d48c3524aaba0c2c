import { z } from "#engine/plugin";

/** The body of `response`: which stream the audio of the turn comes in. */
export const responseBody = z.looseObject({ audio: z.looseObject({ streamId: z.string() }) });

const text = z.looseObject({ Text: z.string(), BoundaryType: z.string().optional() });

const item = z.looseObject({
  Type: z.string(),
  Data: z.looseObject({
    Offset: z.number().default(0),
    Duration: z.number().default(0),
    text: text.optional(),
    VisemeId: z.number().optional(),
    Bookmark: z.string().optional(),
  }),
});

/** The body of `audio.metadata`. */
export const metadata = z.looseObject({ Metadata: z.array(item) });

export type MetadataItem = z.output<typeof item>;
