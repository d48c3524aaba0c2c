/*
 * A decision begins with 24 probabilities: of six features, under two normal distributions each for speech and for noise. The detector
 * computes them one by one inside its decision, a division each. Here they are prepared before, eight at once where the processor has AVX2, and
 * the packaged decision finds them beside its features.
 *
 * Comes between the packaged headers and vad_core.c: its calls are taken over by a macro, which uses the names of what surrounds them there
 * (`features`, `gaussian`, `deltaS`).
 */
#ifndef PARLANDO_GAUSSIANS_H_
#define PARLANDO_GAUSSIANS_H_

#include "webrtc/common_audio/vad/vad_core.h"
#include "webrtc/common_audio/vad/vad_gmm.h"

#include "avx2.h"

#define GAUSSIANS (2 * kTableSize) /* noise, then speech; of each the first of every band, then the second */

/* The features of one frame, as the decision wants them: first in memory. */
typedef struct {
  int16_t features[kNumChannels];
  int16_t delta[GAUSSIANS];
  int32_t probability[GAUSSIANS];
} prepared_frame;

static inline int32_t prepared_probability(const int16_t* features, int speech, int gaussian, int16_t* delta) {
  const prepared_frame* frame = (const prepared_frame*)(const void*)features;
  *delta = frame->delta[speech * kTableSize + gaussian];
  return frame->probability[speech * kTableSize + gaussian];
}

/* The parameters of all 24 in a row, and the feature that each is asked about. */
static inline void gather_gaussians(const VadInstT* vad, const prepared_frame* frame, int16_t* features, int16_t* means, int16_t* deviations) {
  for (int i = 0; i < 4; i++) memcpy(features + i * kNumChannels, frame->features, sizeof frame->features);
  memcpy(means, vad->noise_means, sizeof vad->noise_means);
  memcpy(means + kTableSize, vad->speech_means, sizeof vad->speech_means);
  memcpy(deviations, vad->noise_stds, sizeof vad->noise_stds);
  memcpy(deviations + kTableSize, vad->speech_stds, sizeof vad->speech_stds);
}

/*
 * In plain C: what all 24 have in common first, in a loop that a compiler finds vectors in, then the exponentials. The fixed-point formats are
 * those that vad_gmm.c explains.
 */
static void prepare_plain(const VadInstT* vad, prepared_frame* frame) {
  int16_t features[GAUSSIANS], means[GAUSSIANS], deviations[GAUSSIANS], inverse[GAUSSIANS];
  int32_t exponent[GAUSSIANS];
  gather_gaussians(vad, frame, features, means, deviations);
  for (int g = 0; g < GAUSSIANS; g++) {
    /* Both numbers are below 2^24 and the quotient below 2^9, so a single-precision quotient is cut off at the right place. */
    inverse[g] = (int16_t)((float)(131072 + (deviations[g] >> 1)) / (float)deviations[g]); /* 1 / s, Q10 */
    int16_t quarter = (int16_t)(inverse[g] >> 2);
    int16_t inverse_squared = (int16_t)((quarter * quarter) >> 2);      /* Q14 */
    int16_t distance = (int16_t)((int16_t)(features[g] << 3) - means[g]); /* Q7 */
    int16_t delta = (int16_t)((inverse_squared * distance) >> 10);      /* Q11 */
    frame->delta[g] = delta;
    exponent[g] = (delta * distance) >> 9; /* Q10 */
  }
  for (int g = 0; g < GAUSSIANS; g++) {
    /* e^-x as a power of 2: the fraction becomes the mantissa, the rest a shift. */
    int16_t log2 = (int16_t)-(int16_t)((5909 * (uint32_t)exponent[g]) >> 12);
    int32_t power = (0x400 | (log2 & 0x3FF)) >> ((((int16_t)~log2 >> 10) + 1) & 31);
    frame->probability[g] = exponent[g] < 22005 ? inverse[g] * power : 0;
  }
}

