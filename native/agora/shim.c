/*
 * Stands between the vendor's library, which calls back on threads of its own, and an engine that must not be called from those: callbacks
 * copy what they are given into rings and return at once; the engine asks for it. Nothing of the vendor's is called from inside a callback.
 *
 * All functions are for one thread, the engine's; the rings alone are shared. Connections go by ids with a generation, so that a closed one
 * is an error and not a crash. One library and one service in a process.
 */
#define _GNU_SOURCE
#include "abi.h"
#include "ring.h"
#include <dlfcn.h>
#include <stdio.h>

#define MOST_CONNECTIONS 256
#define MOST_USER_ID 64
#define MOST_TEXT 256
#define AUDIO_SLOTS 256

/* Results; those of the vendor's own calls that failed are told as FAILED, with the step's name in `why`. */
enum { OK = 0, FAILED = -1, NO_LIBRARY = -2, WRONG_ABI = -3, CLOSED = -4, FULL = -5, BAD_ARGUMENT = -6, NO_MEMORY = -7 };

enum { ABI_4430 = 4430, ABI_4432 = 4432 };

/* What an event is of. */
enum {
  EVENT_CONNECTED = 1,
  EVENT_DISCONNECTED,
  EVENT_CONNECTING,
  EVENT_RECONNECTING,
  EVENT_RECONNECTED,
  EVENT_LOST,
  EVENT_FAILED,
  EVENT_TOKEN_WILL_EXPIRE,
  EVENT_TOKEN_DID_EXPIRE,
  EVENT_USER_JOINED,
  EVENT_USER_LEFT,
  EVENT_ERROR,
  EVENT_WARNING,
  EVENT_VOLUME,
  EVENT_ODD_FRAME,
};

/* Mirrored by records.ts. */
typedef struct {
  uint32_t pcm_bytes;
  int32_t far_field_flag, rms, voice_prob, music_prob, pitch, sample_rate, channels;
  char user_id[MOST_USER_ID];
  uint8_t reserved[32];
} AudioRecord;
SAME_SIZE(AudioRecord, 128);

typedef struct {
  int32_t type, value, extra;
  char user_id[MOST_USER_ID], text[MOST_TEXT];
} EventRecord;
SAME_SIZE(EventRecord, 332);

typedef struct {
  int32_t generation;
  void *conn, *user, *track, *sender;
  Ring audio, events;
} Connection;

#define FUNCTION(result, name, arguments) result(*name) arguments;
static struct {
  AGORA_FUNCTIONS(FUNCTION)
  /* Only in 4.4.32. */
  void *(*service_create_direct_custom_audio_track_pcm)(void *, void *);
  union {
    void *symbol;
    SendPcm4430 send4430;
    SendPcm4432 send4432;
  } send;
} agora;
#undef FUNCTION

static void *library, *service, *factory;
static int abi, scenario, sample_rate;
static Connection connections[MOST_CONNECTIONS];
/* Callbacks look for their connection while the engine may open or free one. */
static pthread_rwlock_t table = PTHREAD_RWLOCK_INITIALIZER;
static char why[MOST_TEXT], own_app_id[MOST_TEXT];

const char *pa_why(void) { return why; }

static int tell(int result, const char *words) {
  snprintf(why, sizeof why, "%s", words);
  return result;
}

/* ---- callbacks: on the vendor's threads ---- */

static void copy_text(char *to, size_t most, const char *from) { snprintf(to, most, "%s", from ? from : ""); }

static void put_event(Connection *at, int type, int value, int extra, const char *user_id, const char *text) {
  EventRecord record = {.type = type, .value = value, .extra = extra};
  copy_text(record.user_id, sizeof record.user_id, user_id);
  copy_text(record.text, sizeof record.text, text);
  ring_write(&at->events, &record, sizeof record, NULL, 0);
}

/* The handle is that of a connection or of its local user. */
static void on_event(void *handle, int type, int value, int extra, const char *user_id, const char *text) {
  pthread_rwlock_rdlock(&table);
  for (int i = 0; i < MOST_CONNECTIONS; i++)
    if (connections[i].conn && (connections[i].conn == handle || connections[i].user == handle))
      put_event(&connections[i], type, value, extra, user_id, text);
  pthread_rwlock_unlock(&table);
}

