/*
 * The parts of the vendor's C interface that speech needs, for 64-bit little-endian Linux: structures with their sizes checked, and the
 * functions as a table that is filled when the library is loaded. Fields keep the vendor's names, misspellings included.
 */
#ifndef PARLANDO_AGORA_ABI_H
#define PARLANDO_AGORA_ABI_H

#include <stddef.h>
#include <stdint.h>

#define SAME_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type)

/* 4.4.32, which the releases from 2.4 on come with. Before `domain_limit` ends what 4.4.30 knows. */
typedef struct {
  int32_t enable_audio_processor, enable_audio_device, enable_video;
  void *context;
  const char *app_id;
  uint32_t area_code;
  int32_t channel_profile, audio_scenario, use_string_uid, domain_limit, log_level;
  const char *log_file_path;
  uint32_t log_file_size_kb;
  const char *data_dir, *config_dir;
} AgoraServiceConfig;
SAME_SIZE(AgoraServiceConfig, 88);
_Static_assert(offsetof(AgoraServiceConfig, domain_limit) == 48, "4.4.30 ends here");

typedef struct {
  int32_t packet_only, pcm_data_only;
  uint32_t bytes_per_sample, number_of_channels, sample_rate_hz;
} AudioSubscriptionOptions;

typedef struct {
  int32_t auto_subscribe_audio, auto_subscribe_video, enable_audio_recording_or_playout, max_send_bitrate, min_port, max_port;
  AudioSubscriptionOptions audio_subs_options;
  int32_t client_role_type, channel_profile, audio_recv_media_packet, audio_recv_encoded_frame, video_recv_media_packet;
} RTCConnConfig;
SAME_SIZE(RTCConnConfig, 64);

typedef struct {
  uint64_t id;
  const char *channel_id;
  int32_t state;
  const char *local_user_id;
  uint32_t internal_uid;
} RTCConnInfo;
SAME_SIZE(RTCConnInfo, 40);

/* What both generations of an audio frame begin with. */
typedef struct {
  int32_t type, samples_per_channel, bytes_per_sample, channels, samples_per_sec;
  void *buffer;
  int64_t render_time_ms;
  int32_t avsync_type;
} AudioFrameHead;
SAME_SIZE(AudioFrameHead, 48);

typedef struct {
  int32_t far_field_flag, rms, voice_prob, music_prob, pitch;
} AudioLabels;

/* Where the labels stand in an audio frame. */
#define LABELS_AT_4430 44
#define LABELS_AT_4432 64

typedef struct {
  const char *user_id;
  uint32_t volume, vad;
  double voicePitch;
} AudioVolumeInfo;
SAME_SIZE(AudioVolumeInfo, 24);

typedef struct {
  int32_t audioProfile;
} AudioEncoderConfiguration;

typedef struct {
  int (*on_record_audio_frame)(void *, const char *, void *);
  int (*on_playback_audio_frame)(void *, const char *, void *);
  int (*on_mixed_audio_frame)(void *, const char *, void *);
  int (*on_ear_monitoring_audio_frame)(void *, void *);
  int (*on_playback_audio_frame_before_mixing)(void *, const char *, const char *, void *);
  int (*on_get_audio_frame_position)(void *);
  void *params[4];
} AudioFrameObserver;
SAME_SIZE(AudioFrameObserver, 80);

typedef void (*ConnectionChange)(void *, RTCConnInfo *, int);

typedef struct {
  ConnectionChange on_connected, on_disconnected, on_connecting, on_reconnecting, on_reconnected;
  void (*on_connection_lost)(void *, RTCConnInfo *);
  void *on_lastmile_quality, *on_lastmile_probe_result;
  void (*on_token_privilege_will_expire)(void *, const char *);
  void (*on_token_privilege_did_expire)(void *);
  void *on_connection_license_validation_failure;
  ConnectionChange on_connection_failure;
  void (*on_user_joined)(void *, const char *);
  void (*on_user_left)(void *, const char *, int);
  void *unused[8];
  void (*on_error)(void *, int, const char *);
  void (*on_warning)(void *, int, const char *);
  void *rest[7];
} RTCConnectionObserver;
SAME_SIZE(RTCConnectionObserver, 248);
_Static_assert(offsetof(RTCConnectionObserver, on_user_left) == 104, "on_user_left");
_Static_assert(offsetof(RTCConnectionObserver, on_error) == 176, "on_error");

