/*
 * The detector's filter bank over 8 streams at once, in plain C. The filters feed back on themselves, so one stream cannot use vector
 * instructions; 8 streams side by side can, and a compiler finds them by itself in these loops over lanes. Sample i of lane l lies at
 * [i][l].
 */
#ifndef PARLANDO_LANES_PORTABLE_H_
#define PARLANDO_LANES_PORTABLE_H_

#include "band-energy.h"

#define WIDTH 8
/* Were it unrolled, which compilers like to do with so short a loop, they would find no vectors in it. */
#define EACH_LANE _Pragma("GCC unroll 1") for (int l = 0; l < WIDTH; l++)

/* Of two samples that are read as one number, which one its low half is. */
#define LOW_IS_SECOND (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

typedef int16_t row8[WIDTH];

/* Sample by sample from stream by stream, two samples at a time: half as many loads as by one, and the rest in vectors. */
static void p_transpose(const int16_t* const* pcm, int lanes, int samples, row8* rows) {
  static const int16_t silence[LONGEST_8K * 4];
  const int16_t* from[WIDTH];
  for (int l = 0; l < WIDTH; l++) from[l] = l < lanes ? pcm[l] : silence;
  for (int i = 0; i < samples; i += 2) {
    uint32_t pairs[WIDTH];
    for (int l = 0; l < WIDTH; l++) memcpy(&pairs[l], from[l] + i, sizeof pairs[l]);
    int16_t low[WIDTH], high[WIDTH];
    EACH_LANE low[l] = (int16_t)pairs[l];
    EACH_LANE high[l] = (int16_t)(pairs[l] >> 16);
    memcpy(rows[i + LOW_IS_SECOND], low, sizeof low);
    memcpy(rows[i + !LOW_IS_SECOND], high, sizeof high);
  }
}

/* Two all-pass filters and their sum: half the sample rate. `out` may be `in`. */
static void p_halve_rate(const row8* in, row8* out, int32_t (*state)[WIDTH], int in_count) {
  int32_t upper[WIDTH], lower[WIDTH];
  EACH_LANE upper[l] = state[0][l];
  EACH_LANE lower[l] = state[1][l];
  for (int i = 0; i < in_count / 2; i++) {
    const int16_t* even = in[2 * i];
    const int16_t* odd = in[2 * i + 1];
    int16_t sum[WIDTH];
    EACH_LANE {
      int16_t a = (int16_t)((upper[l] >> 1) + ((kAllPassCoefsQ13[0] * even[l]) >> 14));
      int16_t b = (int16_t)((lower[l] >> 1) + ((kAllPassCoefsQ13[1] * odd[l]) >> 14));
      upper[l] = even[l] - ((kAllPassCoefsQ13[0] * a) >> 12);
      lower[l] = odd[l] - ((kAllPassCoefsQ13[1] * b) >> 12);
      sum[l] = (int16_t)(a + b);
    }
    memcpy(out[i], sum, sizeof sum);
  }
  EACH_LANE state[0][l] = upper[l];
  EACH_LANE state[1][l] = lower[l];
}

/* Splits a band in its lower and upper half, each at half the rate. `low` may be `in`. */
static void p_split(const row8* in, int in_count, int16_t* upper_state, int16_t* lower_state, row8* high, row8* low) {
  int32_t upper[WIDTH], lower[WIDTH];
  EACH_LANE upper[l] = (int32_t)((uint32_t)upper_state[l] << 16);
  EACH_LANE lower[l] = (int32_t)((uint32_t)lower_state[l] << 16);
  for (int i = 0; i < in_count / 2; i++) {
    const int16_t* even = in[2 * i];
    const int16_t* odd = in[2 * i + 1];
    int16_t difference[WIDTH], sum[WIDTH];
    EACH_LANE {
      int16_t a = (int16_t)((upper[l] + kAllPassCoefsQ15[0] * even[l]) >> 16);
      int16_t b = (int16_t)((lower[l] + kAllPassCoefsQ15[1] * odd[l]) >> 16);
      upper[l] = (even[l] * (1 << 14) - kAllPassCoefsQ15[0] * a) * 2;
      lower[l] = (odd[l] * (1 << 14) - kAllPassCoefsQ15[1] * b) * 2;
      difference[l] = (int16_t)(a - b);
      sum[l] = (int16_t)(a + b);
    }
    memcpy(high[i], difference, sizeof difference);
    memcpy(low[i], sum, sizeof sum);
  }
  EACH_LANE upper_state[l] = (int16_t)(upper[l] >> 16);
  EACH_LANE lower_state[l] = (int16_t)(lower[l] >> 16);
}

