/*
 * Stands in for the vendor's library, which cannot be had here: the functions that the shim calls, with the layouts of one generation. What
 * one connection sends into a channel comes out before mixing at the others in the same process, on a thread of the library's own, at one
 * frame each 10 ms; a frame's memory is overwritten and freed as soon as the callback returns, as the vendor's may be.
 *
 * Built with -DSTAND_IN_ABI=4430 or 4432; with -DSTAND_IN_WIDER its frames have another layout than it says.
 */
#define _GNU_SOURCE
#include "../../../native/agora/abi.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef STAND_IN_ABI
#define STAND_IN_ABI 4432
#endif
#define EXPORT __attribute__((visibility("default")))
#define MOST 300

typedef struct Sender {
  int16_t *samples;
  size_t length, capacity;
  int rate, channels;
} Sender;

typedef struct Track {
  Sender *sender;
  int enabled, delay_ms, buffered;
} Track;

typedef struct Conn {
  char channel[64], user[64], only[64];
  int state, published, subscribed, volume_ms, since_volume_ms, scenario, before_mixing_rate;
  Track *track;
  RTCConnectionObserver *observer;
  RTCLocalUserObserver *user_observer;
  AudioFrameObserver *frame_observer;
  pthread_t thread;
  int stopping;
} Conn;

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static Conn *conns[MOST];
static int services, factories, live_conns, live_tracks, live_senders, frames_sent;
static char order[4096];

/* What a test asks: how much is alive, and in what order it was let go. */
EXPORT int standin_alive(void) { return services + factories + live_conns + live_tracks + live_senders; }
/* Of the last track and connection: scenario, delay of the sender in ms, whether the track is the direct one. */
static int last_scenario, last_delay, last_direct;
EXPORT int standin_tuned(void) { return last_scenario * 10000 + last_delay * 10 + last_direct; }
EXPORT int standin_frames(void) { return frames_sent; }
EXPORT const char *standin_order(void) { return order; }
EXPORT void standin_forget(void) { order[0] = 0; }

static void note(const char *what) {
  pthread_mutex_lock(&lock);
  if (strlen(order) + strlen(what) + 2 < sizeof order) strcat(strcat(order, what), " ");
  pthread_mutex_unlock(&lock);
}

static void info_of(Conn *conn, RTCConnInfo *info) {
  memset(info, 0, sizeof *info);
  info->channel_id = conn->channel;
  info->state = conn->state;
  info->local_user_id = conn->user;
}

static int together(Conn *a, Conn *b) { return a && b && a != b && a->state == 3 && b->state == 3 && !strcmp(a->channel, b->channel); }

/* One frame for one listener, in memory that is gone right after. */
static void hear(Conn *listener, Conn *speaker, const int16_t *pcm, int samples, int rate, int loud) {
  if (!listener->subscribed || !listener->frame_observer || !listener->frame_observer->on_playback_audio_frame_before_mixing) return;
  if (*listener->only && strcmp(listener->only, speaker->user)) return;
  size_t bytes = STAND_IN_ABI == 4430 ? 64 : 88;
  uint8_t *frame = calloc(1, bytes);
  int16_t *copy = malloc((size_t)samples * 2);
  memcpy(copy, pcm, (size_t)samples * 2);
  AudioFrameHead *head = (AudioFrameHead *)frame;
  head->samples_per_channel = samples;
#ifdef STAND_IN_WIDER
  head->bytes_per_sample = 4;
#else
  head->bytes_per_sample = 2;
#endif
  head->channels = 1;
  head->samples_per_sec = rate;
  head->buffer = copy;
  AudioLabels labels = {.far_field_flag = 1, .music_prob = 0, .pitch = loud ? 200 : 0};
  labels.voice_prob = STAND_IN_ABI == 4430 ? (loud ? 95 : 5) : loud;
  labels.rms = STAND_IN_ABI == 4430 ? (loud ? -20 : -90) : (loud ? 107 : 20);
  memcpy(frame + (STAND_IN_ABI == 4430 ? LABELS_AT_4430 : LABELS_AT_4432), &labels, sizeof labels);
  listener->frame_observer->on_playback_audio_frame_before_mixing(listener, listener->channel, speaker->user, frame);
  memset(copy, 0x5a, (size_t)samples * 2);
  memset(frame, 0x5a, bytes);
  free(copy);
  free(frame);
}

