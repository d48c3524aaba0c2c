/*
 * The detector's C interface as this project calls it: sizes are 32 bits wide, because 64-bit ones cost a JavaScript caller 11 to 19 ns
 * each, and a wrong handle of 0 is answered instead of followed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "webrtc/common_audio/vad/include/webrtc_vad.h"

/* The packaged sources leave these two to whoever links them. The detector uses none of the function pointers that the first would set. */
void WebRtcSpl_Init(void) {}

void rtc_FatalMessage(const char* file, int line, const char* msg) {
  fprintf(stderr, "webrtc-vad: %s:%d: %s\n", file, line, msg);
  abort();
}

/* A detector in the given mode (0 to 3), or NULL when there is no memory or no such mode. */
void* parlando_vad_open(int32_t mode) {
  VadInst* vad = WebRtcVad_Create();
  if (vad == NULL) return NULL;
  if (WebRtcVad_Init(vad) != 0 || WebRtcVad_set_mode(vad, mode) != 0) {
    WebRtcVad_Free(vad);
    return NULL;
  }
  return vad;
}

/* 1 speech, 0 none, -1 wrong rate or length. `pcm` must hold `samples` values. */
int32_t parlando_vad_process(void* vad, int32_t sample_rate_hz, const int16_t* pcm, int32_t samples) {
  if (samples < 0) return -1;
  return WebRtcVad_Process((VadInst*)vad, sample_rate_hz, pcm, (size_t)samples);
}

void parlando_vad_free(void* vad) {
  if (vad != NULL) WebRtcVad_Free((VadInst*)vad);
}