#define CHANGE(name, type) \
  static void name(void *conn, RTCConnInfo *info, int reason) { on_event(conn, type, reason, info ? info->state : 0, NULL, NULL); }
CHANGE(on_connected, EVENT_CONNECTED)
CHANGE(on_disconnected, EVENT_DISCONNECTED)
CHANGE(on_connecting, EVENT_CONNECTING)
CHANGE(on_reconnecting, EVENT_RECONNECTING)
CHANGE(on_reconnected, EVENT_RECONNECTED)
CHANGE(on_failure, EVENT_FAILED)

static void on_lost(void *conn, RTCConnInfo *info) { on_event(conn, EVENT_LOST, 0, info ? info->state : 0, NULL, NULL); }
static void on_token_will_expire(void *conn, const char *token) { (void)token, on_event(conn, EVENT_TOKEN_WILL_EXPIRE, 0, 0, NULL, NULL); }
static void on_token_did_expire(void *conn) { on_event(conn, EVENT_TOKEN_DID_EXPIRE, 0, 0, NULL, NULL); }
static void on_user_joined(void *conn, const char *user) { on_event(conn, EVENT_USER_JOINED, 0, 0, user, NULL); }
static void on_user_left(void *conn, const char *user, int reason) { on_event(conn, EVENT_USER_LEFT, reason, 0, user, NULL); }
static void on_error(void *conn, int code, const char *text) { on_event(conn, EVENT_ERROR, code, 0, NULL, text); }
static void on_warning(void *conn, int code, const char *text) { on_event(conn, EVENT_WARNING, code, 0, NULL, text); }

/* A record for each speaker; the first says how many there are. */
static void on_volume(void *user, AudioVolumeInfo *speakers, uint32_t count, int total) {
  (void)total;
  for (uint32_t i = 0; speakers && i < count; i++)
    on_event(user, EVENT_VOLUME, (int)speakers[i].volume, i == 0 ? (int)count : 0, speakers[i].user_id, speakers[i].vad ? "speech" : "");
}

static int on_frame(void *user, const char *channel, const char *user_id, void *frame) {
  (void)channel;
  const AudioFrameHead *head = frame;
  const AudioLabels *labels = (const void *)((const uint8_t *)frame + (abi == ABI_4430 ? LABELS_AT_4430 : LABELS_AT_4432));
  pthread_rwlock_rdlock(&table);
  for (int i = 0; i < MOST_CONNECTIONS; i++) {
    Connection *at = &connections[i];
    if (!at->conn || at->user != user) continue;
    /* Another layout than the one that was configured shows here, before anything of it is read as audio. */
    if (!head->buffer || head->bytes_per_sample != 2 || head->channels != 1 || head->samples_per_sec != sample_rate ||
        head->samples_per_channel != sample_rate / 100) {
      put_event(at, EVENT_ODD_FRAME, head->samples_per_channel, head->samples_per_sec, user_id, NULL);
      break;
    }
    AudioRecord record = {
        .pcm_bytes = (uint32_t)head->samples_per_channel * 2,
        .far_field_flag = labels->far_field_flag,
        .rms = labels->rms,
        .voice_prob = labels->voice_prob,
        .music_prob = labels->music_prob,
        .pitch = labels->pitch,
        .sample_rate = head->samples_per_sec,
        .channels = head->channels,
    };
    copy_text(record.user_id, sizeof record.user_id, user_id);
    ring_write(&at->audio, &record, sizeof record, head->buffer, record.pcm_bytes);
    break;
  }
  pthread_rwlock_unlock(&table);
  return 1;
}

/* The vendor may or may not copy these: they stay where they are. */
static RTCConnectionObserver connection_observer = {
    .on_connected = on_connected,
    .on_disconnected = on_disconnected,
    .on_connecting = on_connecting,
    .on_reconnecting = on_reconnecting,
    .on_reconnected = on_reconnected,
    .on_connection_lost = on_lost,
    .on_token_privilege_will_expire = on_token_will_expire,
    .on_token_privilege_did_expire = on_token_did_expire,
    .on_connection_failure = on_failure,
    .on_user_joined = on_user_joined,
    .on_user_left = on_user_left,
    .on_error = on_error,
    .on_warning = on_warning,
};
static RTCLocalUserObserver user_observer = {.on_audio_volume_indication = on_volume};
static AudioFrameObserver frame_observer = {.on_playback_audio_frame_before_mixing = on_frame};

