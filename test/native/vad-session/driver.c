/*
 * Drives sessions and lanes under AddressSanitizer and UndefinedBehaviorSanitizer, with every frame and chunk in a malloc'ed buffer of exactly
 * its size, so that one read beyond an end is caught. Takes session.c in as source to reach the lanes themselves.
 *
 *   driver FILE       compares all ways of judging on the file's blocks, and misuses every function; 0 when all is as it should be
 *   driver --overread hands a length over that its buffer does not have; the sanitizer has to end it
 *
 * A block: five 32-bit numbers (Hz, frame ms, mode, streams, ticks), the samples tick by tick and stream by stream, and for each frame a byte
 * that says whether the plain detector calls it voiced.
 */
#include "session.c"

#define MAX_STREAMS 40

static int failures;

static void expect(int is, const char* what) {
  if (is) return;
  failures++;
  fprintf(stderr, "not so: %s\n", what);
}

static void* exactly(const void* bytes, size_t length) {
  void* copy = malloc(length);
  memcpy(copy, bytes, length);
  return copy;
}

/* The lanes by themselves: each frame in a buffer of its own. */
static void judge_lanes(const int32_t* head, const int16_t* pcm, int samples, int halvings, int width, int avx2, const uint8_t* wanted) {
  int streams = head[3], ticks = head[4];
  VadInstT* vads = calloc((size_t)streams, sizeof *vads);
  for (int s = 0; s < streams; s++) WebRtcVad_InitCore(&vads[s]), WebRtcVad_set_mode_core(&vads[s], head[2]);
  for (int tick = 0; tick < ticks; tick++)
    for (int from = 0; from < streams; from += width) {
      int lanes = streams - from < width ? streams - from : width;
      VadInstT* group[16];
      int16_t* buffers[16];
      const int16_t* frames[16];
      uint8_t voiced[16];
      for (int l = 0; l < lanes; l++) {
        group[l] = &vads[from + l];
        frames[l] = buffers[l] = exactly(pcm + ((size_t)tick * streams + from + l) * samples, (size_t)samples * 2);
      }
      if (width == 1)
        voiced[0] = (uint8_t)detect_one(group[0], frames[0], halvings, samples, avx2);
#ifdef HAS_AVX2_LANES
      else if (avx2)
        a_judge(group, frames, lanes, halvings, samples, voiced);
#endif
      else
        p_judge(group, frames, lanes, halvings, samples, voiced);
      expect(memcmp(voiced, wanted + (size_t)tick * streams + from, (size_t)lanes) == 0, "a lane decides as the plain detector");
      for (int l = 0; l < lanes; l++) free(buffers[l]);
    }
  free(vads);
}

/* A tick's frames as chunks of whole frames, or cut at an odd byte and from an odd address. */
static void stage_frame(vs_pool* pool, double id, const int16_t* frame, int32_t bytes, int odd) {
  int32_t cut = odd ? (bytes / 3) | 1 : bytes;
  uint8_t* first = exactly(frame, (size_t)cut);
  expect(vs_stage(pool, id, first, cut) == (odd ? 0 : 1), "a whole frame is one frame");
  free(first);
  if (!odd) return;
  uint8_t* second = malloc((size_t)(bytes - cut) + 1);
  memcpy(second + 1, (const uint8_t*)frame + cut, (size_t)(bytes - cut));
  expect(vs_stage(pool, id, second + 1, bytes - cut) == 1, "the rest completes it");
  free(second);
}

/* Sessions in batches of exactly sized outputs. */
static void judge_sessions(int way, const int32_t* head, const int16_t* pcm, int samples, const uint8_t* wanted) {
  vs_pool* pool = vs_pool_open(way);
  int32_t settings[VS_SETTINGS] = {head[0], head[2], head[1], 300, 60, 500, 2000, 200};
  double ids[MAX_STREAMS];
  for (int s = 0; s < head[3]; s++) ids[s] = vs_open(pool, settings, VS_SETTINGS, 0);
  for (int tick = 0; tick < head[4]; tick++) {
    int odd = tick % 3 == 1;
    for (int s = 0; s < head[3]; s++)
      stage_frame(pool, ids[s], pcm + ((size_t)tick * head[3] + s) * samples, samples * 2, odd);
    int32_t items = head[3] * (odd ? 2 : 1), frames = head[3];
    int32_t* fields = malloc((size_t)items * VS_ITEM_FIELDS * sizeof *fields);
    uint8_t* steps = malloc((size_t)frames);
    float* levels = malloc((size_t)frames * sizeof *levels);
    double* events = malloc((size_t)frames * VS_EVENT_FIELDS * sizeof *events);
    expect(vs_run(pool, fields, items * VS_ITEM_FIELDS - 1, steps, levels, frames, events, frames * VS_EVENT_FIELDS) == VS_NO_ROOM,
           "too small an output is refused");
    expect(vs_run(pool, fields, items * VS_ITEM_FIELDS, steps, levels, frames, events, frames * VS_EVENT_FIELDS) >= 0, "a batch runs");
    for (int s = 0; s < head[3]; s++)
      expect(steps[s] >> 7 == wanted[(size_t)tick * head[3] + s], "a session decides as the plain detector");
    free(fields), free(steps), free(levels), free(events);
  }
  vs_pool_close(pool);
}

