/*
 * Many streams through the voice activity detector: arbitrary chunks of bytes in; framing, detection, level and endpointing in one call.
 *
 * A pool belongs to one thread. Its sessions are known by ids, never by addresses: an id names pool, slot and generation, so one that was
 * closed, belongs to another pool or was never given out is answered by an error.
 */
#ifndef PARLANDO_SESSION_H_
#define PARLANDO_SESSION_H_

#include <stdint.h>

typedef struct vs_pool vs_pool;

/* How frames are judged: the best the processor has, or one way only, for tests and comparisons. */
enum { VS_BEST = 0, VS_AVX2 = 1, VS_PORTABLE = 2, VS_SCALAR = 3 };

enum {
  VS_BAD_ID = -1,       /* closed, of another pool, or no id at all */
  VS_BAD_SETTINGS = -2, /* of a session, or an odd way for a pool */
  VS_TOO_LONG = -3,     /* a chunk over VS_MAX_CHUNK_BYTES, or too much of it in one batch */
  VS_NO_MEMORY = -4,
  VS_NO_ROOM = -5, /* an output array is too small; nothing was done */
  VS_PENDING = -6, /* chunks are staged: run the batch first */
  VS_BAD_POOL = -7
};

#define VS_MAX_CHUNK_BYTES (1 << 20)
#define VS_MAX_BATCH_BYTES (1 << 28)

/* Settings of a session, by place: Hz, 0 to 3, ms, and the endpointing's five in ms. */
enum { VS_RATE, VS_MODE, VS_FRAME_MS, VS_PRE_ROLL, VS_MIN_SPEECH, VS_ENDPOINT, VS_MAX_SEGMENT, VS_SETTLE, VS_SETTINGS };

/* What an item of a batch came to, by place in `items`: frames, and where the first one's step and level stand. */
enum { VS_ITEM_FRAMES, VS_ITEM_FIRST, VS_ITEM_FIELDS };

/* A frame's step is an STEP_ value of endpointing.h, and this bit where the detector called it voiced. */
#define VS_VOICED 0x80

/* An event, by place: the item, the frame within the batch, the step that made it, and the position where the utterance starts or ends. */
enum { VS_EVENT_ITEM, VS_EVENT_FRAME, VS_EVENT_STEP, VS_EVENT_SAMPLE, VS_EVENT_FIELDS };

#endif
