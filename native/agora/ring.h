/*
 * Records of any length between the vendor's threads, which write, and the engine's, which reads: what does not fit is dropped and counted,
 * never waited for.
 */
#ifndef PARLANDO_AGORA_RING_H
#define PARLANDO_AGORA_RING_H

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  pthread_mutex_t lock;
  uint8_t *bytes;
  uint32_t size, head, used;
  uint64_t dropped;
} Ring;

/* @param size in bytes. Returns 0, or -1 without memory. */
static int ring_open(Ring *ring, uint32_t size) {
  memset(ring, 0, sizeof *ring);
  ring->bytes = malloc(size);
  if (!ring->bytes) return -1;
  ring->size = size;
  pthread_mutex_init(&ring->lock, NULL);
  return 0;
}

static void ring_close(Ring *ring) {
  if (!ring->bytes) return;
  pthread_mutex_destroy(&ring->lock);
  free(ring->bytes);
  ring->bytes = NULL;
}

static void ring_put(Ring *ring, const void *from, uint32_t length) {
  uint32_t at = (ring->head + ring->used) % ring->size, first = ring->size - at;
  if (first > length) first = length;
  memcpy(ring->bytes + at, from, first);
  memcpy(ring->bytes, (const uint8_t *)from + first, length - first);
  ring->used += length;
}

static void ring_get(Ring *ring, void *to, uint32_t length) {
  uint32_t first = ring->size - ring->head;
  if (first > length) first = length;
  memcpy(to, ring->bytes + ring->head, first);
  memcpy((uint8_t *)to + first, ring->bytes, length - first);
  ring->head = (ring->head + length) % ring->size;
  ring->used -= length;
}

/* One record of two parts. */
static void ring_write(Ring *ring, const void *head, uint32_t head_length, const void *body, uint32_t body_length) {
  uint32_t length = head_length + body_length;
  pthread_mutex_lock(&ring->lock);
  if (length < head_length || length > ring->size - sizeof length || ring->used > ring->size - sizeof length - length) {
    ring->dropped++;
  } else {
    ring_put(ring, &length, sizeof length);
    ring_put(ring, head, head_length);
    if (body_length) ring_put(ring, body, body_length);
  }
  pthread_mutex_unlock(&ring->lock);
}

/* The oldest record; returns its length, 0 when there is none, -1 when it is longer than `most`: it is dropped then. */
static int32_t ring_read(Ring *ring, void *to, uint32_t most) {
  uint32_t length = 0;
  int32_t result = 0;
  pthread_mutex_lock(&ring->lock);
  if (ring->used) {
    ring_get(ring, &length, sizeof length);
    if (length <= most) {
      ring_get(ring, to, length);
      result = (int32_t)length;
    } else {
      ring->head = (ring->head + length) % ring->size;
      ring->used -= length;
      ring->dropped++;
      result = -1;
    }
  }
  pthread_mutex_unlock(&ring->lock);
  return result;
}

static void ring_clear(Ring *ring) {
  pthread_mutex_lock(&ring->lock);
  ring->head = ring->used = 0;
  pthread_mutex_unlock(&ring->lock);
}

#endif
