/*
 * A polyphase filter over planes of 16-bit samples, bit by bit what engine/audio/resample computes. Each half of a row of taps is multiplied
 * and summed in 32 bits, wrapping; the caller's taps are such that a half never does. The halves and a rounding of 16,384 are added without
 * overflow, shifted right by 15, and saturated.
 */
#ifndef PARLANDO_RESAMPLE_H_
#define PARLANDO_RESAMPLE_H_

#include "audio.h"

#define TAP_SHIFT 15
#define TAP_ROUND (1 << (TAP_SHIFT - 1))

/* Where the outputs of one channel come from and go. */
typedef struct {
  const int16_t* window;
  const int16_t* taps;
  int32_t per_phase;
  int32_t phases;
  /* How far one output moves: whole samples and phases. */
  int32_t whole;
  int32_t part;
  int32_t at;
  int32_t phase;
  /* Every `stride` numbers one of this channel. */
  int16_t* output;
  int32_t stride;
  int32_t count;
} resampling;

static inline void next_output(const resampling* job, int32_t* at, int32_t* phase) {
  *at += job->whole;
  *phase += job->part;
  if (*phase >= job->phases) {
    *phase -= job->phases;
    *at += 1;
  }
}

static int32_t dot(const int16_t* samples, const int16_t* taps, int32_t count) {
  int32_t sum = 0;
  for (int32_t i = 0; i < count; i++) sum += samples[i] * taps[i];
  return sum;
}

static int16_t rounded(int32_t left, int32_t right) {
  int64_t value = ((int64_t)left + right + TAP_ROUND) >> TAP_SHIFT;
  return (int16_t)(value > 32767 ? 32767 : value < -32768 ? -32768 : value);
}

static void resample_portable(const resampling* job) {
  int32_t half = job->per_phase / 2, at = job->at, phase = job->phase;
  for (int32_t k = 0; k < job->count; k++) {
    const int16_t* samples = job->window + at - half + 1;
    const int16_t* row = job->taps + (ptrdiff_t)phase * job->per_phase;
    job->output[(ptrdiff_t)k * job->stride] = rounded(dot(samples, row, half), dot(samples + half, row + half, half));
    next_output(job, &at, &phase);
  }
}

#ifdef HAS_AVX2

/* Four outputs side by side: where their samples and their rows of taps begin. */
typedef struct {
  const int16_t* samples[4];
  const int16_t* rows[4];
} four_outputs;

/* The sums of `count` products each, a multiple of 4, from `from` on. */
AVX2 static inline __m128i four_dots(const four_outputs* of, int32_t from, int32_t count) {
  __m256i sums[4];
  for (int32_t k = 0; k < 4; k++) sums[k] = _mm256_setzero_si256();
  int32_t i = from, end = from + count;
  for (; i + 16 <= end; i += 16)
    for (int32_t k = 0; k < 4; k++) {
      __m256i some = _mm256_loadu_si256((const __m256i*)(of->samples[k] + i));
      __m256i taps = _mm256_loadu_si256((const __m256i*)(of->rows[k] + i));
      sums[k] = _mm256_add_epi32(sums[k], _mm256_madd_epi16(some, taps));
    }
  if (count & 8) {
    for (int32_t k = 0; k < 4; k++) {
      __m128i some = _mm_loadu_si128((const __m128i*)(of->samples[k] + i));
      __m128i taps = _mm_loadu_si128((const __m128i*)(of->rows[k] + i));
      sums[k] = _mm256_add_epi32(sums[k], _mm256_zextsi128_si256(_mm_madd_epi16(some, taps)));
    }
    i += 8;
  }
  if (count & 4)
    for (int32_t k = 0; k < 4; k++) {
      __m128i some = _mm_loadl_epi64((const __m128i*)(of->samples[k] + i));
      __m128i taps = _mm_loadl_epi64((const __m128i*)(of->rows[k] + i));
      sums[k] = _mm256_add_epi32(sums[k], _mm256_zextsi128_si256(_mm_madd_epi16(some, taps)));
    }
  __m256i pairs = _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
  return _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
}

/* Four times `rounded`. The halves are halved before they are added, which then has room; what that cuts off is added with the rounding. */
AVX2 static inline __m128i rounded_four(__m128i left, __m128i right) {
  const __m128i one = _mm_set1_epi32(1);
  __m128i cut = _mm_add_epi32(_mm_and_si128(left, one), _mm_and_si128(right, one));
  __m128i low = _mm_srli_epi32(_mm_add_epi32(cut, _mm_set1_epi32(TAP_ROUND)), 1);
  __m128i high = _mm_add_epi32(_mm_srai_epi32(left, 1), _mm_srai_epi32(right, 1));
  __m128i values = _mm_srai_epi32(_mm_add_epi32(high, low), TAP_SHIFT - 1);
  return _mm_packs_epi32(values, values);
}

AVX2 static void resample_avx2(const resampling* job) {
  int32_t half = job->per_phase / 2, at = job->at, phase = job->phase;
  for (int32_t k = 0; k < job->count; k += 4) {
    int32_t some = job->count - k < 4 ? job->count - k : 4;
    four_outputs of;
    for (int32_t i = 0; i < 4; i++) {
      of.samples[i] = job->window + at - half + 1;
      of.rows[i] = job->taps + (ptrdiff_t)phase * job->per_phase;
      if (i + 1 < some || some == 4) next_output(job, &at, &phase); /* past the last one there may be no samples: it is repeated */
    }
    int16_t four[8];
    _mm_storeu_si128((__m128i*)four, rounded_four(four_dots(&of, 0, half), four_dots(&of, half, half)));
    for (int32_t i = 0; i < some; i++) job->output[(ptrdiff_t)(k + i) * job->stride] = four[i];
  }
}

#endif

/* Whether the first and the last output look at nothing that lies outside of a plane. */
static int within_plane(const resampling* job, int32_t plane) {
  if (job->count == 0) return 1;
  int32_t half = job->per_phase / 2;
  int64_t moves = job->count - 1;
  int64_t last = job->at + moves * job->whole + (job->phase + moves * job->part) / job->phases;
  return (int64_t)job->at - half + 1 >= 0 && last + half < plane;
}

#endif