/* ---- the library ---- */

static int resolve(void *to, const char *name) {
  void *symbol = dlsym(library, name);
  memcpy(to, &symbol, sizeof symbol);
  return symbol != NULL;
}

/*
 * Opens the vendor's library, once in a process. `wanted` is ABI_4430 or ABI_4432: what the two differ in cannot be asked for, so the one
 * function that only the newer has must be there, or must not.
 */
int pa_load(const char *path, int wanted) {
  if (library) return tell(OK, "");
  if (!path || (wanted != ABI_4430 && wanted != ABI_4432)) return tell(BAD_ARGUMENT, "the layout is 4430 or 4432");
  library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *words = dlerror();
    return tell(NO_LIBRARY, words ? words : "it cannot be opened");
  }
  const char *missing = NULL;
#define RESOLVE(result, name, arguments) \
  if (!missing && !resolve(&agora.name, "agora_" #name)) missing = "agora_" #name;
  AGORA_FUNCTIONS(RESOLVE)
#undef RESOLVE
  if (!missing && !resolve(&agora.send.symbol, "agora_audio_pcm_data_sender_send")) missing = "agora_audio_pcm_data_sender_send";
  int is_newer = resolve(&agora.service_create_direct_custom_audio_track_pcm, "agora_service_create_direct_custom_audio_track_pcm");
  if (!missing && is_newer == (wanted == ABI_4432)) {
    abi = wanted;
    return tell(OK, "");
  }
  dlclose(library);
  library = NULL;
  memset(&agora, 0, sizeof agora);
  return missing ? tell(WRONG_ABI, missing) : tell(WRONG_ABI, is_newer ? "it is of 4.4.32 or later" : "it is older than 4.4.32");
}

/* ---- the service: one in a process ---- */

int pa_service_close(void) {
  if (!service) return OK;
  if (factory) agora.media_node_factory_destroy(factory); /* before the service, whatever the vendor's newer releases do */
  agora.service_release(service);
  service = factory = NULL;
  return OK;
}

static int give_up_service(const char *step) {
  pa_service_close();
  return tell(FAILED, step);
}

/* @param app_id, audio_scenario (7 chorus, 9 AI server), area, rate of the audio that comes in */
int pa_service_open(const char *app_id, int audio_scenario, uint32_t area, int rate) {
  if (!library) return tell(NO_LIBRARY, "no library is loaded");
  if (service) return tell(FULL, "a service is open already");
  if (!app_id || rate < 8000 || rate > 48000 || rate % 100) return tell(BAD_ARGUMENT, "rates are 8000 to 48000");
  service = agora.service_create();
  if (!service) return tell(FAILED, "agora_service_create");
  copy_text(own_app_id, sizeof own_app_id, app_id); /* it may be kept */
  AgoraServiceConfig config = {
      .enable_audio_processor = 1,
      .app_id = own_app_id,
      .area_code = area,
      .channel_profile = 1,
      .audio_scenario = audio_scenario,
      .use_string_uid = 0,
      .log_file_size_kb = 5120,
  };
  if (agora.service_initialize(service, &config)) return give_up_service("agora_service_initialize");
  if (agora.service_enable_extension(service, "agora.builtin", "agora_audio_label_generator", NULL, 1))
    return give_up_service("agora_service_enable_extension");
  void *parameter = agora.service_get_agora_parameter(service);
  if (!parameter) return give_up_service("agora_service_get_agora_parameter");
  agora.parameter_set_int(parameter, "rtc.set_app_type", 18);
  agora.parameter_set_parameters(parameter, "{\"che.audio.label.enable\": true}");
  factory = agora.service_create_media_node_factory(service);
  if (!factory) return give_up_service("agora_service_create_media_node_factory");
  scenario = audio_scenario;
  sample_rate = rate;
  return tell(OK, "");
}

/* ---- connections ---- */

static Connection *find(int id) {
  int slot = id & (MOST_CONNECTIONS - 1);
  Connection *at = id > 0 ? &connections[slot] : NULL;
  if (at && at->conn && at->generation == id / MOST_CONNECTIONS) return at;
  tell(CLOSED, "there is no such connection");
  return NULL;
}

static void free_connection(Connection *at) {
  pthread_rwlock_wrlock(&table);
  void *conn = at->conn, *track = at->track, *sender = at->sender;
  at->conn = at->user = at->track = at->sender = NULL;
  pthread_rwlock_unlock(&table);
  if (conn) agora.rtc_conn_destroy(conn);
  if (track) agora.local_audio_track_destroy(track);
  if (sender) agora.audio_pcm_data_sender_destroy(sender);
  ring_close(&at->audio);
  ring_close(&at->events);
}

static int make_track(Connection *at) {
  at->sender = agora.media_node_factory_create_audio_pcm_data_sender(factory);
  if (!at->sender) return tell(FAILED, "agora_media_node_factory_create_audio_pcm_data_sender");
  /* The direct track is for the AI server's scenario. */
  at->track = scenario == 9 && agora.service_create_direct_custom_audio_track_pcm
                  ? agora.service_create_direct_custom_audio_track_pcm(service, at->sender)
                  : agora.service_create_custom_audio_track_pcm(service, at->sender);
  if (!at->track) return tell(FAILED, "agora_service_create_custom_audio_track_pcm");
  agora.local_audio_track_set_max_bufferd_frame_number(at->track, 100000);
  agora.local_audio_track_set_send_delay_ms(at->track, 10);
  return agora.local_audio_track_set_enabled(at->track, 1) ? tell(FAILED, "agora_local_audio_track_set_enabled") : OK;
}

static int observe(Connection *at, int volume_ms) {
  AudioEncoderConfiguration encoder = {0};
  agora.local_user_set_audio_scenario(at->user, scenario);
  agora.local_user_set_audio_encoder_config(at->user, &encoder);
  if (volume_ms > 0) agora.local_user_set_audio_volume_indication_parameters(at->user, volume_ms, 3, 1);
  if (agora.rtc_conn_register_observer(at->conn, &connection_observer)) return tell(FAILED, "agora_rtc_conn_register_observer");
  if (agora.local_user_register_observer(at->user, &user_observer)) return tell(FAILED, "agora_local_user_register_observer");
  /* Before the observer, or it is not heeded. */
  if (agora.local_user_set_playback_audio_frame_before_mixing_parameters(at->user, 1, sample_rate))
    return tell(FAILED, "agora_local_user_set_playback_audio_frame_before_mixing_parameters");
  if (agora.local_user_register_audio_frame_observer(at->user, &frame_observer))
    return tell(FAILED, "agora_local_user_register_audio_frame_observer");
  return OK;
}

/* A connection that is not connected yet, with a track to send on. @param volume_ms 0: no volumes. @returns its id, or a result below 0. */
int pa_open(int volume_ms) {
  if (!service) return tell(NO_LIBRARY, "no service is open");
  int slot = 0;
  while (slot < MOST_CONNECTIONS && connections[slot].conn) slot++;
  if (slot == MOST_CONNECTIONS) return tell(FULL, "256 connections are open");
  Connection *at = &connections[slot];
  uint32_t record = sizeof(AudioRecord) + (uint32_t)sample_rate / 100 * 2 + 4;
  if (ring_open(&at->audio, AUDIO_SLOTS * record) || ring_open(&at->events, AUDIO_SLOTS * (sizeof(EventRecord) + 4))) {
    free_connection(at);
    return tell(NO_MEMORY, "no memory");
  }
  RTCConnConfig config = {
      .auto_subscribe_audio = 1,
      .audio_subs_options = {.pcm_data_only = 1, .bytes_per_sample = 2, .number_of_channels = 1, .sample_rate_hz = (uint32_t)sample_rate},
      .client_role_type = 1,
      .channel_profile = 1,
  };
  void *conn = agora.rtc_conn_create(service, &config);
  void *user = conn ? agora.rtc_conn_get_local_user(conn) : NULL;
  pthread_rwlock_wrlock(&table);
  at->conn = conn;
  at->user = user;
  at->generation = at->generation % 0x7fffff + 1;
  pthread_rwlock_unlock(&table);
  int result = user ? make_track(at) : tell(FAILED, "agora_rtc_conn_create");
  if (result == OK) result = observe(at, volume_ms);
  if (result != OK) {
    free_connection(at);
    return result;
  }
  return at->generation * MOST_CONNECTIONS + slot;
}

int pa_connect(int id, const char *token, const char *channel, const char *user_id) {
  Connection *at = find(id);
  if (!at) return CLOSED;
  if (!token || !channel || !user_id) return tell(BAD_ARGUMENT, "token, channel and user are texts");
  ring_clear(&at->audio);
  ring_clear(&at->events);
  return agora.rtc_conn_connect(at->conn, token, channel, user_id) ? tell(FAILED, "agora_rtc_conn_connect") : OK;
}

/* @param publish whether it sends; @param user the one to hear, NULL for all, "" for none. Once it is connected. */
int pa_join(int id, int publish, const char *user) {
  Connection *at = find(id);
  if (!at) return CLOSED;
  if (publish && agora.local_user_publish_audio(at->user, at->track)) return tell(FAILED, "agora_local_user_publish_audio");
  if (!user) return agora.local_user_subscribe_all_audio(at->user) ? tell(FAILED, "agora_local_user_subscribe_all_audio") : OK;
  if (agora.local_user_unsubscribe_all_audio(at->user)) return tell(FAILED, "agora_local_user_unsubscribe_all_audio");
  if (!*user) return OK;
  return agora.local_user_subscribe_audio(at->user, user) ? tell(FAILED, "agora_local_user_subscribe_audio") : OK;
}

int pa_send(int id, const int16_t *pcm, int samples_per_channel, int channels, int rate) {
  Connection *at = find(id);
  if (!at) return CLOSED;
  if (!pcm || channels < 1 || channels > 2 || rate < 8000 || rate > 48000 || samples_per_channel < 1 || samples_per_channel % (rate / 1000))
    return tell(BAD_ARGUMENT, "whole milliseconds of one or two channels");
  int sent = abi == ABI_4430 ? agora.send.send4430(at->sender, pcm, 0, (uint32_t)samples_per_channel, 2, (uint32_t)channels, (uint32_t)rate)
                             : agora.send.send4432(at->sender, pcm, 0, 0, (uint32_t)samples_per_channel, 2, (uint32_t)channels, (uint32_t)rate);
  return sent < 0 ? tell(FAILED, "agora_audio_pcm_data_sender_send") : OK;
}

/* Drops what was sent and is not played yet. */
int pa_clear(int id) {
  Connection *at = find(id);
  if (!at) return CLOSED;
  return agora.local_audio_track_clear_sender_buffer(at->track) ? tell(FAILED, "agora_local_audio_track_clear_sender_buffer") : OK;
}

int pa_renew_token(int id, const char *token) {
  Connection *at = find(id);
  if (!at) return CLOSED;
  return !token || agora.rtc_conn_renew_token(at->conn, token) ? tell(FAILED, "agora_rtc_conn_renew_token") : OK;
}

/* The next frame of any user: a header and its samples. @returns bytes, 0 when there is none. */
int pa_read_audio(int id, void *to, int most) {
  Connection *at = find(id);
  if (!at) return CLOSED;
  return to && most > 0 ? ring_read(&at->audio, to, (uint32_t)most) : BAD_ARGUMENT;
}

int pa_read_event(int id, void *to, int most) {
  Connection *at = find(id);
  if (!at) return CLOSED;
  return to && most > 0 ? ring_read(&at->events, to, (uint32_t)most) : BAD_ARGUMENT;
}

/* Frames and events that came faster than they were asked for. */
double pa_dropped(int id) {
  Connection *at = find(id);
  return at ? (double)(at->audio.dropped + at->events.dropped) : CLOSED;
}

/* Leaves the channel; the connection can be used for another. */
int pa_leave(int id) {
  Connection *at = find(id);
  if (!at) return CLOSED;
  agora.local_user_unpublish_audio(at->user, at->track);
  agora.local_audio_track_clear_sender_buffer(at->track);
  return agora.rtc_conn_disconnect(at->conn) ? tell(FAILED, "agora_rtc_conn_disconnect") : OK;
}

/* In the order that the vendor asks for; after `pa_leave`. */
int pa_close(int id) {
  Connection *at = find(id);
  if (!at) return CLOSED;
  agora.local_audio_track_set_enabled(at->track, 0);
  agora.local_user_unregister_audio_frame_observer(at->user);
  agora.local_user_unregister_observer(at->user);
  agora.rtc_conn_unregister_observer(at->conn);
  free_connection(at);
  return OK;
}
