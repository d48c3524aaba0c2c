#include "session.h"

#include "detector.h"
#include "endpointing.h"
#include "filter-bank.h"
#include "lanes-avx2.h"
#include "lanes-portable.h"
#include "level.h"
#include "pool.h"

/* Where a batch's results go. */
typedef struct {
  uint8_t* steps;
  float* levels;
  double* events;
  int32_t event_count;
  int avx2;
} outputs;

static int valid_settings(const int32_t* s) {
  int rate = s[VS_RATE] == 8000 || s[VS_RATE] == 16000 || s[VS_RATE] == 32000;
  int frame = s[VS_FRAME_MS] == 10 || s[VS_FRAME_MS] == 20 || s[VS_FRAME_MS] == 30;
  for (int i = VS_PRE_ROLL; i <= VS_SETTLE; i++)
    if (s[i] < 0 || s[i] > 60000) return 0; /* a minute */
  return rate && frame && s[VS_MODE] >= 0 && s[VS_MODE] <= 3;
}

/* The id of a new session (above 0), or a VS_ error. `start` is the position of its first sample. */
EXPORT double vs_open(vs_pool* pool, const int32_t* settings, int32_t count, double start) {
  if (!valid_pool(pool)) return VS_BAD_POOL;
  if (count != VS_SETTINGS || !valid_settings(settings) || !(start >= 0 && start < ID_LIMIT)) return VS_BAD_SETTINGS;
  int32_t per_ms = settings[VS_RATE] / 1000;
  int32_t frame_bytes = settings[VS_FRAME_MS] * per_ms * 2;
  session* self = calloc(1, sizeof *self + (size_t)frame_bytes);
  int32_t index = self == NULL ? -1 : take_slot(pool);
  if (index < 0) {
    free(self);
    return VS_NO_MEMORY;
  }
  WebRtcVad_InitCore(&self->vad);
  WebRtcVad_set_mode_core(&self->vad, settings[VS_MODE]);
  self->ends.pre_roll = settings[VS_PRE_ROLL] * per_ms;
  self->ends.min_speech = settings[VS_MIN_SPEECH] * per_ms;
  self->ends.endpoint = settings[VS_ENDPOINT] * per_ms;
  self->ends.max_segment = settings[VS_MAX_SEGMENT] * per_ms;
  self->ends.settle = settings[VS_SETTLE] * per_ms;
  self->ends.longest_frame = 30 * per_ms;
  self->position = (int64_t)start;
  self->frame_bytes = frame_bytes;
  self->first_item = self->last_item = -1;
  self->halvings = (uint8_t)(per_ms == 8 ? 0 : per_ms == 16 ? 1 : 2);
  self->kind = (uint8_t)(self->halvings * 3 + settings[VS_FRAME_MS] / 10 - 1);
  pool->slots[index].session = self;
  return id_of(pool, index);
}

/* 0, VS_BAD_ID, or VS_PENDING while chunks of it are staged. */
EXPORT int32_t vs_close(vs_pool* pool, double id) {
  int32_t index = slot_of(pool, id);
  if (index < 0) return VS_BAD_ID;
  if (pool->slots[index].session->first_item >= 0) return VS_PENDING;
  free(pool->slots[index].session);
  give_slot_back(pool, index);
  return 0;
}

/* Room for `bytes` more in the arena. Grows by doubling; offsets stay, addresses do not. */
static int arena_reserve(vs_pool* pool, uint32_t bytes) {
  uint64_t wanted = (uint64_t)pool->arena_used + bytes;
  if (wanted > VS_MAX_BATCH_BYTES) return VS_TOO_LONG;
  if (wanted <= pool->arena_room) return 0;
  uint64_t room = pool->arena_room == 0 ? 65536 : pool->arena_room;
  while (room < wanted) room *= 2;
  uint8_t* larger_arena = realloc(pool->arena, room);
  if (larger_arena == NULL) return VS_NO_MEMORY;
  pool->arena = larger_arena;
  pool->arena_room = (uint32_t)room;
  return 0;
}