/* Takes 10 ms of what was sent; silence where there is less. */
static int take(Conn *speaker, int16_t *to, int *rate) {
  Sender *sender = speaker->track->sender;
  *rate = sender->rate ? sender->rate : 16000;
  size_t wanted = (size_t)*rate / 100, step = sender->channels ? (size_t)sender->channels : 1;
  memset(to, 0, wanted * 2);
  size_t have = sender->length / step < wanted ? sender->length / step : wanted;
  for (size_t i = 0; i < have; i++) to[i] = sender->samples[i * step];
  sender->length -= have * step;
  if (sender->length) memmove(sender->samples, sender->samples + have * step, sender->length * 2);
  return (int)wanted;
}

static void speak(Conn *speaker) {
  int16_t pcm[480];
  int rate, samples = take(speaker, pcm, &rate), loud = 0;
  for (int i = 0; i < samples; i++)
    if (abs(pcm[i]) > 300) loud = 1;
  for (int i = 0; i < MOST; i++)
    if (together(conns[i], speaker)) {
      hear(conns[i], speaker, pcm, samples, rate, loud);
      Conn *listener = conns[i];
      if (listener->volume_ms && listener->user_observer && (listener->since_volume_ms += 10) >= listener->volume_ms) {
        listener->since_volume_ms = 0;
        AudioVolumeInfo speakers[2] = {{.user_id = speaker->user, .volume = loud ? 180 : 0, .vad = (uint32_t)loud},
                                       {.user_id = "0", .volume = 3}};
        listener->user_observer->on_audio_volume_indication(listener, speakers, 2, 180);
      }
    }
}

/* A connection's life: it joins after a moment, then plays what it sends, 10 ms at a time. */
static void *live(void *given) {
  Conn *conn = given;
  struct timespec tick;
  RTCConnInfo info;
  clock_gettime(CLOCK_MONOTONIC, &tick);
  struct timespec moment = {.tv_nsec = 2000000};
  nanosleep(&moment, NULL);
  pthread_mutex_lock(&lock);
  info_of(conn, &info);
  if (!conn->stopping && conn->observer->on_connected) {
    conn->state = 3;
    info.state = 3;
    conn->observer->on_connected(conn, &info, 1);
    for (int i = 0; i < MOST; i++)
      if (together(conns[i], conn)) {
        conns[i]->observer->on_user_joined(conns[i], conn->user);
        conn->observer->on_user_joined(conn, conns[i]->user);
      }
  }
  pthread_mutex_unlock(&lock);
  for (;;) {
    tick.tv_nsec += 10000000;
    if (tick.tv_nsec >= 1000000000) tick.tv_nsec -= 1000000000, tick.tv_sec++;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &tick, NULL);
    pthread_mutex_lock(&lock);
    int stopping = conn->stopping;
    if (!stopping && conn->published && conn->track->enabled) speak(conn);
    pthread_mutex_unlock(&lock);
    if (stopping) return NULL;
  }
}

EXPORT void *agora_service_create(void) { return services++, malloc(1); }
EXPORT int agora_service_initialize(void *service, AgoraServiceConfig *config) {
  (void)service;
  return config->app_id && *config->app_id && config->channel_profile == 1 && config->enable_audio_device == 0 ? 0 : -7;
}
EXPORT int agora_service_enable_extension(void *s, const char *provider, const char *extension, const char *track, uint32_t on) {
  (void)s, (void)track;
  return !strcmp(provider, "agora.builtin") && !strcmp(extension, "agora_audio_label_generator") && on ? 0 : -1;
}
EXPORT void *agora_service_get_agora_parameter(void *service) { return service; }
EXPORT int agora_parameter_set_int(void *p, const char *name, int value) { return (void)p, (void)name, (void)value, 0; }
EXPORT int agora_parameter_set_parameters(void *p, const char *json) { return (void)p, json[0] == '{' ? 0 : -1; }
EXPORT void *agora_service_create_media_node_factory(void *service) { return (void)service, factories++, malloc(1); }
EXPORT int agora_service_release(void *service) { return note("service"), free(service), services--, 0; }
EXPORT int agora_media_node_factory_destroy(void *factory) { return note("factory"), free(factory), factories--, 0; }

