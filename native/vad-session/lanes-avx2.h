/*
 * The same filter bank over 16 streams with AVX2, chosen at run time where the processor has it. A row holds one sample of 16 streams as
 * 16-bit numbers; products and filter states are 32 bits wide and live in two registers, the low and the high half of each 128-bit part
 * as the unpack and pack instructions split and join them.
 *
 * Two things make it quick. `pmaddwd` multiplies the low and the high 16 bits of each 32-bit number by a constant each, so a state's upper or
 * lower half is multiplied where it lies, without being cut out first. And the shift that follows a product is left out of the feedback.
 */
#ifndef PARLANDO_LANES_AVX2_H_
#define PARLANDO_LANES_AVX2_H_

#include "avx2.h"
#include "band-energy.h"

#ifdef HAS_AVX2_LANES

#define AVX2 __attribute__((target("avx2")))
#define AVX2_INLINE __attribute__((target("avx2"), always_inline)) static inline
#define WIDE 16

/* The low 16 bits of each 32-bit number are multiplied by `low`, the high ones by `high`, and the products added. */
#define FACTORS(low, high) _mm256_set1_epi32((int32_t)(((uint32_t)(uint16_t)(high) << 16) | (uint16_t)(low)))

AVX2_INLINE __m256i row_at(const int16_t* rows, int i) { return _mm256_load_si256((const __m256i*)(rows + i * WIDE)); }
AVX2_INLINE void set_row(int16_t* rows, int i, __m256i row) { _mm256_store_si256((__m256i*)(rows + i * WIDE), row); }

/* 16 numbers of 16 bits from the low halves of two times 8 of 32. */
AVX2_INLINE __m256i join_low(__m256i low, __m256i high) {
  const __m256i mask = _mm256_set1_epi32(0xFFFF);
  return _mm256_packus_epi32(_mm256_and_si256(low, mask), _mm256_and_si256(high, mask));
}

/* The same from the high halves. */
AVX2_INLINE __m256i join_high(__m256i low, __m256i high) {
  return _mm256_packs_epi32(_mm256_srai_epi32(low, 16), _mm256_srai_epi32(high, 16));
}

/* Sample by sample from stream by stream: 16 samples of 16 streams. */
AVX2 static void a_transpose_16(const int16_t* const* from, int at, int16_t* rows) {
  __m256i a[16], b[16];
  for (int i = 0; i < 16; i++) a[i] = _mm256_loadu_si256((const __m256i*)(from[i] + at));
  for (int i = 0; i < 8; i++) {
    b[2 * i] = _mm256_unpacklo_epi16(a[2 * i], a[2 * i + 1]);
    b[2 * i + 1] = _mm256_unpackhi_epi16(a[2 * i], a[2 * i + 1]);
  }
  for (int i = 0; i < 4; i++) {
    a[4 * i] = _mm256_unpacklo_epi32(b[4 * i], b[4 * i + 2]);
    a[4 * i + 1] = _mm256_unpackhi_epi32(b[4 * i], b[4 * i + 2]);
    a[4 * i + 2] = _mm256_unpacklo_epi32(b[4 * i + 1], b[4 * i + 3]);
    a[4 * i + 3] = _mm256_unpackhi_epi32(b[4 * i + 1], b[4 * i + 3]);
  }
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 4; j++) {
      b[8 * i + 2 * j] = _mm256_unpacklo_epi64(a[8 * i + j], a[8 * i + 4 + j]);
      b[8 * i + 2 * j + 1] = _mm256_unpackhi_epi64(a[8 * i + j], a[8 * i + 4 + j]);
    }
  for (int i = 0; i < 8; i++) {
    set_row(rows, i, _mm256_permute2x128_si256(b[i], b[8 + i], 0x20));
    set_row(rows, i + 8, _mm256_permute2x128_si256(b[i], b[8 + i], 0x31));
  }
}

/* One step of the rate halver's all-pass filter on 8 streams: its output stands in the low 16 bits of the result. */
#define HALVER_STEP(state, in, factor)                                                            \
  ({                                                                                              \
    __m256i out_ = _mm256_add_epi32(_mm256_srai_epi32(state, 1),                                  \
                                    _mm256_srai_epi32(_mm256_madd_epi16(in, factor), 14));        \
    state = _mm256_sub_epi32(in, _mm256_srai_epi32(_mm256_madd_epi16(out_, factor), 12));         \
    out_;                                                                                         \
  })

