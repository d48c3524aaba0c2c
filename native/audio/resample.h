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
  int32_t step;
  int32_t at;
  int32_t phase;
  /* Every `stride` numbers one of this channel. */
  int16_t* output;
  int32_t stride;
  int32_t count;
} resampling;

static inline void next_output(const resampling* job, int32_t* at, int32_t* phase) {
  *at += job->step / job->phases;
  *phase += job->step % job->phases;
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

/* Eight partial sums; `count` is a multiple of 4. */
AVX2 static inline __m256i partial_dot(const int16_t* samples, const int16_t* taps, int32_t count) {
  __m256i sum = _mm256_setzero_si256();
  int32_t i = 0;
  for (; i + 16 <= count; i += 16) {
    __m256i some = _mm256_loadu_si256((const __m256i*)(samples + i));
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(some, _mm256_loadu_si256((const __m256i*)(taps + i))));
  }
  __m128i rest = _mm_setzero_si128();
  if (count & 8) {
    __m128i some = _mm_loadu_si128((const __m128i*)(samples + i));
    rest = _mm_madd_epi16(some, _mm_loadu_si128((const __m128i*)(taps + i)));
    i += 8;
  }
  if (count & 4) {
    __m128i some = _mm_loadl_epi64((const __m128i*)(samples + i));
    rest = _mm_add_epi32(rest, _mm_madd_epi16(some, _mm_loadl_epi64((const __m128i*)(taps + i))));
  }
  return _mm256_add_epi32(sum, _mm256_zextsi128_si256(rest));
}

/* Each of four lots of partial sums becomes one number. */
AVX2 static inline __m128i sums_of(const __m256i lots[4]) {
  __m256i pairs = _mm256_hadd_epi32(_mm256_hadd_epi32(lots[0], lots[1]), _mm256_hadd_epi32(lots[2], lots[3]));
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
    __m256i left[4], right[4];
    for (int32_t i = 0; i < 4; i++) {
      const int16_t* samples = job->window + at - half + 1;
      const int16_t* row = job->taps + (ptrdiff_t)phase * job->per_phase;
      left[i] = partial_dot(samples, row, half);
      right[i] = partial_dot(samples + half, row + half, half);
      if (i + 1 < some || some == 4) next_output(job, &at, &phase); /* past the last one there may be no samples: it is repeated */
    }
    int16_t four[8];
    _mm_storeu_si128((__m128i*)four, rounded_four(sums_of(left), sums_of(right)));
    for (int32_t i = 0; i < some; i++) job->output[(ptrdiff_t)(k + i) * job->stride] = four[i];
  }
}

#endif

/* Whether the first and the last output look at nothing that lies outside of a plane. */
static int within_plane(const resampling* job, int32_t plane) {
  if (job->count == 0) return 1;
  int32_t half = job->per_phase / 2;
  int64_t last = job->at + (job->phase + (int64_t)(job->count - 1) * job->step) / job->phases;
  return (int64_t)job->at - half + 1 >= 0 && last + half < plane;
}

#endif
