/*
 * How loud a frame is.
 */
#ifndef PARLANDO_LEVEL_H_
#define PARLANDO_LEVEL_H_

#include <stdint.h>

#include "avx2.h"

/* Sum of squares. The low and high halves of the squares are added apart, in 32 bits, so that a compiler finds vectors in it. */
static uint64_t squares_plain(const int16_t* pcm, int32_t samples) {
  uint64_t total = 0;
  for (int32_t from = 0; from < samples; from += 80) { /* every length is a multiple of 80 */
    uint32_t low = 0, high = 0;
    for (int32_t i = from; i < from + 80; i++) {
      uint32_t square = (uint32_t)(pcm[i] * pcm[i]);
      low += square & 0xFFFF;
      high += square >> 16;
    }
    total += low + ((uint64_t)high << 16);
  }
  return total;
}

#ifdef HAS_AVX2_LANES

__attribute__((target("avx2"))) static uint64_t squares_avx2(const int16_t* pcm, int32_t samples) {
  const __m256i zero = _mm256_setzero_si256();
  __m256i even = zero, odd = zero;
  for (int32_t i = 0; i < samples; i += 16) {
    __m256i row = _mm256_loadu_si256((const __m256i*)(pcm + i));
    __m256i pairs = _mm256_madd_epi16(row, row); /* up to 2^31: without a sign */
    even = _mm256_add_epi64(even, _mm256_unpacklo_epi32(pairs, zero));
    odd = _mm256_add_epi64(odd, _mm256_unpackhi_epi32(pairs, zero));
  }
  uint64_t parts[4];
  _mm256_storeu_si256((__m256i*)parts, _mm256_add_epi64(even, odd));
  return parts[0] + parts[1] + parts[2] + parts[3];
}
#endif

/* Mean power: 0 to 2^30. */
static float mean_power(const int16_t* pcm, int32_t samples, int avx2) {
#ifdef HAS_AVX2_LANES
  if (avx2) return (float)squares_avx2(pcm, samples) / (float)samples;
#endif
  (void)avx2;
  return (float)squares_plain(pcm, samples) / (float)samples;
}

#endif
