#include "audio.h"

#include "g711.h"
#include "power.h"
#include "resample.h"

static int knows_avx2(void) {
#ifdef HAS_AVX2
  return __builtin_cpu_supports("avx2") != 0;
#else
  return 0;
#endif
}

/* PA_AVX2 or PA_PORTABLE for PA_BEST, one of them as it is where the processor knows it, else PA_NO_WAY. */
EXPORT int32_t pa_way(int32_t wanted) {
  if (wanted == PA_BEST) return knows_avx2() ? PA_AVX2 : PA_PORTABLE;
  return wanted == PA_PORTABLE || (wanted == PA_AVX2 && knows_avx2()) ? wanted : PA_NO_WAY;
}

/* Whether an array of so many numbers can be there. */
static int is_array(const void* numbers, int32_t count) { return count == 0 || (count > 0 && numbers != NULL); }

/*
 * The outputs that `output` has room for, interleaved. Of each channel `window` holds a plane of `plane` samples; `at` is the place in it of the
 * first output's time, and `phase` how many `phases` of a sample it lies behind that. 0, PA_BAD_RANGE or PA_NO_WAY.
 */
EXPORT int32_t pa_resample(int32_t way, const int16_t* window, int32_t window_length, int32_t plane, int32_t channels, const int16_t* taps,
                           int32_t tap_count, int32_t phases, int32_t step, int32_t at, int32_t phase, int16_t* output,
                           int32_t output_length) {
  way = pa_way(way);
  if (way < 0) return way;
  if (!is_array(window, window_length) || !is_array(taps, tap_count) || !is_array(output, output_length)) return PA_BAD_RANGE;
  if (channels < 1 || plane < 0 || (int64_t)plane * channels > window_length || output_length % channels != 0) return PA_BAD_RANGE;
  if (phases < 1 || step < 1 || tap_count % phases != 0 || at < 0 || phase < 0 || phase >= phases) return PA_BAD_RANGE;
  resampling job = {.taps = taps,
                    .per_phase = tap_count / phases,
                    .phases = phases,
                    .whole = step / phases,
                    .part = step % phases,
                    .at = at,
                    .phase = phase,
                    .stride = channels,
                    .count = output_length / channels};
  if (job.per_phase < 8 || job.per_phase % 8 != 0 || !within_plane(&job, plane)) return PA_BAD_RANGE;
  for (int32_t channel = 0; channel < channels; channel++) {
    job.window = window + (ptrdiff_t)channel * plane;
    job.output = output + channel;
#ifdef HAS_AVX2
    if (way == PA_AVX2) {
      resample_avx2(&job);
      continue;
    }
#endif
    resample_portable(&job);
  }
  return 0;
}

/* One sample for each byte. 0, PA_BAD_RANGE. */
EXPORT int32_t pa_decode(int32_t law, const uint8_t* bytes, int32_t byte_count, int16_t* pcm, int32_t samples) {
  if (!is_array(bytes, byte_count) || !is_array(pcm, samples) || byte_count != samples) return PA_BAD_RANGE;
  if (law != PA_ALAW && law != PA_MULAW) return PA_BAD_RANGE;
  const int16_t* linear = linear_of[law];
  for (int32_t i = 0; i < samples; i++) pcm[i] = linear[bytes[i]];
  return 0;
}

/* One byte for each sample. 0, PA_BAD_RANGE or PA_NO_WAY. */
EXPORT int32_t pa_encode(int32_t way, int32_t law, const int16_t* pcm, int32_t samples, uint8_t* bytes, int32_t byte_count) {
  way = pa_way(way);
  if (way < 0) return way;
  if (!is_array(bytes, byte_count) || !is_array(pcm, samples) || byte_count != samples) return PA_BAD_RANGE;
  if (law != PA_ALAW && law != PA_MULAW) return PA_BAD_RANGE;
#ifdef HAS_AVX2
  if (way == PA_AVX2) {
    encode_avx2(law, pcm, bytes, samples);
    return 0;
  }
#endif
  encode_portable(law, pcm, bytes, samples);
  return 0;
}

/* The sum of the squares, exact up to 2^53 (8 million samples at full scale); or PA_BAD_RANGE or PA_NO_WAY. */
EXPORT double pa_squares(int32_t way, const int16_t* pcm, int32_t samples) {
  way = pa_way(way);
  if (way < 0) return way;
  if (!is_array(pcm, samples)) return PA_BAD_RANGE;
#ifdef HAS_AVX2
  if (way == PA_AVX2) return (double)squares_avx2(pcm, samples);
#endif
  return (double)squares_portable(pcm, samples);
}
