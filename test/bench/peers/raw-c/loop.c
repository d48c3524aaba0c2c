/*
 * The least that the detector can cost: the same compiled library that the product opens, called in a C loop over frames in memory. One
 * call from outside runs all of it.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct VadInst VadInst;

static VadInst* (*create)(void);
static int (*init)(VadInst*);
static int (*set_mode)(VadInst*, int);
static int (*process)(VadInst*, int, const int16_t*, size_t);
static void (*release)(VadInst*);

static VadInst** vads;
static int32_t opened;

/* 0, or -1 where the library or one of its functions is not there. */
int32_t raw_load(const char* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return -1;
  *(void**)&create = dlsym(library, "WebRtcVad_Create");
  *(void**)&init = dlsym(library, "WebRtcVad_Init");
  *(void**)&set_mode = dlsym(library, "WebRtcVad_set_mode");
  *(void**)&process = dlsym(library, "WebRtcVad_Process");
  *(void**)&release = dlsym(library, "WebRtcVad_Free");
  return create && init && set_mode && process && release ? 0 : -1;
}

/* Replaces all detectors by that many fresh ones. */
int32_t raw_open(int32_t count, int32_t mode) {
  for (int32_t i = 0; i < opened; i++) release(vads[i]);
  opened = 0;
  vads = realloc(vads, (size_t)count * sizeof *vads);
  if (vads == NULL) return -1;
  for (; opened < count; opened++) {
    vads[opened] = create();
    if (vads[opened] == NULL || init(vads[opened]) != 0 || set_mode(vads[opened], mode) != 0) return -1;
  }
  return 0;
}

/*
 * Tick by tick one frame of every detector. The detectors share `frames` frames of audio: number i begins with frame i * `stride` and goes
 * round. Returns how many frames were voiced.
 */
int32_t raw_run(const int16_t* pcm, int32_t frames, int32_t samples, int32_t rate, int32_t stride, int32_t first_tick, int32_t ticks) {
  int32_t voiced = 0;
  for (int32_t tick = first_tick; tick < first_tick + ticks; tick++)
    for (int32_t i = 0; i < opened; i++) {
      const int16_t* frame = pcm + (ptrdiff_t)(((int64_t)i * stride + tick) % frames) * samples;
      voiced += process(vads[i], rate, frame, (size_t)samples) == 1;
    }
  return voiced;
}