#ifdef HAS_AVX2_LANES

#define GAUSS_INLINE __attribute__((target("avx2"), always_inline)) static inline

/* As a 16-bit variable keeps it: the low half, with its sign. */
GAUSS_INLINE __m256i in_16_bits(__m256i x) { return _mm256_srai_epi32(_mm256_slli_epi32(x, 16), 16); }

/* Eight distributions: what vad_gmm.c explains, in the same fixed-point formats. */
GAUSS_INLINE void eight_gaussians(__m256i feature, __m256i mean, __m256i deviation, int16_t* delta_out, int32_t* probability_out) {
  /* 1 / s in Q10. Both numbers are below 2^24 and the quotient below 2^9, so a single-precision quotient is cut off at the right place. */
  __m256i dividend = _mm256_add_epi32(_mm256_set1_epi32(131072), _mm256_srai_epi32(deviation, 1));
  __m256i inverse = _mm256_cvttps_epi32(_mm256_div_ps(_mm256_cvtepi32_ps(dividend), _mm256_cvtepi32_ps(deviation)));
  __m256i quarter = _mm256_srai_epi32(inverse, 2);
  __m256i inverse_squared = _mm256_srai_epi32(_mm256_mullo_epi32(quarter, quarter), 2); /* Q14 */
  __m256i distance = in_16_bits(_mm256_sub_epi32(_mm256_slli_epi32(feature, 3), mean)); /* Q7 */
  __m256i delta = in_16_bits(_mm256_srai_epi32(_mm256_mullo_epi32(inverse_squared, distance), 10)); /* Q11 */
  __m256i exponent = _mm256_srai_epi32(_mm256_mullo_epi32(delta, distance), 9); /* Q10 */
  /* e^-x as a power of 2: the fraction becomes the mantissa, the rest a shift. */
  __m256i log2 = in_16_bits(_mm256_srai_epi32(_mm256_mullo_epi32(exponent, _mm256_set1_epi32(5909)), 12));
  log2 = in_16_bits(_mm256_sub_epi32(_mm256_setzero_si256(), log2));
  __m256i mantissa = _mm256_or_si256(_mm256_set1_epi32(0x400), _mm256_and_si256(log2, _mm256_set1_epi32(0x3FF)));
  __m256i shift = _mm256_add_epi32(_mm256_srai_epi32(_mm256_xor_si256(log2, _mm256_set1_epi32(-1)), 10), _mm256_set1_epi32(1));
  __m256i power = _mm256_srlv_epi32(mantissa, _mm256_and_si256(shift, _mm256_set1_epi32(31)));
  __m256i small = _mm256_cmpgt_epi32(_mm256_set1_epi32(22005), exponent); /* else it is 0 */
  _mm256_storeu_si256((__m256i*)probability_out, _mm256_mullo_epi32(inverse, _mm256_and_si256(power, small)));
  __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi32(delta, delta), 0x08);
  _mm_storeu_si128((__m128i*)delta_out, _mm256_castsi256_si128(packed));
}

GAUSS_INLINE __m256i eight_numbers(const int16_t* from) {
  return _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i*)from));
}

__attribute__((target("avx2"))) static void prepare_avx2(const VadInstT* vad, prepared_frame* frame) {
  int16_t features[GAUSSIANS], means[GAUSSIANS], deviations[GAUSSIANS];
  gather_gaussians(vad, frame, features, means, deviations);
  for (int g = 0; g < GAUSSIANS; g += 8)
    eight_gaussians(eight_numbers(features + g), eight_numbers(means + g), eight_numbers(deviations + g), frame->delta + g,
                    frame->probability + g);
}
#endif

#define WebRtcVad_GaussianProbability(input, mean, deviation, delta_out) \
  prepared_probability(features, (delta_out) == &deltaS[gaussian], gaussian, delta_out)

#endif