/* Half the sample rate. `out` may be `in`. */
AVX2 static void a_halve_rate(const int16_t* in, int16_t* out, int32_t (*state)[WIDE], int in_count) {
  const __m256i f0 = FACTORS(kAllPassCoefsQ13[0], 0), f1 = FACTORS(kAllPassCoefsQ13[1], 0);
  __m256i upper_a = _mm256_load_si256((const __m256i*)state[0]), upper_b = _mm256_load_si256((const __m256i*)state[0] + 1);
  __m256i lower_a = _mm256_load_si256((const __m256i*)state[1]), lower_b = _mm256_load_si256((const __m256i*)state[1] + 1);
  for (int i = 0; i < in_count / 2; i++) {
    __m256i even = row_at(in, 2 * i), odd = row_at(in, 2 * i + 1);
    __m256i even_sign = _mm256_srai_epi16(even, 15), odd_sign = _mm256_srai_epi16(odd, 15);
    __m256i even_a = _mm256_unpacklo_epi16(even, even_sign), even_b = _mm256_unpackhi_epi16(even, even_sign);
    __m256i odd_a = _mm256_unpacklo_epi16(odd, odd_sign), odd_b = _mm256_unpackhi_epi16(odd, odd_sign);
    __m256i a = _mm256_add_epi32(HALVER_STEP(upper_a, even_a, f0), HALVER_STEP(lower_a, odd_a, f1));
    __m256i b = _mm256_add_epi32(HALVER_STEP(upper_b, even_b, f0), HALVER_STEP(lower_b, odd_b, f1));
    set_row(out, i, join_low(a, b));
  }
  _mm256_store_si256((__m256i*)state[0], upper_a);
  _mm256_store_si256((__m256i*)state[0] + 1, upper_b);
  _mm256_store_si256((__m256i*)state[1], lower_a);
  _mm256_store_si256((__m256i*)state[1] + 1, lower_b);
}

/*
 * One step of a splitting all-pass filter on 8 streams. `in` holds the sample in its high 16 bits, the rest 0. The output stands in the
 * high 16 bits of the sum, which is multiplied as it is; the state is kept as half its value.
 */
#define SPLIT_STEP(half_state, in, gain, feedback)                                                \
  ({                                                                                              \
    __m256i sum_ = _mm256_add_epi32(_mm256_slli_epi32(half_state, 1), _mm256_madd_epi16(in, gain)); \
    half_state = _mm256_add_epi32(_mm256_srai_epi32(in, 2), _mm256_madd_epi16(sum_, feedback));   \
    sum_;                                                                                         \
  })

/* The lower and the upper half of a band. `low` may be `in`. */
AVX2 static void a_split(const int16_t* in, int in_count, int16_t* upper_state, int16_t* lower_state, int16_t* high, int16_t* low) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i gain0 = FACTORS(0, kAllPassCoefsQ15[0]), back0 = FACTORS(0, -kAllPassCoefsQ15[0]);
  const __m256i gain1 = FACTORS(0, kAllPassCoefsQ15[1]), back1 = FACTORS(0, -kAllPassCoefsQ15[1]);
  __m256i upper = row_at(upper_state, 0), lower = row_at(lower_state, 0);
  /* A state is kept in 16 bits from frame to frame, the rest of it 0; half of it is exact in 32. */
  __m256i upper_a = _mm256_srai_epi32(_mm256_unpacklo_epi16(zero, upper), 1);
  __m256i upper_b = _mm256_srai_epi32(_mm256_unpackhi_epi16(zero, upper), 1);
  __m256i lower_a = _mm256_srai_epi32(_mm256_unpacklo_epi16(zero, lower), 1);
  __m256i lower_b = _mm256_srai_epi32(_mm256_unpackhi_epi16(zero, lower), 1);
  for (int i = 0; i < in_count / 2; i++) {
    __m256i even = row_at(in, 2 * i), odd = row_at(in, 2 * i + 1);
    __m256i even_a = _mm256_unpacklo_epi16(zero, even), even_b = _mm256_unpackhi_epi16(zero, even);
    __m256i odd_a = _mm256_unpacklo_epi16(zero, odd), odd_b = _mm256_unpackhi_epi16(zero, odd);
    __m256i sum0_a = SPLIT_STEP(upper_a, even_a, gain0, back0), sum0_b = SPLIT_STEP(upper_b, even_b, gain0, back0);
    __m256i sum1_a = SPLIT_STEP(lower_a, odd_a, gain1, back1), sum1_b = SPLIT_STEP(lower_b, odd_b, gain1, back1);
    __m256i a = join_high(sum0_a, sum0_b), b = join_high(sum1_a, sum1_b);
    set_row(high, i, _mm256_sub_epi16(a, b));
    set_row(low, i, _mm256_add_epi16(a, b));
  }
  set_row(upper_state, 0, join_high(_mm256_slli_epi32(upper_a, 1), _mm256_slli_epi32(upper_b, 1)));
  set_row(lower_state, 0, join_high(_mm256_slli_epi32(lower_a, 1), _mm256_slli_epi32(lower_b, 1)));
}

