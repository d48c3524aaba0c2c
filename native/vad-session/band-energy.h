/*
 * The last step of a band: from the energy of its samples to the feature that the detector's models were trained with, in integers that
 * come out bit for bit as the detector's own.
 */
#ifndef PARLANDO_BAND_ENERGY_H_
#define PARLANDO_BAND_ENERGY_H_

#include "detector.h"

/* How far squares are shifted down so that the sum of `count` of them fits, as the detector chooses it from the largest magnitude. */
static int energy_shift(int16_t largest, int count) {
  if (largest == 0) return 0;
  int room = WebRtcSpl_NormW32((int32_t)largest * largest);
  int wanted = WebRtcSpl_GetSizeInBits((uint32_t)count);
  return room > wanted ? 0 : wanted - room;
}

/*
 * Ten times the decimal logarithm of `energy << shift`, in sixteenths, plus the band's offset. Adds the energy to the frame's total while that
 * is still too small to decide on.
 */
static int16_t band_feature(uint32_t energy, int shift, int16_t offset, int16_t* total) {
  if (energy == 0) return offset;
  int down = 17 - WebRtcSpl_NormU32(energy); /* leaves 15 bits */
  shift += down;
  uint32_t mantissa = down < 0 ? energy << -down : energy >> down;
  int16_t log2_q10 = (int16_t)(kLogEnergyIntPart + (int16_t)((mantissa & 0x3FFF) >> 4));
  int16_t feature = (int16_t)(((kLogConst * log2_q10) >> 19) + ((shift * kLogConst) >> 9));
  if (feature < 0) feature = 0;
  if (*total <= kMinEnergy)
    *total = (int16_t)(*total + (shift >= 0 ? kMinEnergy + 1 : (int16_t)(mantissa >> -shift)));
  return (int16_t)(feature + offset);
}

#endif
