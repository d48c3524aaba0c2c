/*
 * Drives the conversions under AddressSanitizer and UndefinedBehaviorSanitizer, with every array in a malloc'ed buffer of exactly its size, so
 * that one read or write beyond an end is caught.
 *
 *   driver FILE       compares every way with the file's answers, and misuses every function; 0 when all is as it should be
 *   driver --overread hands a length over that its buffer does not have; the sanitizer has to end it
 *
 * A block: 8 numbers of 32 bits (what, law or channels, phases, step, at, phase, and the lengths of input and taps), the length of the answer in a
 * ninth, then input, taps and answer. The answer to PA_POWER is one double.
 */
#include <stdio.h>
#include <stdlib.h>

#include "audio.c"

enum { RESAMPLE, DECODE, ENCODE, POWER };
enum { WHAT, LAW, PHASES, STEP, AT, PHASE, INPUT, TAPS, ANSWER, HEAD };
#define CHANNELS LAW

static int failures;

static void expect(int is, const char* what) {
  if (is) return;
  failures++;
  fprintf(stderr, "not so: %s\n", what);
}

static void* exactly(const void* bytes, size_t length) {
  void* copy = malloc(length);
  if (length > 0) memcpy(copy, bytes, length);
  return copy;
}

static void* read_exactly(FILE* file, size_t length) {
  void* bytes = malloc(length);
  if (length > 0 && fread(bytes, 1, length, file) != length) exit(3);
  return bytes;
}

static void check_block(int32_t way, const int32_t* head, const void* input, const int16_t* taps, const void* wanted) {
  size_t width = head[WHAT] == ENCODE ? 1 : 2;
  void* answer = malloc(head[WHAT] == POWER ? sizeof(double) : (size_t)head[ANSWER] * width);
  int32_t status = 0;
  switch (head[WHAT]) {
    case RESAMPLE:
      status = pa_resample(way, input, head[INPUT], head[INPUT] / head[CHANNELS], head[CHANNELS], taps, head[TAPS], head[PHASES], head[STEP],
                           head[AT], head[PHASE], answer, head[ANSWER]);
      break;
    case DECODE:
      status = pa_decode(head[LAW], input, head[INPUT], answer, head[ANSWER]);
      break;
    case ENCODE:
      status = pa_encode(way, head[LAW], input, head[INPUT], answer, head[ANSWER]);
      break;
    case POWER:
      *(double*)answer = pa_squares(way, input, head[INPUT]);
      expect(*(double*)answer == *(const double*)wanted, "a level is the one that TypeScript gives");
      free(answer);
      return;
  }
  expect(status == 0, "what fits is computed");
  expect(memcmp(answer, wanted, (size_t)head[ANSWER] * width) == 0, "every sample is the one that TypeScript gives");
  free(answer);
}

/* Blocks until the file ends. */
static int32_t check_file(const char* path) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) exit(2);
  int32_t head[HEAD], blocks = 0;
  while (fread(head, sizeof head, 1, file) == 1) {
    size_t in = head[WHAT] == DECODE ? 1 : 2, out = head[WHAT] == ENCODE ? 1 : 2;
    void* input = read_exactly(file, (size_t)head[INPUT] * in);
    int16_t* taps = read_exactly(file, (size_t)head[TAPS] * 2);
    void* wanted = read_exactly(file, head[WHAT] == POWER ? sizeof(double) : (size_t)head[ANSWER] * out);
    for (int32_t way = PA_AVX2; way <= PA_PORTABLE; way++)
      if (pa_way(way) == way) check_block(way, head, input, taps, wanted);
    free(input);
    free(taps);
    free(wanted);
    blocks++;
  }
  fclose(file);
  return blocks;
}

