/*
 * The detector keeps, for each band, the 16 smallest features of the last 100 frames in order, and takes the noise floor from them. Its own
 * search and its loops over 16 numbers cost a sixth of what the lanes leave; with two registers of eight numbers each it is a handful of
 * instructions, with the same result. SSE2 belongs to every x86-64 processor; elsewhere the packaged function serves.
 *
 * Comes between the packaged headers and vad_core.c, whose calls it takes over.
 */
#ifndef PARLANDO_MINIMUM_H_
#define PARLANDO_MINIMUM_H_

#include "webrtc/common_audio/vad/vad_core.h"
#include "webrtc/common_audio/vad/vad_sp.h"

#if defined(__SSE2__)
#include <emmintrin.h>

#define OLDEST 100    /* frames that a value is kept */
#define NO_AGE 101    /* of a place that holds none */
#define NO_VALUE 10000 /* above every feature */

/* 16 numbers. */
typedef struct {
  __m128i low, high;
} sixteen;

static inline sixteen sixteen_load(const int16_t* from) {
  return (sixteen){_mm_loadu_si128((const __m128i*)from), _mm_loadu_si128((const __m128i*)(from + 8))};
}

static inline void sixteen_store(int16_t* to, sixteen x) {
  _mm_storeu_si128((__m128i*)to, x.low);
  _mm_storeu_si128((__m128i*)(to + 8), x.high);
}

/* Each number one place up; the first becomes 0. */
static inline sixteen place_up(sixteen x) {
  return (sixteen){_mm_slli_si128(x.low, 2), _mm_or_si128(_mm_slli_si128(x.high, 2), _mm_srli_si128(x.low, 14))};
}

/* Each number one place down; the last becomes `last`. */
static inline sixteen place_down(sixteen x, int16_t last) {
  return (sixteen){_mm_or_si128(_mm_srli_si128(x.low, 2), _mm_slli_si128(x.high, 14)),
                   _mm_insert_epi16(_mm_srli_si128(x.high, 2), last, 7)};
}

static inline __m128i choose(__m128i mask, __m128i yes, __m128i no) {
  return _mm_or_si128(_mm_and_si128(mask, yes), _mm_andnot_si128(mask, no));
}

/* The numbers of `before` up to a place, `at` there, and those of `after` above it. */
static inline sixteen around(int place, sixteen before, sixteen at, sixteen after) {
  const __m128i low = _mm_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7), high = _mm_setr_epi16(8, 9, 10, 11, 12, 13, 14, 15);
  const __m128i p = _mm_set1_epi16((int16_t)place);
  return (sixteen){
      choose(_mm_cmplt_epi16(low, p), before.low, choose(_mm_cmpeq_epi16(low, p), at.low, after.low)),
      choose(_mm_cmplt_epi16(high, p), before.high, choose(_mm_cmpeq_epi16(high, p), at.high, after.high))};
}

static inline sixteen plus_one(sixteen x) {
  const __m128i one = _mm_set1_epi16(1);
  return (sixteen){_mm_add_epi16(x.low, one), _mm_add_epi16(x.high, one)};
}

static inline sixteen all(int16_t value) { return (sixteen){_mm_set1_epi16(value), _mm_set1_epi16(value)}; }

/* One bit for each place whose number is above the value. */
static inline unsigned places_above(sixteen x, int16_t value) {
  const __m128i v = _mm_set1_epi16(value);
  return (unsigned)_mm_movemask_epi8(_mm_packs_epi16(_mm_cmpgt_epi16(x.low, v), _mm_cmpgt_epi16(x.high, v)));
}

static inline unsigned places_equal(sixteen x, int16_t value) {
  const __m128i v = _mm_set1_epi16(value);
  return (unsigned)_mm_movemask_epi8(_mm_packs_epi16(_mm_cmpeq_epi16(x.low, v), _mm_cmpeq_epi16(x.high, v)));
}

/*
 * A frame later: all values are older, and those that are too old give their place up. The value that moves into such a place does not age
 * in that frame, which is how the detector does it. Several at once are rare, for each came with a frame of its own: they are taken in turn.
 */
static inline void grow_older(sixteen* ages, sixteen* values) {
  unsigned old = places_equal(*ages, OLDEST);
  if (old == 0) {
    *ages = plus_one(*ages);
    return;
  }
  int from = 0; /* places below it are done */
  int place = __builtin_ctz(old);
  for (;;) {
    sixteen aged = from == 0 ? plus_one(*ages) : *ages;
    if (from > 0) aged = around(from - 1, *ages, *ages, plus_one(*ages));
    if (place < 0) {
      *ages = aged;
      return;
    }
    sixteen moved = place_down(*ages, NO_AGE);
    *ages = around(place, aged, moved, moved);
    *values = around(place, *values, place_down(*values, NO_VALUE), place_down(*values, NO_VALUE));
    from = place + 1;
    if (from == 16) return;
    unsigned more = places_equal(*ages, OLDEST) >> from;
    place = more == 0 ? -1 : from + __builtin_ctz(more);
  }
}

/* In place of WebRtcVad_FindMinimum. */
static int16_t find_minimum(VadInstT* self, int16_t feature, int channel) {
  int16_t* stored_ages = &self->index_vector[channel * 16];
  int16_t* stored_values = &self->low_value_vector[channel * 16];
  sixteen ages = sixteen_load(stored_ages), values = sixteen_load(stored_values);
  grow_older(&ages, &values);
  unsigned above = places_above(values, feature); /* values are in order */
  if (above != 0) {
    int place = __builtin_ctz(above);
    values = around(place, values, all(feature), place_up(values));
    ages = around(place, ages, all(1), place_up(ages));
  }
  sixteen_store(stored_ages, ages);
  sixteen_store(stored_values, values);

  int16_t median = 1600, alpha = 0;
  if (self->frame_counter > 2)
    median = (int16_t)_mm_extract_epi16(values.low, 2);
  else if (self->frame_counter > 0)
    median = (int16_t)_mm_extract_epi16(values.low, 0);
  if (self->frame_counter > 0) alpha = median < self->mean_value[channel] ? 6553 : 32439; /* 0.2 down, 0.99 up, Q15 */
  int32_t smoothed = (alpha + 1) * self->mean_value[channel] + (INT16_MAX - alpha) * median + 16384;
  return self->mean_value[channel] = (int16_t)(smoothed >> 15);
}

#define WebRtcVad_FindMinimum find_minimum
#endif

#endif
