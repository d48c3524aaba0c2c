/*
 * A-law and mu-law (ITU-T G.711), bit by bit what engine/audio/g711.ts computes. A segment number and the four bits after it are what a float
 * begins with, exponent and mantissa: the conversion that every vector unit has finds them without a search.
 */
#ifndef PARLANDO_G711_H_
#define PARLANDO_G711_H_

#include <string.h>

#include "audio.h"

#define ALAW_TOGGLE 0x55
#define MULAW_BIAS 132
#define MULAW_CLIP 32635

#define ALAW_STEP(bits) ((((bits) & 15) << 4) + 8)
#define ALAW_SEGMENT(bits) (((bits) >> 4) & 7)
#define ALAW_MAGNITUDE(bits) \
  (ALAW_SEGMENT(bits) == 0 ? ALAW_STEP(bits) : (ALAW_STEP(bits) + 256) << (ALAW_SEGMENT(bits) == 0 ? 0 : ALAW_SEGMENT(bits) - 1))
#define ALAW_VALUE(bits) (((bits) & 0x80) ? ALAW_MAGNITUDE(bits) : -ALAW_MAGNITUDE(bits))
#define ALAW(code) ALAW_VALUE((code) ^ ALAW_TOGGLE)

#define MULAW_MAGNITUDE(bits) ((((((bits) & 15) << 3) + MULAW_BIAS) << (((bits) >> 4) & 7)) - MULAW_BIAS)
#define MULAW(code) ((~(code) & 0x80) ? -MULAW_MAGNITUDE(~(code) & 0xFF) : MULAW_MAGNITUDE(~(code) & 0xFF))

#define FOUR_OF(law, c) law(c), law((c) + 1), law((c) + 2), law((c) + 3)
#define SIXTEEN_OF(law, c) FOUR_OF(law, c), FOUR_OF(law, (c) + 4), FOUR_OF(law, (c) + 8), FOUR_OF(law, (c) + 12)
#define SIXTY_FOUR_OF(law, c) \
  SIXTEEN_OF(law, c), SIXTEEN_OF(law, (c) + 16), SIXTEEN_OF(law, (c) + 32), SIXTEEN_OF(law, (c) + 48)

static const int16_t linear_of[2][256] = {
    {SIXTY_FOUR_OF(ALAW, 0), SIXTY_FOUR_OF(ALAW, 64), SIXTY_FOUR_OF(ALAW, 128), SIXTY_FOUR_OF(ALAW, 192)},
    {SIXTY_FOUR_OF(MULAW, 0), SIXTY_FOUR_OF(MULAW, 64), SIXTY_FOUR_OF(MULAW, 128), SIXTY_FOUR_OF(MULAW, 192)},
};

/* Exponent and four bits of mantissa of a number from 1 to 65,535, as a float holds them. */
EITHER_WAY int32_t float_head(int32_t number) {
  float value = (float)number;
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits >> 19;
}

#define FLOAT_BIAS 127

EITHER_WAY uint8_t alaw_of(int16_t sample) {
  int32_t magnitude = (sample ^ (sample >> 15)) >> 3; /* the ones' complement of what is negative */
  int32_t segmented = float_head(magnitude | 1) - ((FLOAT_BIAS + 4) << 4);
  int32_t lowest = (magnitude - 32) >> 31; /* all ones below 32: written as a choice, it would keep compilers from vectors */
  int32_t code = (lowest & (magnitude >> 1)) | (~lowest & segmented);
  return (uint8_t)((code | (sample >= 0 ? 0x80 : 0)) ^ ALAW_TOGGLE);
}

EITHER_WAY uint8_t mulaw_of(int16_t sample) {
  int32_t magnitude = sample < 0 ? -sample : sample;
  int32_t biased = (magnitude < MULAW_CLIP ? magnitude : MULAW_CLIP) + MULAW_BIAS;
  int32_t code = float_head(biased) - ((FLOAT_BIAS + 7) << 4);
  return (uint8_t)~(code | (sample < 0 ? 0x80 : 0));
}

EITHER_WAY void encode(int32_t law, const int16_t* pcm, uint8_t* bytes, int32_t count) {
  if (law == PA_ALAW)
    for (int32_t i = 0; i < count; i++) bytes[i] = alaw_of(pcm[i]);
  else
    for (int32_t i = 0; i < count; i++) bytes[i] = mulaw_of(pcm[i]);
}

static void encode_portable(int32_t law, const int16_t* pcm, uint8_t* bytes, int32_t count) { encode(law, pcm, bytes, count); }

#ifdef HAS_AVX2
AVX2 static void encode_avx2(int32_t law, const int16_t* pcm, uint8_t* bytes, int32_t count) { encode(law, pcm, bytes, count); }
#endif

#endif