/* One stream in pushes of every length. */
static void judge_pushes(const int32_t* head, const int16_t* pcm, int samples, const uint8_t* wanted) {
  vs_pool* pool = vs_pool_open(VS_SCALAR);
  int32_t settings[VS_SETTINGS] = {head[0], head[2], head[1], 300, 60, 500, 2000, 200};
  double id = vs_open(pool, settings, VS_SETTINGS, 0);
  size_t total = (size_t)head[4] * samples * 2;
  uint8_t* stream = malloc(total);
  for (int tick = 0; tick < head[4]; tick++)
    memcpy(stream + (size_t)tick * samples * 2, pcm + (size_t)tick * head[3] * samples, (size_t)samples * 2);
  int32_t done = 0;
  size_t at = 0;
  for (int32_t length = 1; at < total; length = length * 7 % 4099 + 1) {
    if (at + (size_t)length > total) length = (int32_t)(total - at);
    int32_t frames = length / (samples * 2) + 1;
    uint8_t* chunk = exactly(stream + at, (size_t)length);
    uint8_t* steps = malloc((size_t)frames);
    float* levels = malloc((size_t)frames * sizeof *levels);
    double* events = malloc((size_t)frames * VS_EVENT_FIELDS * sizeof *events);
    double found = vs_push(pool, id, chunk, length, steps, levels, frames, events, frames * VS_EVENT_FIELDS);
    expect(found >= 0, "a push is taken");
    for (int32_t i = 0; i < (int32_t)found % 65536; i++, done++)
      expect(steps[i] >> 7 == wanted[(size_t)done * head[3]], "a push decides as the plain detector");
    at += (size_t)length;
    free(chunk), free(steps), free(levels), free(events);
  }
  expect(done == head[4], "every frame was judged");
  free(stream);
  vs_pool_close(pool);
}

static uint32_t next_random(uint32_t* seed) { return (*seed = *seed * 1664525u + 1013904223u) >> 8; }

/* Our noise floor beside the packaged one: a wandering feature, and states that no stream leads to so soon. */
static void compare_minimum(void) {
  VadInstT theirs, ours;
  WebRtcVad_InitCore(&theirs);
  ours = theirs;
  uint32_t seed = 1;
  int level = 500, differing = 0;
  for (int n = 0; n < 300000; n++) {
    if (next_random(&seed) % 3000 == 0) level = (int)(next_random(&seed) % 1500);
    if (n % 6 == 0) ours.frame_counter = ++theirs.frame_counter;
    if (n % 50 == 0) {
      for (int i = 0; i < 16; i++) theirs.index_vector[i] = (int16_t)(next_random(&seed) % 3 ? next_random(&seed) % 102 : 100);
      memcpy(ours.index_vector, theirs.index_vector, sizeof ours.index_vector);
    }
    int16_t feature = (int16_t)(level + (int)(next_random(&seed) % (n % 700 < 350 ? 200 : 3)));
    int16_t wanted = WebRtcVad_FindMinimum(&theirs, feature, n % 6);
#ifdef __SSE2__
    differing += find_minimum(&ours, feature, n % 6) != wanted || memcmp(&ours, &theirs, sizeof ours) != 0;
#else
    (void)wanted;
#endif
  }
  expect(differing == 0, "the noise floor is that of the packaged detector");
}

