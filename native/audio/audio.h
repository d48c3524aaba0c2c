/*
 * The arithmetic of audio conversion: resampling, telephone codecs, level. Nothing is kept between calls and nothing is allocated. Every call
 * says how long its arrays are, and one whose numbers do not fit them is answered by an error before anything is read.
 */
#ifndef PARLANDO_AUDIO_H_
#define PARLANDO_AUDIO_H_

#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

/* How it is computed: the best the processor has, or one way only, for tests and comparisons. */
enum { PA_BEST = 0, PA_AVX2 = 1, PA_PORTABLE = 2 };

enum {
  PA_BAD_RANGE = -1, /* numbers that do not fit together, or an array that is too short or not there */
  PA_NO_WAY = -2     /* the processor does not know that way */
};

enum { PA_ALAW = 0, PA_MULAW = 1 };

/* WITHOUT_AVX2 leaves the code for it out, as a processor without it would. */
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__)) && !defined(WITHOUT_AVX2)
#define HAS_AVX2 1
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2")))
#endif

/* The body of a loop that is compiled once plainly and once for AVX2. */
#define EITHER_WAY __attribute__((always_inline)) static inline

#endif