/*
 * Puts a chunk of any number of bytes into the next batch: copies it. Returns how many frames it completes, or an error, after which
 * everything is as it was.
 */
EXPORT int32_t vs_stage(vs_pool* pool, double id, const uint8_t* bytes, int32_t length) {
  int32_t index = slot_of(pool, id);
  if (index < 0) return VS_BAD_ID;
  if (length < 0 || length > VS_MAX_CHUNK_BYTES) return VS_TOO_LONG;
  session* self = pool->slots[index].session;
  if (pool->item_count == pool->item_room) {
    /* Two arrays of one room: the second is grown to what the first then says. */
    if (grow((void**)&pool->items, &pool->item_room, pool->item_count, sizeof *pool->items) != 0) return VS_NO_MEMORY;
    int32_t* active = realloc(pool->active, (size_t)pool->item_room * sizeof *active);
    if (active == NULL) {
      pool->item_room = pool->item_count;
      return VS_NO_MEMORY;
    }
    pool->active = active;
  }
  int32_t total = self->rest_bytes + length;
  int error = arena_reserve(pool, (uint32_t)total + SLOT_ALIGN);
  if (error != 0) return error;

  uint8_t* to = pool->arena + pool->arena_used;
  if (self->rest_bytes > 0) memcpy(to, self->rest, (size_t)self->rest_bytes);
  if (length > 0) memcpy(to + self->rest_bytes, bytes, (size_t)length);
  int32_t frames = total / self->frame_bytes;
  self->rest_bytes = total - frames * self->frame_bytes;
  memcpy(self->rest, to + frames * self->frame_bytes, (size_t)self->rest_bytes);

  int32_t number = pool->item_count++;
  pool->items[number] = (item){.slot = (uint32_t)index, .offset = pool->arena_used, .frames = frames, .next_item = -1};
  if (self->first_item < 0)
    self->first_item = number;
  else
    pool->items[self->last_item].next_item = number;
  self->last_item = number;
  pool->arena_used += ((uint32_t)total + SLOT_ALIGN - 1) & ~(uint32_t)(SLOT_ALIGN - 1);
  pool->frame_count += frames;
  return frames;
}

static void add_event(outputs* out, int32_t item_number, int32_t frame, int step, int64_t sample) {
  double* event = out->events + (size_t)out->event_count++ * VS_EVENT_FIELDS;
  event[VS_EVENT_ITEM] = item_number;
  event[VS_EVENT_FRAME] = frame;
  event[VS_EVENT_STEP] = step;
  event[VS_EVENT_SAMPLE] = (double)sample;
}

/* What follows a frame's verdict: level, endpointing, event. */
static void finish_frame(session* self, int voiced, const int16_t* pcm, int32_t item_number, int32_t frame, outputs* out) {
  int32_t samples = self->frame_bytes / 2;
  self->voiced = (uint8_t)voiced;
  int step = endpointing_next(&self->ends, voiced, self->position, samples);
  self->position += samples;
  out->steps[frame] = (uint8_t)(step | (voiced ? VS_VOICED : 0));
  out->levels[frame] = mean_power(pcm, samples, out->avx2);
  if (step == STEP_OPENED)
    add_event(out, item_number, frame, step, self->ends.start);
  else if (step >= STEP_CLOSED)
    add_event(out, item_number, frame, step, self->position);
}

/* Judges what waits in a group and goes on with its frames. */
static void judge_group(vs_pool* pool, lane_group* group, outputs* out) {
  if (group->count == 0) return;
  const session* first = pool->slots[pool->items[group->items[0]].slot].session;
  int halvings = first->halvings, samples = first->frame_bytes / 2;
  uint8_t voiced[16];
  if (group->count < pool->least) {
    for (int i = 0; i < group->count; i++)
      voiced[i] = (uint8_t)detect_one(group->vads[i], group->pcm[i], halvings, samples, pool->avx2);
#ifdef HAS_AVX2_LANES
  } else if (pool->way == VS_AVX2) {
    a_judge(group->vads, group->pcm, group->count, halvings, samples, voiced);
#endif
  } else {
    p_judge(group->vads, group->pcm, group->count, halvings, samples, voiced);
  }
  for (int i = 0; i < group->count; i++) {
    item* it = &pool->items[group->items[i]];
    finish_frame(pool->slots[it->slot].session, voiced[i], group->pcm[i], group->items[i], it->first_frame + it->done, out);
    it->done++;
  }
  group->count = 0;
}

