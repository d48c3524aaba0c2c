/*
 * The pool's memory: sessions in slots that are used again, ids that tell one use of a slot from the next, and the batch being staged.
 */
#ifndef PARLANDO_POOL_H_
#define PARLANDO_POOL_H_

#include "detector.h"
#include "endpointing.h"
#include "session.h"

#define EXPORT __attribute__((visibility("default")))

#define SLOT_BITS 20
#define GENERATION_BITS 21
#define POOL_BITS 12
#define MAX_SLOTS (1 << SLOT_BITS)
#define ID_LIMIT 9007199254740992.0 /* 2^53: an id is a whole number that a double holds */
#define POOL_MAGIC 0x50415244

#define MAX_FRAME_BYTES (960 * 2) /* 30 ms at 32 kHz */
#define SLOT_ALIGN 16
#define KINDS 9 /* three rates by three frame lengths */

typedef struct {
  VadInstT vad;
  endpointing ends;
  int64_t position; /* of the first sample in `rest` */
  int32_t frame_bytes;
  int32_t rest_bytes;
  int32_t first_item; /* of the batch being staged, or -1 */
  int32_t last_item;
  uint8_t halvings, kind, voiced;
  _Alignas(16) uint8_t rest[]; /* what has come of the next frame: less than frame_bytes */
} session;

typedef struct {
  session* session; /* NULL: free */
  uint32_t generation;
  int32_t next_free;
} slot;

/* One staged chunk, with the session's rest before it. */
typedef struct {
  uint32_t slot;
  uint32_t offset; /* in the arena */
  int32_t frames;
  int32_t done;
  int32_t next_item; /* of the same session, or -1 */
  int32_t first_frame;
} item;

/* Frames of one kind that wait to be judged together. */
typedef struct {
  int count;
  VadInstT* vads[16];
  const int16_t* pcm[16];
  int32_t items[16];
} lane_group;

struct vs_pool {
  uint32_t magic;
  uint32_t number; /* from 1, unlike that of any other living pool but 4095 later */
  int way;
  int avx2; /* what is not lanes may use it too; not in the portable way */
  int width;  /* streams judged at once */
  int least;  /* fewer than this are judged one by one */
  slot* slots;
  int32_t slot_count, slot_room, free_first, free_last;
  uint8_t* arena;
  uint32_t arena_used, arena_room;
  item* items;
  int32_t item_count, item_room;
  int32_t* active; /* items whose next frame is due, as many as items */
  int32_t frame_count;
  lane_group groups[KINDS];
};

static uint32_t pools_made;

static int valid_pool(const vs_pool* pool) { return pool != NULL && pool->magic == POOL_MAGIC; }

/* NULL when the way is not one of this machine's. */
EXPORT vs_pool* vs_pool_open(int32_t way) {
  if (way == VS_BEST) way = has_avx2() ? VS_AVX2 : VS_PORTABLE;
  if (way < VS_AVX2 || way > VS_SCALAR || (way == VS_AVX2 && !has_avx2())) return NULL;
  vs_pool* pool = calloc(1, sizeof *pool);
  if (pool == NULL) return NULL;
  pool->magic = POOL_MAGIC;
  pool->number = __atomic_fetch_add(&pools_made, 1, __ATOMIC_RELAXED) % ((1 << POOL_BITS) - 1) + 1;
  pool->way = way;
  pool->avx2 = way != VS_PORTABLE && has_avx2();
  pool->width = way == VS_AVX2 ? 16 : way == VS_PORTABLE ? 8 : 1;
  pool->least = way == VS_AVX2 ? 3 : way == VS_PORTABLE ? 4 : 2;
  pool->free_first = pool->free_last = -1;
  return pool;
}

EXPORT int32_t vs_pool_way(const vs_pool* pool) { return valid_pool(pool) ? pool->way : VS_BAD_POOL; }

EXPORT void vs_pool_close(vs_pool* pool) {
  if (!valid_pool(pool)) return;
  for (int32_t i = 0; i < pool->slot_count; i++) free(pool->slots[i].session);
  free(pool->slots);
  free(pool->arena);
  free(pool->items);
  free(pool->active);
  pool->magic = 0;
  free(pool);
}

static double id_of(const vs_pool* pool, int32_t index) {
  uint64_t id = (uint64_t)pool->number << (SLOT_BITS + GENERATION_BITS);
  return (double)(id | (uint64_t)pool->slots[index].generation << SLOT_BITS | (uint64_t)index);
}

/* The slot that an id names, or -1. */
static int32_t slot_of(const vs_pool* pool, double id) {
  if (!valid_pool(pool) || !(id >= 1 && id < ID_LIMIT)) return -1;
  uint64_t bits = (uint64_t)id;
  int32_t index = (int32_t)(bits & (MAX_SLOTS - 1));
  if ((double)bits != id || bits >> (SLOT_BITS + GENERATION_BITS) != pool->number || index >= pool->slot_count) return -1;
  const slot* found = &pool->slots[index];
  uint32_t generation = (uint32_t)(bits >> SLOT_BITS) & ((1 << GENERATION_BITS) - 1);
  return found->session != NULL && found->generation == generation ? index : -1;
}

static session* session_of(const vs_pool* pool, double id) {
  int32_t index = slot_of(pool, id);
  return index < 0 ? NULL : pool->slots[index].session;
}

/* Room for one more of an array that doubles. 0, or VS_NO_MEMORY with everything as it was. */
static int grow(void** array, int32_t* room, int32_t count, size_t size) {
  if (count < *room) return 0;
  int32_t wanted = *room == 0 ? 16 : *room * 2;
  void* larger_array = realloc(*array, (size_t)wanted * size);
  if (larger_array == NULL) return VS_NO_MEMORY;
  *array = larger_array;
  *room = wanted;
  return 0;
}

/* A slot that was not used for longest, or a new one; -1 without memory. */
static int32_t take_slot(vs_pool* pool) {
  int32_t index = pool->free_first;
  if (index >= 0) {
    pool->free_first = pool->slots[index].next_free;
    if (pool->free_first < 0) pool->free_last = -1;
    return index;
  }
  if (pool->slot_count == MAX_SLOTS) return -1;
  if (grow((void**)&pool->slots, &pool->slot_room, pool->slot_count, sizeof *pool->slots) != 0) return -1;
  pool->slots[pool->slot_count] = (slot){.generation = 1};
  return pool->slot_count++;
}

static void give_slot_back(vs_pool* pool, int32_t index) {
  slot* freed = &pool->slots[index];
  freed->session = NULL;
  freed->generation = (freed->generation + 1) & ((1 << GENERATION_BITS) - 1);
  freed->next_free = -1;
  if (pool->free_last >= 0)
    pool->slots[pool->free_last].next_free = index;
  else
    pool->free_first = index;
  pool->free_last = index;
}

#endif