typedef struct {
  void *before[22];
  void (*on_audio_volume_indication)(void *, AudioVolumeInfo *, uint32_t, int);
  void *after[14];
} RTCLocalUserObserver;
SAME_SIZE(RTCLocalUserObserver, 296);
_Static_assert(offsetof(RTCLocalUserObserver, on_audio_volume_indication) == 176, "on_audio_volume_indication");

/* The functions that both generations have, by their names without `agora_`. */
#define AGORA_FUNCTIONS(F) \
  F(void *, service_create, (void)) \
  F(int, service_initialize, (void *, AgoraServiceConfig *)) \
  F(int, service_enable_extension, (void *, const char *, const char *, const char *, uint32_t)) \
  F(void *, service_get_agora_parameter, (void *)) \
  F(int, parameter_set_int, (void *, const char *, int)) \
  F(int, parameter_set_parameters, (void *, const char *)) \
  F(void *, service_create_media_node_factory, (void *)) \
  F(int, service_release, (void *)) \
  F(void *, media_node_factory_create_audio_pcm_data_sender, (void *)) \
  F(int, media_node_factory_destroy, (void *)) \
  F(void *, service_create_custom_audio_track_pcm, (void *, void *)) \
  F(void, audio_pcm_data_sender_destroy, (void *)) \
  F(void, local_audio_track_set_max_bufferd_frame_number, (void *, int)) \
  F(void, local_audio_track_set_send_delay_ms, (void *, int)) \
  F(int, local_audio_track_set_enabled, (void *, int)) \
  F(int, local_audio_track_clear_sender_buffer, (void *)) \
  F(void, local_audio_track_destroy, (void *)) \
  F(void *, rtc_conn_create, (void *, RTCConnConfig *)) \
  F(void *, rtc_conn_get_local_user, (void *)) \
  F(int, rtc_conn_register_observer, (void *, RTCConnectionObserver *)) \
  F(int, rtc_conn_unregister_observer, (void *)) \
  F(int, rtc_conn_connect, (void *, const char *, const char *, const char *)) \
  F(int, rtc_conn_disconnect, (void *)) \
  F(int, rtc_conn_renew_token, (void *, const char *)) \
  F(void, rtc_conn_destroy, (void *)) \
  F(int, local_user_set_audio_scenario, (void *, int)) \
  F(int, local_user_set_audio_encoder_config, (void *, AudioEncoderConfiguration *)) \
  F(int, local_user_set_audio_volume_indication_parameters, (void *, int, int, _Bool)) \
  F(int, local_user_set_playback_audio_frame_before_mixing_parameters, (void *, int, int)) \
  F(int, local_user_register_observer, (void *, RTCLocalUserObserver *)) \
  F(int, local_user_unregister_observer, (void *)) \
  F(int, local_user_register_audio_frame_observer, (void *, AudioFrameObserver *)) \
  F(int, local_user_unregister_audio_frame_observer, (void *)) \
  F(int, local_user_publish_audio, (void *, void *)) \
  F(int, local_user_unpublish_audio, (void *, void *)) \
  F(int, local_user_subscribe_audio, (void *, const char *)) \
  F(int, local_user_subscribe_all_audio, (void *)) \
  F(int, local_user_unsubscribe_all_audio, (void *))

/* Its arguments differ: 4.4.32 has a presentation time before the samples. */
typedef int (*SendPcm4430)(void *, const void *, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
typedef int (*SendPcm4432)(void *, const void *, uint32_t, int64_t, uint32_t, uint32_t, uint32_t, uint32_t);

#endif
