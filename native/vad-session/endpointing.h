/*
 * Utterances from verdicts, by counting samples: the same rules, and the same answers frame by frame, as plugins/webrtc/endpointing.ts,
 * where they are explained.
 */
#ifndef PARLANDO_ENDPOINTING_H_
#define PARLANDO_ENDPOINTING_H_

#include <stdint.h>

enum { STEP_QUIET = 0, STEP_OPENED = 1, STEP_SPEECH = 2, STEP_CLOSED = 3, STEP_FULL = 4 };

/* All in samples. */
typedef struct {
  int32_t pre_roll, min_speech, endpoint, max_segment, settle, longest_frame;
  int32_t bucket;
  uint8_t in_utterance, begun;
  int64_t start, onset, voiced_end, floor, expected, settled;
} endpointing;

static inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static void endpointing_drain(endpointing* self, int64_t samples) {
  self->bucket = samples >= self->bucket ? 0 : self->bucket - (int32_t)samples;
}

/* Ends the open utterance here; 1 if there was one. */
static int endpointing_close(endpointing* self) {
  int open = self->in_utterance;
  self->in_utterance = 0;
  self->bucket = 0;
  if (open) self->floor = self->expected;
  return open;
}

/* Whether the open utterance ended in the gap before `start`. */
static int endpointing_lapsed(const endpointing* self, int64_t start) {
  return self->in_utterance && start - self->voiced_end >= self->endpoint;
}

static int endpointing_opens(endpointing* self, int counts, int64_t start, int32_t samples) {
  if (!counts) {
    endpointing_drain(self, samples);
    return 0;
  }
  if (self->bucket == 0) self->onset = start;
  self->bucket += samples;
  if (self->bucket < self->min_speech) return 0;
  int64_t lookback = (int64_t)self->pre_roll + 2 * self->min_speech + self->longest_frame;
  self->start = larger(larger(self->onset - self->pre_roll, start + samples - lookback), self->floor);
  return 1;
}

static int endpointing_next(endpointing* self, int voiced, int64_t start, int32_t samples) {
  if (!self->begun) {
    self->begun = 1;
    self->settled = start + self->settle;
  } else if (start > self->expected) {
    endpointing_drain(self, start - self->expected);
  }
  int64_t end = start + samples;
  self->expected = end;
  int counts = voiced && start >= self->settled;
  if (!self->in_utterance && !endpointing_opens(self, counts, start, samples)) return STEP_QUIET;
  if (counts) self->voiced_end = end;
  int before = self->in_utterance;
  self->in_utterance = 1;
  if (end - self->voiced_end >= self->endpoint) {
    endpointing_close(self);
    return STEP_CLOSED;
  }
  if (before && end + samples - self->start > self->max_segment) {
    endpointing_close(self);
    return STEP_FULL;
  }
  return before ? STEP_SPEECH : STEP_OPENED;
}

#endif
