/*
 * The sum of squares, from which a level follows. Exact: 2^33 samples would have to be at full scale before it no longer fits.
 */
#ifndef PARLANDO_POWER_H_
#define PARLANDO_POWER_H_

#include "audio.h"

EITHER_WAY uint64_t squares(const int16_t* pcm, int32_t count) {
  uint64_t sum = 0;
  for (int32_t i = 0; i < count; i++) sum += (uint32_t)(pcm[i] * pcm[i]);
  return sum;
}

static uint64_t squares_portable(const int16_t* pcm, int32_t count) { return squares(pcm, count); }

#ifdef HAS_AVX2
AVX2 static uint64_t squares_avx2(const int16_t* pcm, int32_t count) {
  const __m256i zero = _mm256_setzero_si256();
  __m256i even = zero, odd = zero;
  int32_t i = 0;
  for (; i + 16 <= count; i += 16) {
    __m256i row = _mm256_loadu_si256((const __m256i*)(pcm + i));
    __m256i pairs = _mm256_madd_epi16(row, row); /* up to 2^31: without a sign */
    even = _mm256_add_epi64(even, _mm256_unpacklo_epi32(pairs, zero));
    odd = _mm256_add_epi64(odd, _mm256_unpackhi_epi32(pairs, zero));
  }
  uint64_t parts[4];
  _mm256_storeu_si256((__m256i*)parts, _mm256_add_epi64(even, odd));
  return parts[0] + parts[1] + parts[2] + parts[3] + squares(pcm + i, count - i);
}
#endif

#endif