/* One half of a high-pass step: 8 streams. */
AVX2_INLINE __m256i high_pass_half(__m256i newest, __m256i middle, __m256i oldest) {
  const __m256i f0 = FACTORS(kHpZeroCoefs[0], kHpZeroCoefs[1]);
  const __m256i f1 = FACTORS(kHpZeroCoefs[2], -kHpPoleCoefs[1]);
  const __m256i f2 = FACTORS(-kHpPoleCoefs[2], 0);
  __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(newest, f0), _mm256_madd_epi16(middle, f1));
  return _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_madd_epi16(oldest, f2)), 14);
}

/* Takes away what is below 80 Hz of a band that is sampled at 500 Hz. */
AVX2 static void a_high_pass(int16_t* band, int count, int16_t (*state)[WIDE]) {
  __m256i in1 = row_at(state[0], 0), in2 = row_at(state[1], 0), out1 = row_at(state[2], 0), out2 = row_at(state[3], 0);
  const __m256i zero = _mm256_setzero_si256();
  for (int i = 0; i < count; i++) {
    __m256i in = row_at(band, i);
    __m256i a = high_pass_half(_mm256_unpacklo_epi16(in, in1), _mm256_unpacklo_epi16(in2, out1), _mm256_unpacklo_epi16(out2, zero));
    __m256i b = high_pass_half(_mm256_unpackhi_epi16(in, in1), _mm256_unpackhi_epi16(in2, out1), _mm256_unpackhi_epi16(out2, zero));
    in2 = in1;
    in1 = in;
    out2 = out1;
    out1 = join_low(a, b);
    set_row(band, i, out1);
  }
  set_row(state[0], 0, in1);
  set_row(state[1], 0, in2);
  set_row(state[2], 0, out1);
  set_row(state[3], 0, out2);
}

/* Sums of squares, each shifted down by what its lane needs. */
AVX2 static void a_shifted_energy(const int16_t* band, int count, const int32_t* shift, int32_t* energy) {
  const __m256i zero = _mm256_setzero_si256();
  /* In the order in which unpacking splits the lanes: 0 to 3 and 8 to 11, then the others. */
  __m256i first = _mm256_load_si256((const __m256i*)shift), second = _mm256_load_si256((const __m256i*)shift + 1);
  __m256i shift_a = _mm256_permute2x128_si256(first, second, 0x20), shift_b = _mm256_permute2x128_si256(first, second, 0x31);
  __m256i sum_a = zero, sum_b = zero;
  for (int i = 0; i < count; i++) {
    __m256i row = row_at(band, i);
    __m256i a = _mm256_unpacklo_epi16(row, zero), b = _mm256_unpackhi_epi16(row, zero);
    sum_a = _mm256_add_epi32(sum_a, _mm256_srlv_epi32(_mm256_madd_epi16(a, a), shift_a));
    sum_b = _mm256_add_epi32(sum_b, _mm256_srlv_epi32(_mm256_madd_epi16(b, b), shift_b));
  }
  _mm256_store_si256((__m256i*)energy, _mm256_permute2x128_si256(sum_a, sum_b, 0x20));
  _mm256_store_si256((__m256i*)energy + 1, _mm256_permute2x128_si256(sum_a, sum_b, 0x31));
}

/* The same where no lane needs a shift: two rows at once. */
AVX2 static void a_plain_energy(const int16_t* band, int count, int32_t* energy) {
  const __m256i zero = _mm256_setzero_si256();
  __m256i sum_a = zero, sum_b = zero;
  for (int i = 0; i < count; i += 2) {
    __m256i row = row_at(band, i), next = i + 1 < count ? row_at(band, i + 1) : zero;
    __m256i a = _mm256_unpacklo_epi16(row, next), b = _mm256_unpackhi_epi16(row, next);
    sum_a = _mm256_add_epi32(sum_a, _mm256_madd_epi16(a, a));
    sum_b = _mm256_add_epi32(sum_b, _mm256_madd_epi16(b, b));
  }
  _mm256_store_si256((__m256i*)energy, _mm256_permute2x128_si256(sum_a, sum_b, 0x20));
  _mm256_store_si256((__m256i*)energy + 1, _mm256_permute2x128_si256(sum_a, sum_b, 0x31));
}

