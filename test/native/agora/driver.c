/*
 * The shim and the library that stands in for the vendor's, in one program under the sanitizers: what goes through the rings from one thread
 * to another, and what is let go while the other threads go on.
 */
#define pa_load pa_load_unused
#include "../../../native/agora/shim.c"
#undef pa_load
#include "stand-in.c"

static int failures;
#define CHECK(condition) \
  do { \
    if (!(condition)) failures++, fprintf(stderr, "%d: %s (%s)\n", __LINE__, #condition, pa_why()); \
  } while (0)

/* The functions of this program instead of those of a library. */
static void take_own(void) {
#define OWN(result, name, arguments) agora.name = agora_##name;
  AGORA_FUNCTIONS(OWN)
  agora.service_create_direct_custom_audio_track_pcm = agora_service_create_direct_custom_audio_track_pcm;
  agora.send.send4432 = agora_audio_pcm_data_sender_send;
  abi = ABI_4432;
  library = &failures;
}

static int wait_for(int id, int type) {
  EventRecord *record = malloc(sizeof *record);
  int found = 0;
  for (int i = 0; i < 5000 && !found; i++) {
    struct timespec moment = {.tv_nsec = 1000000};
    while (!found && pa_read_event(id, record, sizeof *record) > 0) found = record->type == type;
    if (!found) nanosleep(&moment, NULL);
  }
  free(record);
  return found;
}

static void talk(int rounds) {
  int ids[3];
  char user[8];
  for (int i = 0; i < 3; i++) {
    CHECK((ids[i] = pa_open(20)) > 0);
    snprintf(user, sizeof user, "%d", i + 1);
    CHECK(pa_connect(ids[i], "token", "room", user) == OK);
    CHECK(wait_for(ids[i], EVENT_CONNECTED));
    CHECK(pa_join(ids[i], i < 2, NULL) == OK);
  }
  int16_t *pcm = malloc(160 * 2); /* exactly sized: one sample more is caught */
  uint8_t *exact = malloc(sizeof(AudioRecord) + 160 * 2), *small = malloc(8);
  int heard = 0;
  for (int i = 0; i < rounds; i++) {
    for (int k = 0; k < 160; k++) pcm[k] = (int16_t)(i * 160 + k);
    CHECK(pa_send(ids[0], pcm, 160, 1, 16000) == OK);
    CHECK(pa_send(ids[0], pcm, 161, 1, 16000) == BAD_ARGUMENT);
    if (i % 10 == 9) pa_clear(ids[0]);
    struct timespec moment = {.tv_nsec = 5000000};
    nanosleep(&moment, NULL);
    while (pa_read_audio(ids[2], exact, (int)sizeof(AudioRecord) + 160 * 2) > 0) heard++;
    if (i % 7 == 0) pa_read_audio(ids[1], small, 8); /* too small: dropped, counted */
  }
  CHECK(heard > 10);
  for (int i = 0; i < 3; i++) {
    CHECK(pa_leave(ids[i]) == OK);
    CHECK(pa_close(ids[i]) == OK);
    CHECK(pa_read_audio(ids[i], exact, 16) == CLOSED);
  }
  free(pcm);
  free(exact);
  free(small);
}

int main(int count, char **arguments) {
  take_own();
  if (count > 1 && !strcmp(arguments[1], "--overread")) {
    int16_t *pcm = malloc(319);
    CHECK(pa_service_open("app", 9, 1, 16000) == OK);
    int id = pa_open(0);
    pa_send(id, pcm, 160, 1, 16000);
    puts("not caught");
    return 0;
  }
  CHECK(pa_open(0) == NO_LIBRARY);
  CHECK(pa_service_open("app", 9, 1, 16050) == BAD_ARGUMENT);
  for (int i = 0; i < 3; i++) {
    CHECK(pa_service_open("app", i ? 9 : 7, 1, 16000) == OK);
    CHECK(pa_service_open("app", 9, 1, 16000) == FULL);
    talk(40);
    CHECK(pa_service_close() == OK);
    CHECK(standin_alive() == 0);
  }
  Ring ring;
  CHECK(ring_open(&ring, 64) == 0);
  char *body = malloc(60), back[64];
  memset(body, 7, 60);
  ring_write(&ring, body, 60, NULL, 0);
  CHECK(ring_read(&ring, back, 64) == 60);
  ring_write(&ring, body, 60, body, 1);
  ring_write(&ring, body, UINT32_MAX, body, 2);
  CHECK(ring.dropped == 2 && ring_read(&ring, back, 64) == 0);
  for (int i = 0; i < 500; i++) {
    ring_write(&ring, body, (uint32_t)(i % 23), body, (uint32_t)(i % 11));
    int length = ring_read(&ring, back, 64);
    CHECK(length == i % 23 + i % 11);
  }
  ring_close(&ring);
  free(body);
  printf("%d failures\n", failures);
  return failures != 0;
}