/* Our Gaussians beside the packaged ones, over all that features, means and deviations can be. */
static void compare_gaussians(void) {
  VadInstT vad;
  uint32_t seed = 2;
  int differing = 0;
  for (int n = 0; n < 40000; n++) {
    prepared_frame plain, wide;
    for (int i = 0; i < kNumChannels; i++) plain.features[i] = (int16_t)(next_random(&seed) % 2400);
    for (int i = 0; i < kTableSize; i++) {
      vad.noise_means[i] = (int16_t)(640 + next_random(&seed) % 13000);
      vad.speech_means[i] = (int16_t)(640 + next_random(&seed) % 13000);
      vad.noise_stds[i] = (int16_t)(378 + next_random(&seed) % (n % 2 ? 700 : 32000));
      vad.speech_stds[i] = (int16_t)(378 + next_random(&seed) % (n % 2 ? 700 : 32000));
    }
    wide = plain;
    prepare_plain(&vad, &plain);
#ifdef HAS_AVX2_LANES
    if (has_avx2())
      prepare_avx2(&vad, &wide);
    else
#endif
      wide = plain;
    for (int g = 0; g < GAUSSIANS; g++) {
      int speech = g >= kTableSize, at = g % kTableSize;
      int16_t delta;
      int32_t wanted = WebRtcVad_GaussianProbability(plain.features[at % kNumChannels], (speech ? vad.speech_means : vad.noise_means)[at],
                                                     (speech ? vad.speech_stds : vad.noise_stds)[at], &delta);
      differing += plain.probability[g] != wanted || plain.delta[g] != delta;
      differing += wide.probability[g] != wanted || wide.delta[g] != delta;
    }
  }
  expect(differing == 0, "the probabilities are those of the packaged detector");
}

/* Our band features beside the packaged ones, shifted energies and the total included. */
static void compare_features(void) {
  uint32_t seed = 3;
  int differing = 0;
  for (int n = 0; n < 60000; n++) {
    int16_t band[60], total = (int16_t)(n % 3 * 5), feature, our_total = total;
    int count = (int[]){5, 10, 15, 20, 40, 60}[n % 6], size = (int)(next_random(&seed) % 16);
    for (int i = 0; i < 60; i++) band[i] = (int16_t)((int16_t)(next_random(&seed) & 0xFFFF) >> size);
    if (n % 7 == 0)
      for (int i = 0; i < 60; i++) band[i] = n % 2 ? -32768 : 0;
    LogOfEnergy(band, (size_t)count, kOffsetVector[n % 6], &total, &feature);
    int shift;
    uint32_t energy = (uint32_t)WebRtcSpl_Energy(band, (size_t)count, &shift);
    int16_t largest = -1;
    for (int i = 0; i < count; i++) {
      int16_t magnitude = (int16_t)(band[i] > 0 ? band[i] : -band[i]);
      largest = magnitude > largest ? magnitude : largest;
    }
    differing += energy_shift(largest, count) != shift;
    differing += band_feature(energy, shift, kOffsetVector[n % 6], &our_total) != feature || our_total != total;
  }
  expect(differing == 0, "the features are those of the packaged detector");
}