/* The item that holds the session's next frame: this one, a later one of the same session, or -1. */
static int32_t due_item(const vs_pool* pool, int32_t number) {
  while (number >= 0 && pool->items[number].done == pool->items[number].frames) number = pool->items[number].next_item;
  return number;
}

/* Frames of one session one after the other, of many side by side: each round takes the next frame of every session that has one. */
static void judge_all(vs_pool* pool, outputs* out) {
  int32_t count = 0;
  for (int32_t i = 0; i < pool->item_count; i++) {
    session* self = pool->slots[pool->items[i].slot].session;
    if (self->first_item == i && due_item(pool, i) >= 0) pool->active[count++] = due_item(pool, i);
  }
  while (count > 0) {
    for (int32_t i = 0; i < count; i++) {
      const item* it = &pool->items[pool->active[i]];
      session* self = pool->slots[it->slot].session;
      lane_group* group = &pool->groups[self->kind];
      group->vads[group->count] = &self->vad;
      group->pcm[group->count] = (const int16_t*)(const void*)(pool->arena + it->offset + it->done * self->frame_bytes);
      group->items[group->count] = pool->active[i];
      if (++group->count == pool->width) judge_group(pool, group, out);
    }
    for (int kind = 0; kind < KINDS; kind++) judge_group(pool, &pool->groups[kind], out);
    int32_t left = 0;
    for (int32_t i = 0; i < count; i++) {
      int32_t next = due_item(pool, pool->active[i]);
      if (next >= 0) pool->active[left++] = next;
    }
    count = left;
  }
}

static void forget_batch(vs_pool* pool) {
  for (int32_t i = 0; i < pool->item_count; i++) {
    session* self = pool->slots[pool->items[i].slot].session;
    self->first_item = self->last_item = -1;
  }
  pool->item_count = 0;
  pool->frame_count = 0;
  pool->arena_used = 0;
}

/*
 * Judges all that was staged. `items` gets VS_ITEM_FIELDS numbers for each item in the order of staging; `steps` and `levels` one for each
 * frame, item by item; `events` VS_EVENT_FIELDS for each event, of which a frame makes one at most. Returns the number of events, or
 * VS_NO_ROOM with everything still staged. The counts are those of the arrays' numbers.
 */
EXPORT int32_t vs_run(vs_pool* pool, int32_t* items, int32_t items_room, uint8_t* steps, float* levels, int32_t frames_room,
                      double* events, int32_t events_room) {
  if (!valid_pool(pool)) return VS_BAD_POOL;
  if (items_room / VS_ITEM_FIELDS < pool->item_count || frames_room < pool->frame_count ||
      events_room / VS_EVENT_FIELDS < pool->frame_count)
    return VS_NO_ROOM;
  int32_t frame = 0;
  for (int32_t i = 0; i < pool->item_count; i++) {
    pool->items[i].first_frame = frame;
    items[i * VS_ITEM_FIELDS + VS_ITEM_FRAMES] = pool->items[i].frames;
    items[i * VS_ITEM_FIELDS + VS_ITEM_FIRST] = frame;
    frame += pool->items[i].frames;
  }
  outputs out = {steps, levels, events, 0, pool->avx2};
  judge_all(pool, &out);
  forget_batch(pool);
  return out.event_count;
}

/* Drops what is staged. What it held is lost to the sessions, whose positions are behind by as much. */
EXPORT int32_t vs_discard(vs_pool* pool) {
  if (!valid_pool(pool)) return VS_BAD_POOL;
  forget_batch(pool);
  return 0;
}

/*
 * One chunk of one session, judged at once: vs_stage and vs_run in one call, without the copy where the chunk begins with a frame. Not
 * while anything is staged. Returns frames and events: frames + 65536 * events, or an error after which everything is as it was.
 */
