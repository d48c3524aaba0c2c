/*
 * The packaged detector, taken in as source, so that its decision code and tables can be called with features of our own making, by `decide`.
 * Its own WebRtcVad_CalcVad functions must not be called here, for they prepare no probabilities. Whoever compiles this passes the package's
 * `src` folder with -I, and -fwrapv, because the sources count on integers that wrap.
 */
#ifndef PARLANDO_DETECTOR_H_
#define PARLANDO_DETECTOR_H_

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "avx2.h"

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
#ifdef HAS_AVX2_LANES
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") != 0;
#else
  return 0;
#endif
}

/* The detector's decision on features that are in `frame`, made by a filter bank of ours; `samples_8k` is 80, 160 or 240. */
static inline int decide(VadInstT* vad, prepared_frame* frame, int16_t total_energy, int samples_8k, int avx2) {
  if (total_energy > kMinEnergy) { /* else it decides without */
#ifdef HAS_AVX2_LANES
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

#endif