EXPORT void *agora_media_node_factory_create_audio_pcm_data_sender(void *factory) {
  (void)factory;
  live_senders++;
  return calloc(1, sizeof(Sender));
}
EXPORT void agora_audio_pcm_data_sender_destroy(void *given) {
  Sender *sender = given;
  note("sender");
  free(sender->samples);
  free(sender);
  live_senders--;
}

static int put(Sender *sender, const void *data, uint32_t samples, uint32_t width, uint32_t channels, uint32_t rate) {
  if (width != 2 || !data) return -2;
  pthread_mutex_lock(&lock);
  size_t count = (size_t)samples * channels;
  if (sender->length + count > sender->capacity) {
    sender->capacity = (sender->length + count) * 2;
    sender->samples = realloc(sender->samples, sender->capacity * 2);
  }
  memcpy(sender->samples + sender->length, data, count * 2);
  sender->length += count;
  sender->rate = (int)rate;
  sender->channels = (int)channels;
  frames_sent += (int)(samples * 100 / rate);
  pthread_mutex_unlock(&lock);
  return 0;
}
#if STAND_IN_ABI == 4430
EXPORT int agora_audio_pcm_data_sender_send(void *s, const void *data, uint32_t at, uint32_t samples, uint32_t width, uint32_t channels, uint32_t rate) {
  return (void)at, put(s, data, samples, width, channels, rate);
}
#else
EXPORT int agora_audio_pcm_data_sender_send(void *s, const void *data, uint32_t at, int64_t pts, uint32_t samples, uint32_t width, uint32_t channels,
                                            uint32_t rate) {
  return (void)at, (void)pts, put(s, data, samples, width, channels, rate);
}
#endif

static void *new_track(void *sender) {
  Track *track = calloc(1, sizeof(Track));
  track->sender = sender;
  live_tracks++;
  return track;
}
EXPORT void *agora_service_create_custom_audio_track_pcm(void *service, void *sender) { return (void)service, last_direct = 0, new_track(sender); }
#if STAND_IN_ABI == 4432
EXPORT void *agora_service_create_direct_custom_audio_track_pcm(void *service, void *sender) { return (void)service, last_direct = 1, new_track(sender); }
#endif
EXPORT void agora_local_audio_track_set_max_bufferd_frame_number(void *t, int frames) { ((Track *)t)->buffered = frames; }
EXPORT void agora_local_audio_track_set_send_delay_ms(void *t, int ms) { last_delay = ((Track *)t)->delay_ms = ms; }
EXPORT int agora_local_audio_track_set_enabled(void *t, int on) {
  if (!on) note("disable");
  return ((Track *)t)->enabled = on, 0;
}
EXPORT int agora_local_audio_track_clear_sender_buffer(void *t) {
  pthread_mutex_lock(&lock);
  ((Track *)t)->sender->length = 0;
  pthread_mutex_unlock(&lock);
  return 0;
}
EXPORT void agora_local_audio_track_destroy(void *t) { note("track"), free(t), live_tracks--; }

EXPORT void *agora_rtc_conn_create(void *service, RTCConnConfig *config) {
  (void)service;
  if (config->audio_subs_options.bytes_per_sample != 2 || config->client_role_type != 1) return NULL;
  Conn *conn = calloc(1, sizeof(Conn));
  pthread_mutex_lock(&lock);
  int i = 0;
  while (i < MOST && conns[i]) i++;
  if (i < MOST) conns[i] = conn;
  live_conns++;
  pthread_mutex_unlock(&lock);
  return conn;
}
EXPORT void *agora_rtc_conn_get_local_user(void *conn) { return conn; }
EXPORT int agora_rtc_conn_register_observer(void *c, RTCConnectionObserver *observer) { return ((Conn *)c)->observer = observer, 0; }
EXPORT int agora_rtc_conn_unregister_observer(void *c) { return note("unobserve-connection"), ((Conn *)c)->observer = NULL, 0; }
EXPORT int agora_rtc_conn_renew_token(void *c, const char *token) { return (void)c, *token ? 0 : -1; }