EXPORT double vs_push(vs_pool* pool, double id, const uint8_t* bytes, int32_t length, uint8_t* steps, float* levels,
                      int32_t frames_room, double* events, int32_t events_room) {
  session* self = session_of(pool, id);
  if (self == NULL) return VS_BAD_ID;
  if (pool->item_count > 0) return VS_PENDING;
  if (length < 0 || length > VS_MAX_CHUNK_BYTES) return VS_TOO_LONG;
  int32_t total = (self->rest_bytes + length) / self->frame_bytes;
  if (frames_room < total || events_room / VS_EVENT_FIELDS < total) return VS_NO_ROOM;
  outputs out = {steps, levels, events, 0, pool->avx2};
  int32_t samples = self->frame_bytes / 2;
  for (int32_t frame = 0; frame < total; frame++) {
    const uint8_t* from = bytes;
    int32_t taken = self->frame_bytes - self->rest_bytes;
    if (self->rest_bytes > 0 || ((uintptr_t)bytes & 1) != 0) {
      memcpy(self->rest + self->rest_bytes, bytes, (size_t)taken);
      from = self->rest;
    }
    const int16_t* pcm = (const int16_t*)(const void*)from;
    finish_frame(self, detect_one(&self->vad, pcm, self->halvings, samples, pool->avx2), pcm, 0, frame, &out);
    self->rest_bytes = 0;
    bytes += taken;
    length -= taken;
  }
  if (length > 0) memcpy(self->rest + self->rest_bytes, bytes, (size_t)length);
  self->rest_bytes += length;
  return total + 65536.0 * out.event_count;
}

/*
 * Says that samples are missing from the stream, in place of the frame that has begun to come and what follows it. Returns 1 if that ended
 * an utterance, whose end is where the audio stopped; else 0.
 */
EXPORT int32_t vs_skip(vs_pool* pool, double id, double samples) {
  session* self = session_of(pool, id);
  if (self == NULL) return VS_BAD_ID;
  if (self->first_item >= 0) return VS_PENDING;
  if (!(samples >= 0 && samples < ID_LIMIT)) return VS_BAD_SETTINGS;
  self->position += (int64_t)samples + self->rest_bytes / 2;
  self->rest_bytes = 0;
  return endpointing_lapsed(&self->ends, self->position) ? endpointing_close(&self->ends) : 0;
}

/* Ends the open utterance after the last whole frame. 1 if there was one, else 0. */
EXPORT int32_t vs_flush(vs_pool* pool, double id) {
  session* self = session_of(pool, id);
  if (self == NULL) return VS_BAD_ID;
  if (self->first_item >= 0) return VS_PENDING;
  return endpointing_close(&self->ends);
}

/* How many bytes of a frame that is not complete a session holds. */
EXPORT int32_t vs_rest(vs_pool* pool, double id) {
  const session* self = session_of(pool, id);
  return self == NULL ? VS_BAD_ID : self->rest_bytes;
}

/*
 * A frame too short for the detector, such as a stream's last: `samples` of them, taken for what the frame before was. Returns its step
 * and VS_VOICED as in `steps`.
 */
EXPORT int32_t vs_short(vs_pool* pool, double id, int32_t samples) {
  session* self = session_of(pool, id);
  if (self == NULL) return VS_BAD_ID;
  if (self->first_item >= 0) return VS_PENDING;
  if (samples < 0 || samples * 2 >= self->frame_bytes) return VS_BAD_SETTINGS;
  int step = endpointing_next(&self->ends, self->voiced, self->position, samples);
  self->position += samples;
  self->rest_bytes = 0;
  return step | (self->voiced ? VS_VOICED : 0);
}

/* Where the open utterance, or the last one, starts: no audio before it belongs to it. Negative: VS_BAD_ID. */
EXPORT double vs_utterance_start(vs_pool* pool, double id) {
  const session* self = session_of(pool, id);
  return self == NULL ? VS_BAD_ID : (double)self->ends.start;
}