static void misuse(void) {
  int32_t settings[VS_SETTINGS] = {16000, 3, 20, 300, 60, 500, 15000, 200};
  uint8_t chunk[640] = {0};
  vs_pool* pool = vs_pool_open(VS_BEST);
  vs_pool* other = vs_pool_open(VS_BEST);
  double id = vs_open(pool, settings, VS_SETTINGS, 0), closed = vs_open(pool, settings, VS_SETTINGS, 0);
  double foreign = vs_open(other, settings, VS_SETTINGS, 0);
  expect(vs_close(pool, closed) == 0 && vs_close(pool, closed) == VS_BAD_ID, "a session closes once");
  double wrong[] = {0, -1, 0.5, 1e300, -1e300, 0.0 / 0.0, 1.0 / 0.0, closed, foreign, id + 1, id + 4294967296.0};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    expect(vs_stage(pool, wrong[i], chunk, 640) == VS_BAD_ID, "a wrong id is not staged");
    expect(vs_push(pool, wrong[i], chunk, 640, chunk, NULL, 0, NULL, 0) == VS_BAD_ID, "nor pushed");
    expect(vs_skip(pool, wrong[i], 1) == VS_BAD_ID && vs_flush(pool, wrong[i]) == VS_BAD_ID, "nor skipped, nor flushed");
    expect(vs_rest(pool, wrong[i]) == VS_BAD_ID && vs_short(pool, wrong[i], 1) == VS_BAD_ID, "nor asked");
    expect(vs_close(pool, wrong[i]) == VS_BAD_ID, "nor closed");
  }
  double reused = vs_open(pool, settings, VS_SETTINGS, 0);
  expect(reused != closed && vs_stage(pool, closed, chunk, 640) == VS_BAD_ID, "a slot's next session has another id");
  expect(vs_stage(pool, id, chunk, -1) == VS_TOO_LONG && vs_stage(pool, id, chunk, VS_MAX_CHUNK_BYTES + 1) == VS_TOO_LONG, "lengths");
  expect(vs_stage(pool, id, chunk, 0) == 0 && vs_stage(pool, id, NULL, 0) == 0, "an empty chunk is one");
  expect(vs_close(pool, id) == VS_PENDING && vs_flush(pool, id) == VS_PENDING, "what is staged is run first");
  expect(vs_discard(pool) == 0 && vs_close(pool, id) == 0, "or discarded");
  int32_t bad[][VS_SETTINGS] = {{44100, 3, 20}, {16000, 4, 20}, {16000, -1, 20}, {16000, 3, 25}, {16000, 3, 20, -1}, {16000, 3, 20, 2000000000}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) expect(vs_open(pool, bad[i], VS_SETTINGS, 0) == VS_BAD_SETTINGS, "settings");
  expect(vs_open(pool, settings, VS_SETTINGS - 1, 0) == VS_BAD_SETTINGS && vs_open(pool, settings, VS_SETTINGS, -1) == VS_BAD_SETTINGS, "more settings");
  expect(vs_pool_open(9) == NULL && vs_pool_open(-1) == NULL && vs_pool_way(NULL) == VS_BAD_POOL, "pools");
  expect(vs_run(NULL, NULL, 0, NULL, NULL, 0, NULL, 0) == VS_BAD_POOL && vs_stage(NULL, id, chunk, 1) == VS_BAD_ID, "no pool");
  vs_pool_close(pool), vs_pool_close(other), vs_pool_close(NULL);
}

static int overread(void) {
  vs_pool* pool = vs_pool_open(VS_SCALAR);
  int32_t settings[VS_SETTINGS] = {16000, 3, 20, 300, 60, 500, 15000, 200};
  double id = vs_open(pool, settings, VS_SETTINGS, 0), events[VS_EVENT_FIELDS];
  int16_t* frame = calloc(319, sizeof *frame); /* one sample short */
  uint8_t steps[1];
  float levels[1];
  double found = vs_push(pool, id, (const uint8_t*)frame, 640, steps, levels, 1, events, VS_EVENT_FIELDS);
  printf("not caught: %g\n", found);
  free(frame);
  return 0;
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  if (strcmp(argv[1], "--overread") == 0) return overread();
  FILE* file = fopen(argv[1], "rb");
  if (file == NULL) return 2;
  int32_t head[5];
  long frames = 0, voiced_frames = 0;
  while (fread(head, sizeof head, 1, file) == 1) {
    int samples = head[0] / 1000 * head[1], halvings = head[0] == 8000 ? 0 : head[0] == 16000 ? 1 : 2;
    size_t count = (size_t)head[3] * head[4];
    if (head[3] < 1 || head[3] > MAX_STREAMS) return 2;
    int16_t* pcm = malloc(count * samples * 2);
    uint8_t* wanted = malloc(count);
    if (fread(pcm, (size_t)samples * 2, count, file) != count || fread(wanted, 1, count, file) != count) return 2;
    judge_lanes(head, pcm, samples, halvings, 1, 0, wanted);
    judge_lanes(head, pcm, samples, halvings, 8, 0, wanted);
    judge_sessions(VS_PORTABLE, head, pcm, samples, wanted);
    if (has_avx2()) {
      judge_lanes(head, pcm, samples, halvings, 1, 1, wanted);
      judge_lanes(head, pcm, samples, halvings, 16, 1, wanted);
      judge_sessions(VS_AVX2, head, pcm, samples, wanted);
    }
    judge_pushes(head, pcm, samples, wanted);
    frames += (long)count;
    for (size_t i = 0; i < count; i++) voiced_frames += wanted[i];
    free(pcm), free(wanted);
  }
  fclose(file);
  compare_minimum();
  compare_gaussians();
  compare_features();
  misuse();
  printf("%ld frames, %ld voiced, %d failures\n", frames, voiced_frames, failures);
  return failures == 0 ? 0 : 1;
}
