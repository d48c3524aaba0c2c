/*
 * The packaged detector, taken in as source, so that its decision code and tables can be called with features of our own making: by
 * `detect_one` and `decide`. Its own WebRtcVad_CalcVad functions must not be called here, for they prepare no probabilities. Whoever compiles
 * this passes the package's `src` folder with -I, and -fwrapv, because the sources count on integers that wrap.
 */
#ifndef PARLANDO_DETECTOR_H_
#define PARLANDO_DETECTOR_H_

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "webrtc/common_audio/signal_processing/division_operations.c"
#include "webrtc/common_audio/signal_processing/energy.c"
#include "webrtc/common_audio/signal_processing/get_scaling_square.c"
#include "webrtc/common_audio/signal_processing/resample_48khz.c"
#include "webrtc/common_audio/signal_processing/resample_by_2_internal.c"
#include "webrtc/common_audio/signal_processing/resample_fractional.c"
#include "webrtc/common_audio/signal_processing/spl_inl.c"

#include "gaussians.h"
#include "minimum.h"

#include "webrtc/common_audio/vad/vad_core.c"
#undef WebRtcVad_FindMinimum
#undef WebRtcVad_GaussianProbability
#include "webrtc/common_audio/vad/vad_filterbank.c"
#include "webrtc/common_audio/vad/vad_gmm.c"
#include "webrtc/common_audio/vad/vad_sp.c"

/* What the packaged assertions call; it does not return. */
void rtc_FatalMessage(const char* file, int line, const char* msg) {
  fprintf(stderr, "vad-session: %s:%d: %s\n", file, line, msg);
  abort();
}

/* Samples at 8 kHz, the rate inside, in the longest frame. */
#define LONGEST_8K 240

/* Whether this processor has AVX2; asked once for a pool. */
static int has_avx2(void) {
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") != 0;
#else
  return 0;
#endif
}

/* The detector's decision on features that are in `frame`, made by its filter bank or ours; `samples_8k` is 80, 160 or 240. */
static inline int decide(VadInstT* vad, prepared_frame* frame, int16_t total_energy, int samples_8k, int avx2) {
  if (total_energy > kMinEnergy) { /* else it decides without */
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
    if (avx2)
      prepare_avx2(vad, frame);
    else
#endif
      prepare_plain(vad, frame);
  }
  (void)avx2;
  vad->vad = GmmProbability(vad, frame->features, total_energy, (size_t)samples_8k);
  return vad->vad > 0;
}

/* One frame by the detector's own filters. `halvings` is 0, 1 or 2 for 8, 16 or 32 kHz. */
static int detect_one(VadInstT* vad, const int16_t* pcm, int halvings, int samples, int avx2) {
  int16_t half[LONGEST_8K * 2], quarter[LONGEST_8K];
  prepared_frame frame;
  if (halvings == 2) {
    WebRtcVad_Downsampling(pcm, half, &vad->downsampling_filter_states[2], (size_t)samples);
    pcm = half;
    samples /= 2;
  }
  if (halvings >= 1) {
    WebRtcVad_Downsampling(pcm, quarter, vad->downsampling_filter_states, (size_t)samples);
    pcm = quarter;
    samples /= 2;
  }
  int16_t total = WebRtcVad_CalculateFeatures(vad, pcm, (size_t)samples, frame.features);
  return decide(vad, &frame, total, samples, avx2);
}

#endif