EXPORT int agora_rtc_conn_connect(void *c, const char *token, const char *channel, const char *user) {
  Conn *conn = c;
  RTCConnInfo info;
  if (!*channel || conn->state) return -8;
  int refused = !strcmp(token, "refused");
  pthread_mutex_lock(&lock);
  snprintf(conn->channel, sizeof conn->channel, "%s", channel);
  snprintf(conn->user, sizeof conn->user, "%s", user);
  conn->stopping = 0;
  conn->state = refused ? 0 : 2;
  info_of(conn, &info);
  if (refused) conn->observer->on_connection_failure(conn, &info, 8);
  else conn->observer->on_connecting(conn, &info, 0);
  pthread_mutex_unlock(&lock);
  return refused ? 0 : pthread_create(&conn->thread, NULL, live, conn);
}

EXPORT int agora_rtc_conn_disconnect(void *c) {
  Conn *conn = c;
  RTCConnInfo info;
  note("disconnect");
  pthread_mutex_lock(&lock);
  int was = conn->state;
  conn->stopping = 1;
  conn->published = 0;
  if (was == 3)
    for (int i = 0; i < MOST; i++)
      if (together(conns[i], conn)) conns[i]->observer->on_user_left(conns[i], conn->user, 0);
  conn->state = 0;
  info_of(conn, &info);
  info.state = 1;
  if (was && conn->observer) conn->observer->on_disconnected(conn, &info, 5);
  pthread_mutex_unlock(&lock);
  if (was) pthread_join(conn->thread, NULL);
  return 0;
}

EXPORT void agora_rtc_conn_destroy(void *c) {
  note("connection");
  pthread_mutex_lock(&lock);
  for (int i = 0; i < MOST; i++)
    if (conns[i] == c) conns[i] = NULL;
  live_conns--;
  pthread_mutex_unlock(&lock);
  free(c);
}

EXPORT int agora_local_user_set_audio_scenario(void *c, int value) { return last_scenario = ((Conn *)c)->scenario = value, 0; }
EXPORT int agora_local_user_set_audio_encoder_config(void *c, AudioEncoderConfiguration *config) { return (void)c, config ? 0 : -1; }
EXPORT int agora_local_user_set_audio_volume_indication_parameters(void *c, int ms, int smooth, _Bool vad) {
  return (void)smooth, (void)vad, ((Conn *)c)->volume_ms = ms, 0;
}
EXPORT int agora_local_user_set_playback_audio_frame_before_mixing_parameters(void *c, int channels, int rate) {
  return ((Conn *)c)->before_mixing_rate = rate, channels == 1 ? 0 : -1;
}
EXPORT int agora_local_user_register_observer(void *c, RTCLocalUserObserver *observer) { return ((Conn *)c)->user_observer = observer, 0; }
EXPORT int agora_local_user_unregister_observer(void *c) { return note("unobserve-user"), ((Conn *)c)->user_observer = NULL, 0; }
EXPORT int agora_local_user_register_audio_frame_observer(void *c, AudioFrameObserver *observer) {
  Conn *conn = c;
  if (!conn->before_mixing_rate) return -1;
  return conn->frame_observer = observer, 0;
}
EXPORT int agora_local_user_unregister_audio_frame_observer(void *c) {
  pthread_mutex_lock(&lock);
  ((Conn *)c)->frame_observer = NULL;
  pthread_mutex_unlock(&lock);
  return note("unobserve-frames"), 0;
}
EXPORT int agora_local_user_publish_audio(void *c, void *track) {
  Conn *conn = c;
  pthread_mutex_lock(&lock);
  conn->track = track;
  conn->published = 1;
  pthread_mutex_unlock(&lock);
  return 0;
}
EXPORT int agora_local_user_unpublish_audio(void *c, void *track) {
  (void)track;
  note("unpublish");
  pthread_mutex_lock(&lock);
  ((Conn *)c)->published = 0;
  pthread_mutex_unlock(&lock);
  return 0;
}
static int subscribe(Conn *conn, int on, const char *user) {
  pthread_mutex_lock(&lock);
  conn->subscribed = on;
  snprintf(conn->only, sizeof conn->only, "%s", user);
  pthread_mutex_unlock(&lock);
  return 0;
}
EXPORT int agora_local_user_subscribe_audio(void *c, const char *user) { return subscribe(c, 1, user); }
EXPORT int agora_local_user_subscribe_all_audio(void *c) { return subscribe(c, 1, ""); }
EXPORT int agora_local_user_unsubscribe_all_audio(void *c) { return subscribe(c, 0, ""); }