/* Takes away what is below 80 Hz of a band that is sampled at 500 Hz. */
static void p_high_pass(row8* band, int count, int16_t (*state)[WIDTH]) {
  for (int i = 0; i < count; i++) EACH_LANE {
    int16_t in = band[i][l];
    int32_t sum = kHpZeroCoefs[0] * in + kHpZeroCoefs[1] * state[0][l] + kHpZeroCoefs[2] * state[1][l];
    sum -= kHpPoleCoefs[1] * state[2][l] + kHpPoleCoefs[2] * state[3][l];
    state[1][l] = state[0][l];
    state[0][l] = in;
    state[3][l] = state[2][l];
    state[2][l] = (int16_t)(sum >> 14);
    band[i][l] = state[2][l];
  }
}

/* The feature of one band, for each lane. */
static void p_feature(const row8* band, int count, int which, prepared_frame* frames, int16_t* totals) {
  int16_t largest[WIDTH];
  int32_t energy[WIDTH] = {0};
  int shift[WIDTH];
  int any = 0;
  EACH_LANE largest[l] = -1; /* so the detector's own search begins */
  for (int i = 0; i < count; i++) EACH_LANE {
    int16_t magnitude = (int16_t)(band[i][l] > 0 ? band[i][l] : -band[i][l]);
    largest[l] = magnitude > largest[l] ? magnitude : largest[l];
  }
  EACH_LANE any |= shift[l] = energy_shift(largest[l], count);
  if (any)
    for (int i = 0; i < count; i++) EACH_LANE energy[l] += (band[i][l] * band[i][l]) >> shift[l];
  else
    for (int i = 0; i < count; i++) EACH_LANE energy[l] += band[i][l] * band[i][l];
  EACH_LANE frames[l].features[which] = band_feature((uint32_t)energy[l], shift[l], kOffsetVector[which], &totals[l]);
}

/* Judges one frame of each of up to 8 streams of one rate and length. `voiced` gets 0 or 1 for each. */
static void p_judge(VadInstT* const* vads, const int16_t* const* pcm, int lanes, int halvings, int samples, uint8_t* voiced) {
  row8 rows[LONGEST_8K * 4], high[LONGEST_8K / 2], high2[LONGEST_8K / 4];
  int32_t halving[4][WIDTH] = {{0}};
  int16_t upper[5][WIDTH] = {{0}}, lower[5][WIDTH] = {{0}}, pass[4][WIDTH] = {{0}};
  int16_t totals[WIDTH] = {0};
  prepared_frame frames[WIDTH];

  p_transpose(pcm, lanes, samples, rows);
  for (int l = 0; l < lanes; l++) {
    for (int s = 0; s < 4; s++) halving[s][l] = vads[l]->downsampling_filter_states[s];
    for (int s = 0; s < 5; s++) upper[s][l] = vads[l]->upper_state[s], lower[s][l] = vads[l]->lower_state[s];
    for (int s = 0; s < 4; s++) pass[s][l] = vads[l]->hp_filter_state[s];
  }

  if (halvings == 2) p_halve_rate((const row8*)rows, rows, &halving[2], samples);
  if (halvings >= 1) p_halve_rate((const row8*)rows, rows, &halving[0], samples >> (halvings - 1));
  int count = samples >> halvings;
  p_split((const row8*)rows, count, upper[0], lower[0], high, rows);
  p_split((const row8*)high, count / 2, upper[1], lower[1], high2, high);
  p_feature((const row8*)high2, count / 4, 5, frames, totals);
  p_feature((const row8*)high, count / 4, 4, frames, totals);
  p_split((const row8*)rows, count / 2, upper[2], lower[2], high, rows);
  p_feature((const row8*)high, count / 4, 3, frames, totals);
  p_split((const row8*)rows, count / 4, upper[3], lower[3], high, rows);
  p_feature((const row8*)high, count / 8, 2, frames, totals);
  p_split((const row8*)rows, count / 8, upper[4], lower[4], high, rows);
  p_feature((const row8*)high, count / 16, 1, frames, totals);
  p_high_pass(rows, count / 16, pass);
  p_feature((const row8*)rows, count / 16, 0, frames, totals);

  for (int l = 0; l < lanes; l++) {
    if (halvings)
      for (int s = 0; s < 2 * halvings; s++) vads[l]->downsampling_filter_states[s] = halving[s][l];
    for (int s = 0; s < 5; s++) vads[l]->upper_state[s] = upper[s][l], vads[l]->lower_state[s] = lower[s][l];
    for (int s = 0; s < 4; s++) vads[l]->hp_filter_state[s] = pass[s][l];
    voiced[l] = (uint8_t)decide(vads[l], &frames[l], totals[l], count, 0);
  }
}

#undef EACH_LANE
#undef WIDTH

#endif