/* The feature of one band, for each lane. */
AVX2 static void a_feature(const int16_t* band, int count, int which, prepared_frame* frames, int16_t* totals) {
  _Alignas(32) int16_t largest[WIDE];
  _Alignas(32) int32_t shift[WIDE], energy[WIDE];
  __m256i most = _mm256_set1_epi16(-1); /* so the detector's own search begins */
  for (int i = 0; i < count; i++) most = _mm256_max_epi16(most, _mm256_abs_epi16(row_at(band, i)));
  set_row(largest, 0, most);
  int any = 0;
  for (int l = 0; l < WIDE; l++) any |= shift[l] = energy_shift(largest[l], count);
  if (any)
    a_shifted_energy(band, count, shift, energy);
  else
    a_plain_energy(band, count, energy);
  for (int l = 0; l < WIDE; l++)
    frames[l].features[which] = band_feature((uint32_t)energy[l], shift[l], kOffsetVector[which], &totals[l]);
}

/* Filter states of 16 streams side by side; 32-bit ones in the order of unpacked lanes: 0 to 3, 8 to 11, 4 to 7, 12 to 15. */
typedef struct {
  _Alignas(32) int32_t halving[4][WIDE];
  int16_t upper[5][WIDE], lower[5][WIDE], pass[4][WIDE];
} wide_state;

static inline int unpacked(int lane) { return (lane & 3) | (lane & 8) >> 1 | (lane & 4) << 1; }

static void a_gather(wide_state* state, VadInstT* const* vads, int lanes) {
  for (int l = 0; l < lanes; l++) {
    const VadInstT* vad = vads[l];
    for (int s = 0; s < 4; s++) state->halving[s][unpacked(l)] = vad->downsampling_filter_states[s];
    for (int s = 0; s < 5; s++) state->upper[s][l] = vad->upper_state[s], state->lower[s][l] = vad->lower_state[s];
    for (int s = 0; s < 4; s++) state->pass[s][l] = vad->hp_filter_state[s];
  }
}

static void a_scatter(const wide_state* state, VadInstT* const* vads, int lanes) {
  for (int l = 0; l < lanes; l++) {
    VadInstT* vad = vads[l];
    for (int s = 0; s < 4; s++) vad->downsampling_filter_states[s] = state->halving[s][unpacked(l)];
    for (int s = 0; s < 5; s++) vad->upper_state[s] = state->upper[s][l], vad->lower_state[s] = state->lower[s][l];
    for (int s = 0; s < 4; s++) vad->hp_filter_state[s] = state->pass[s][l];
  }
}

/* Judges one frame of each of up to 16 streams of one rate and length. `voiced` gets 0 or 1 for each. */
AVX2 static void a_judge(VadInstT* const* vads, const int16_t* const* pcm, int lanes, int halvings, int samples, uint8_t* voiced) {
  static const int16_t silence[LONGEST_8K * 4];
  _Alignas(32) int16_t rows[LONGEST_8K * 4 * WIDE], high[LONGEST_8K / 2 * WIDE], high2[LONGEST_8K / 4 * WIDE];
  int16_t totals[WIDE] = {0};
  prepared_frame frames[WIDE];
  const int16_t* from[WIDE];
  wide_state state;
  for (int l = 0; l < WIDE; l++) from[l] = l < lanes ? pcm[l] : silence;
  if (lanes < WIDE) memset(&state, 0, sizeof state);
  a_gather(&state, vads, lanes);

  for (int at = 0; at < samples; at += 16) a_transpose_16(from, at, rows + at * WIDE); /* every length is a multiple of 80 */
  if (halvings == 2) a_halve_rate(rows, rows, &state.halving[2], samples);
  if (halvings >= 1) a_halve_rate(rows, rows, &state.halving[0], samples >> (halvings - 1));
  int count = samples >> halvings;
  a_split(rows, count, state.upper[0], state.lower[0], high, rows);
  a_split(high, count / 2, state.upper[1], state.lower[1], high2, high);
  a_feature(high2, count / 4, 5, frames, totals);
  a_feature(high, count / 4, 4, frames, totals);
  a_split(rows, count / 2, state.upper[2], state.lower[2], high, rows);
  a_feature(high, count / 4, 3, frames, totals);
  a_split(rows, count / 4, state.upper[3], state.lower[3], high, rows);
  a_feature(high, count / 8, 2, frames, totals);
  a_split(rows, count / 8, state.upper[4], state.lower[4], high, rows);
  a_feature(high, count / 16, 1, frames, totals);
  a_high_pass(rows, count / 16, state.pass);
  a_feature(rows, count / 16, 0, frames, totals);

  a_scatter(&state, vads, lanes);
  for (int l = 0; l < lanes; l++) voiced[l] = (uint8_t)decide(vads[l], &frames[l], totals[l], count, 1);
}

#endif
#endif