/* A call that is right but for one number, which has to be refused. */
static void misuse_resample(void) {
  static const struct {
    int32_t number, value;
    const char* what;
  } cases[] = {
      {0, 7, "an unknown way"},
      {2, -1, "a window of negative length"},
      {2, 63, "a window shorter than its plane"},
      {3, -64, "a negative plane"},
      {3, 25, "outputs beyond the plane"},
      {4, 0, "no channel"},
      {4, 2, "more planes than the window has"},
      {6, 15, "taps that are no whole rows"},
      {6, 0, "no taps"},
      {6, 12, "a row of 6"},
      {7, 0, "no phase"},
      {8, 0, "a step of 0"},
      {8, 2147483647, "a step out of the window"},
      {9, -5, "a time before the window"},
      {9, 2, "a first look before the window"},
      {9, 60, "a last look after the window"},
      {9, 2147483647, "a time far after the window"},
      {10, -1, "a negative phase"},
      {10, 2, "a phase beyond the last"},
      {12, -4, "a negative number of outputs"},
      {12, 2147483647, "more outputs than the window has samples for"},
  };
  int16_t* window = calloc(64, 2);
  int16_t* taps = calloc(16, 2);
  int16_t* output = calloc(8, 2);
  for (size_t c = 0; c <= sizeof cases / sizeof *cases; c++) {
    int32_t n[13] = {PA_PORTABLE, 0, 64, 64, 1, 0, 16, 2, 3, 10, 1, 0, 8};
    const char* what = "a call with nothing wrong";
    if (c > 0) n[cases[c - 1].number] = cases[c - 1].value, what = cases[c - 1].what;
    int32_t answer = pa_resample(n[0], window, n[2], n[3], n[4], taps, n[6], n[7], n[8], n[9], n[10], output, n[12]);
    expect(c == 0 ? answer == 0 : answer < 0, what);
  }
  expect(pa_resample(PA_BEST, NULL, 64, 64, 1, taps, 16, 2, 3, 10, 1, output, 8) == PA_BAD_RANGE, "no window");
  expect(pa_resample(PA_BEST, window, 64, 64, 1, NULL, 16, 2, 3, 10, 1, output, 8) == PA_BAD_RANGE, "no taps there");
  expect(pa_resample(PA_BEST, window, 64, 64, 1, taps, 16, 2, 3, 10, 1, NULL, 8) == PA_BAD_RANGE, "no output");
  expect(pa_resample(PA_BEST, window, 64, 64, 1, taps, 16, 2, 3, 10, 1, NULL, 0) == 0, "nothing wanted");
  free(window);
  free(taps);
  free(output);
}

static void misuse_the_rest(void) {
  int16_t* pcm = calloc(4, 2);
  uint8_t* bytes = calloc(4, 1);
  expect(pa_decode(PA_ALAW, bytes, 4, pcm, 3) == PA_BAD_RANGE && pa_decode(PA_ALAW, bytes, 3, pcm, 4) == PA_BAD_RANGE, "lengths that differ");
  expect(pa_decode(2, bytes, 4, pcm, 4) == PA_BAD_RANGE && pa_decode(-1, bytes, 4, pcm, 4) == PA_BAD_RANGE, "no such law");
  expect(pa_decode(PA_ALAW, NULL, 4, pcm, 4) == PA_BAD_RANGE && pa_decode(PA_ALAW, bytes, -1, pcm, -1) == PA_BAD_RANGE, "no bytes");
  expect(pa_encode(PA_BEST, PA_MULAW, pcm, 4, bytes, 3) == PA_BAD_RANGE, "a byte too few");
  expect(pa_encode(PA_BEST, 2, pcm, 4, bytes, 4) == PA_BAD_RANGE && pa_encode(9, PA_MULAW, pcm, 4, bytes, 4) == PA_NO_WAY, "no such way");
  expect(pa_squares(PA_BEST, NULL, 4) == PA_BAD_RANGE && pa_squares(PA_BEST, pcm, -1) == PA_BAD_RANGE, "no samples");
  expect(pa_squares(9, pcm, 4) == PA_NO_WAY && pa_squares(PA_BEST, NULL, 0) == 0, "nothing has no power");
  free(pcm);
  free(bytes);
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  if (strcmp(argv[1], "--overread") == 0) {
    int16_t pcm[16];
    uint8_t* bytes = exactly((uint8_t[15]){0}, 15);
    printf("not caught: %d\n", pa_decode(PA_ALAW, bytes, 16, pcm, 16));
    return 0;
  }
  int32_t blocks = check_file(argv[1]);
  misuse_resample();
  misuse_the_rest();
  printf("%d blocks, %d failures\n", blocks, failures);
  return failures == 0 ? 0 : 1;
}
