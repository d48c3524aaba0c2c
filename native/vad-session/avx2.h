/*
 * Whether code for AVX2 is compiled at all; whether it is used is decided at run time. WITHOUT_AVX2 leaves it out, as a processor without it would.
 */
#ifndef PARLANDO_AVX2_H_
#define PARLANDO_AVX2_H_

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__)) && !defined(WITHOUT_AVX2)
#define HAS_AVX2_LANES 1
#include <immintrin.h>
#endif

#endif
