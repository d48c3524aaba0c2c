/*
 * The detector's filter bank for one stream: bit by bit its own, with filters that do not wait for each other in one loop. Each filter waits for
 * its last result, so that two or four of them side by side take the time of one.
 */
#ifndef PARLANDO_FILTER_BANK_H_
#define PARLANDO_FILTER_BANK_H_

#include "detector.h"

/* One all-pass filter on its way: what it adds to the next product, and its coefficient, plain and doubled. */
typedef struct {
  int32_t state;
  int32_t factor;
} all_pass;

static inline all_pass all_pass_from(int16_t state, int16_t factor) { return (all_pass){state * (1 << 16), factor}; }

static inline int16_t all_pass_next(all_pass* filter, int16_t in) {
  int32_t out = (filter->state + filter->factor * in) >> 16;
  filter->state = in * (1 << 15) - 2 * filter->factor * out;
  return (int16_t)out;
}

/* A band on its way into an upper and a lower half. */
typedef struct {
  all_pass upper, lower;
} splitting;

static inline splitting splitting_of(const VadInstT* vad, int band) {
  return (splitting){all_pass_from(vad->upper_state[band], kAllPassCoefsQ15[0]),
                     all_pass_from(vad->lower_state[band], kAllPassCoefsQ15[1])};
}

static inline void keep_splitting(VadInstT* vad, int band, const splitting* filters) {
  vad->upper_state[band] = (int16_t)(filters->upper.state >> 16);
  vad->lower_state[band] = (int16_t)(filters->lower.state >> 16);
}

static inline void split_pair(splitting* filters, const int16_t* pair, int16_t* high, int16_t* low) {
  int16_t upper = all_pass_next(&filters->upper, pair[0]);
  int16_t lower = all_pass_next(&filters->lower, pair[1]);
  *high = (int16_t)(upper - lower);
  *low = (int16_t)(lower + upper);
}

static void split(VadInstT* vad, int band, const int16_t* in, int pairs, int16_t* high, int16_t* low) {
  splitting filters = splitting_of(vad, band);
  for (int i = 0; i < pairs; i++) split_pair(&filters, in + 2 * i, high + i, low + i);
  keep_splitting(vad, band, &filters);
}

/* One sample at half the rate from two, as WebRtcVad_Downsampling does it. */
static inline int16_t halve_pair(int32_t states[2], const int16_t* pair) {
  int16_t upper = (int16_t)((states[0] >> 1) + ((kAllPassCoefsQ13[0] * pair[0]) >> 14));
  int16_t lower = (int16_t)((states[1] >> 1) + ((kAllPassCoefsQ13[1] * pair[1]) >> 14));
  states[0] = pair[0] - ((kAllPassCoefsQ13[0] * upper) >> 12);
  states[1] = pair[1] - ((kAllPassCoefsQ13[1] * lower) >> 12);
  return (int16_t)(upper + lower);
}

/* From 16 kHz: halves the rate and splits the first band in one loop. */
static void halve_and_split(VadInstT* vad, const int16_t* in, int pairs, int16_t* high, int16_t* low) {
  splitting filters = splitting_of(vad, 0);
  int32_t states[2] = {vad->downsampling_filter_states[0], vad->downsampling_filter_states[1]};
  for (int i = 0; i < pairs; i++) {
    int16_t pair[2];
    pair[0] = halve_pair(states, in + 4 * i);
    pair[1] = halve_pair(states, in + 4 * i + 2);
    split_pair(&filters, pair, high + i, low + i);
  }
  vad->downsampling_filter_states[0] = states[0];
  vad->downsampling_filter_states[1] = states[1];
  keep_splitting(vad, 0, &filters);
}

/*
 * The features of a frame at 8 kHz, or at 16 where it is to be halved first. `samples` is 80, 160 or 240, as at 8 kHz. Returns the energy
 * indicator that goes with them.
 */
static int16_t features_of(VadInstT* vad, const int16_t* pcm, int halve, int samples, int16_t* features) {
  int16_t high[120], low[120], high_high[60], high_low[60], low_high[60], low_low[60];
  int16_t total = 0;
  if (halve)
    halve_and_split(vad, pcm, samples / 2, high, low);
  else
    split(vad, 0, pcm, samples / 2, high, low);
  splitting above = splitting_of(vad, 1), below = splitting_of(vad, 2);
  for (int i = 0; i < samples / 4; i++) {
    split_pair(&above, high + 2 * i, high_high + i, high_low + i);
    split_pair(&below, low + 2 * i, low_high + i, low_low + i);
  }
  keep_splitting(vad, 1, &above);
  keep_splitting(vad, 2, &below);
  /* From the highest band to the lowest: the total stops growing once it is large enough. */
  LogOfEnergy(high_high, (size_t)samples / 4, kOffsetVector[5], &total, &features[5]);
  LogOfEnergy(high_low, (size_t)samples / 4, kOffsetVector[4], &total, &features[4]);
  LogOfEnergy(low_high, (size_t)samples / 4, kOffsetVector[3], &total, &features[3]);
  split(vad, 3, low_low, samples / 8, high, low);
  LogOfEnergy(high, (size_t)samples / 8, kOffsetVector[2], &total, &features[2]);
  split(vad, 4, low, samples / 16, high_high, low_low);
  LogOfEnergy(high_high, (size_t)samples / 16, kOffsetVector[1], &total, &features[1]);
  HighPassFilter(low_low, (size_t)samples / 16, vad->hp_filter_state, high);
  LogOfEnergy(high, (size_t)samples / 16, kOffsetVector[0], &total, &features[0]);
  return total;
}

/* One frame by itself. `halvings` is 0, 1 or 2 for 8, 16 or 32 kHz. */
static int detect_one(VadInstT* vad, const int16_t* pcm, int halvings, int samples, int avx2) {
  int16_t half[LONGEST_8K * 2];
  prepared_frame frame;
  if (halvings == 2) {
    WebRtcVad_Downsampling(pcm, half, &vad->downsampling_filter_states[2], (size_t)samples);
    pcm = half;
  }
  samples >>= halvings;
  int16_t total = features_of(vad, pcm, halvings > 0, samples, frame.features);
  return decide(vad, &frame, total, samples, avx2);
}

#endif
