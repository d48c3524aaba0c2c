/*
 * Live clients of a WebSocket server, as cheap as they can be: every socket sends one chunk of audio in 20 ms, all at phases of their own,
 * and the age of a chunk is what passes from the moment it was due until the event that it caused has come back.
 *
 *   load PORT PATH HELLO PCM CHUNK_SAMPLES     PCM "-": nothing is sent, events are only read
 *
 * Commands on standard input, one JSON line each in answer:
 *   open N       opens N more sockets, and waits until the server has said "ready" to all of them
 *   measure MS   what came and went in that time
 *   await N      waits for N events in all, from the first one on
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 200, HEADER = 24, OPENING = 4, MOST = 20000, AGES = 4000000, INPUT = 1 << 18 };
static const int64_t PERIOD = 20000000, SLOT = PERIOD / SLOTS;

typedef struct Socket {
  int fd, index;
  enum { CONNECTING, UPGRADING, GREETED, LIVE, CLOSED } state;
  struct Socket *next_in_slot;
  int64_t first_due; /* of chunk 0 */
  int64_t owed, sent; /* chunks */
  size_t offset; /* within the chunk that is going out */
  char *rest; /* of a message that has not come whole */
  size_t rest_length, rest_room;
} Socket;

static Socket sockets[MOST], *slots[SLOTS];
static int count, opening, ready, closed, complaints, polling, port;
static const char *path, *hello;
static uint8_t *frames;
static size_t frame_bytes, head_bytes;
static int64_t frame_count, chunk_samples;
static uint32_t ages[AGES], lates[AGES];
static size_t age_count, late_count;
static int64_t events, messages, chunks, stalls, first_event, last_event, slot_time;
static char input[INPUT];

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

/* One masked binary message for each chunk; the mask is 0, so the bytes stay as they are. */
static void load_frames(const char *file) {
  FILE *f = fopen(file, "rb");
  if (!f) fail(file);
  fseek(f, 0, SEEK_END);
  size_t chunk_bytes = chunk_samples * 2, length = HEADER + chunk_bytes;
  frame_count = ftell(f) / chunk_bytes;
  rewind(f);
  head_bytes = 8;
  frame_bytes = head_bytes + length;
  frames = calloc(frame_count, frame_bytes);
  for (int64_t i = 0; i < frame_count; i++) {
    uint8_t *p = frames + i * frame_bytes;
    p[0] = 0x82;
    p[1] = 0x80 | 126;
    p[2] = length >> 8;
    p[3] = length & 255;
    p[head_bytes] = 1;
    p[head_bytes + 3] = 1;
    uint32_t rate = 16000;
    memcpy(p + head_bytes + 4, &rate, 4);
    if (fread(p + head_bytes + HEADER, 1, chunk_bytes, f) != chunk_bytes) fail(file);
  }
  fclose(f);
}

static void watch(Socket *s, uint32_t what, int op) {
  struct epoll_event e = {.events = what, .data.ptr = s};
  if (epoll_ctl(polling, op, s->fd, &e) < 0) fail("epoll_ctl");
}

static void open_one(void) {
  Socket *s = &sockets[count];
  *s = (Socket){.index = count++, .fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
  if (s->fd < 0) fail("socket");
  int on = 1;
  setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(s->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) fail("connect");
  watch(s, EPOLLOUT, EPOLL_CTL_ADD);
  opening++;
}

static void write_all(Socket *s, const void *data, size_t length) {
  if (write(s->fd, data, length) != (ssize_t)length) fail("write");
}

static void upgrade(Socket *s) {
  char text[1024];
  int length = snprintf(text, sizeof text,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
                        path, port);
  write_all(s, text, length);
  s->state = UPGRADING;
  watch(s, EPOLLIN, EPOLL_CTL_MOD);
}

static void greet(Socket *s) {
  uint8_t text[8192];
  size_t length = strlen(hello);
  text[0] = 0x81;
  text[1] = 0x80 | 126;
  text[2] = length >> 8;
  text[3] = length & 255;
  memset(text + 4, 0, 4);
  memcpy(text + 8, hello, length);
  write_all(s, text, length + 8);
  s->state = GREETED;
}

static void live(Socket *s) {
  s->state = LIVE;
  opening--;
  ready++;
  if (!frames) return;
  int slot = s->index * 77 % SLOTS;
  int64_t turn = now() / PERIOD + 2;
  s->first_due = turn * PERIOD + slot * SLOT;
  s->next_in_slot = slots[slot];
  slots[slot] = s;
}

static void send_owed(Socket *s) {
  while (s->sent < s->owed) {
    uint8_t *p = frames + (s->index * 37LL + s->sent) % frame_count * frame_bytes;
    int64_t start = s->sent * chunk_samples;
    memcpy(p + head_bytes + 8, &start, 8);
    ssize_t done = write(s->fd, p + s->offset, frame_bytes - s->offset);
    if (done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      stalls++;
      return;
    }
    if (done < 0) {
      s->state = CLOSED;
      return;
    }
    s->offset += done;
    if (s->offset < frame_bytes) return;
    s->offset = 0;
    s->sent++;
    chunks++;
  }
}

static void send_slots(int64_t time) {
  for (; slot_time + SLOT <= time; slot_time += SLOT) {
    int64_t due = slot_time + SLOT;
    for (Socket *s = slots[due / SLOT % SLOTS]; s; s = s->next_in_slot) {
      if (s->state != LIVE || due < s->first_due) continue;
      s->owed++;
      send_owed(s);
    }
    if (late_count < AGES) lates[late_count++] = (now() - due) / 1000;
  }
}

static void over(Socket *s, const char *text, size_t length) {
  if (s->state == GREETED || s->state == UPGRADING) opening--;
  s->state = CLOSED;
  closed++;
  epoll_ctl(polling, EPOLL_CTL_DEL, s->fd, NULL);
  close(s->fd);
  if (complaints++ < 5) fprintf(stderr, "load: a socket was closed: %.*s\n", (int)(length < 300 ? length : 300), text);
}

static void told(Socket *s, const char *text, size_t length, int64_t time) {
  messages++;
  if (s->state == GREETED) {
    if (memmem(text, length, "\"type\":\"ready\"", 14)) live(s);
    else over(s, text, length);
    return;
  }
  if (!memmem(text, length < 24 ? length : 24, "\"event\"", 7)) {
    if (memmem(text, length < 24 ? length : 24, "\"error\"", 7)) over(s, text, length);
    return;
  }
  events++;
  if (!first_event) first_event = time;
  last_event = time;
  if (!frames || !memmem(text, length, "\"mark\":\"end\"", 12)) return;
  const char *at = memmem(text, length, "\"atSample\":", 11);
  if (!at) return;
  int64_t chunk = atoll(at + 11) / chunk_samples - 1;
  int64_t age = time - (s->first_due + chunk * PERIOD);
  if (age_count < AGES) ages[age_count++] = age < 0 ? 0 : age / 1000;
}

/* Whole messages of what has come; returns how many bytes they were. */
static size_t take(Socket *s, const char *data, size_t length, int64_t time) {
  size_t at = 0;
  while (s->state != CLOSED) {
    if (s->state == UPGRADING) {
      const char *end = memmem(data + at, length - at, "\r\n\r\n", 4);
      if (!end) return at;
      if (length - at < 12 || memcmp(data + at + 9, "101", 3)) {
        over(s, data + at, length - at);
        return length;
      }
      at = end + 4 - data;
      greet(s);
      continue;
    }
    const uint8_t *p = (const uint8_t *)data + at;
    size_t head = 2, left = length - at;
    if (left < 2) return at;
    uint64_t payload = p[1] & 127;
    if (payload == 126) head = 4;
    if (payload == 127) head = 10;
    if (left < head) return at;
    if (head > 2) {
      payload = 0;
      for (size_t i = 2; i < head; i++) payload = payload << 8 | p[i];
    }
    if (left < head + payload) return at;
    if ((p[0] & 15) == 8) {
      over(s, (const char *)p + head + 2, payload > 2 ? payload - 2 : 0);
      return length;
    }
    if ((p[0] & 15) == 1) told(s, (const char *)p + head, payload, time);
    at += head + payload;
  }
  return at;
}

static void receive(Socket *s) {
  for (;;) {
    memcpy(input, s->rest, s->rest_length);
    ssize_t got = read(s->fd, input + s->rest_length, INPUT - s->rest_length);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (got <= 0) {
      over(s, "the connection ended", 20);
      return;
    }
    size_t length = s->rest_length + got, used = take(s, input, length, now());
    if (s->state == CLOSED) return;
    s->rest_length = length - used;
    if (s->rest_length > s->rest_room) s->rest = realloc(s->rest, s->rest_room = s->rest_length * 2);
    memcpy(s->rest, input + used, s->rest_length);
    if (length < INPUT) return;
  }
}

/* Sends what is due and reads what has come, for a little while. */
static void turn(void) {
  struct epoll_event found[256];
  int64_t wait = slot_time + 2 * SLOT - now();
  if (wait < 0) wait = 0;
  struct timespec limit = {.tv_nsec = wait};
  int many = epoll_pwait2(polling, found, 256, &limit, NULL);
  send_slots(now());
  for (int i = 0; i < many; i++) {
    Socket *s = found[i].data.ptr;
    if (s->state == CONNECTING) upgrade(s);
    else if (s->state != CLOSED) receive(s);
  }
}

static int ascending(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static double quantile(uint32_t *values, size_t length, double share) {
  if (length == 0) return -1;
  qsort(values, length, sizeof *values, ascending);
  size_t at = (size_t)(share * length);
  return values[at >= length ? length - 1 : at] / 1000.0;
}

static void measure(int64_t ms) {
  age_count = late_count = 0;
  chunks = events = messages = stalls = 0;
  int64_t from = now(), until = from + ms * 1000000;
  while (now() < until) turn();
  double seconds = (now() - from) / 1e9;
  size_t aged = age_count;
  double p50 = quantile(ages, age_count, 0.5), p99 = quantile(ages, age_count, 0.99);
  printf("{\"answer\":{\"sockets\":%d,\"closed\":%d,\"seconds\":%.3f,\"chunks\":%lld,\"messages\":%lld,\"events\":%lld,\"stalls\":%lld,"
         "\"ages\":%zu,\"ageP50Ms\":%.3f,\"ageP99Ms\":%.3f,\"lateP99Ms\":%.3f}}\n",
         ready - closed, closed, seconds, (long long)chunks, (long long)messages, (long long)events, (long long)stalls, aged, p50, p99,
         quantile(lates, late_count, 0.99));
}

static void obey(char *line) {
  long long number = 0;
  if (sscanf(line, "open %lld", &number) == 1) {
    int64_t from = now();
    int target = count + number, before = closed;
    if (target > MOST) fail("too many sockets");
    while (count < target || opening > 0) {
      while (count < target && opening < OPENING) open_one();
      turn();
    }
    printf("{\"answer\":{\"ready\":%d,\"refused\":%d,\"ms\":%.1f}}\n", ready, closed - before, (now() - from) / 1e6);
  } else if (sscanf(line, "measure %lld", &number) == 1) measure(number);
  else if (sscanf(line, "await %lld", &number) == 1) {
    int64_t until = now() + 60000000000LL;
    while (events < number && now() < until) turn();
    printf("{\"answer\":{\"events\":%lld,\"ms\":%.3f}}\n", (long long)events, (last_event - first_event) / 1e6);
  } else printf("{\"error\":\"open N, measure MS or await N was wanted\"}\n");
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fprintf(stderr, "load PORT PATH HELLO PCM CHUNK_SAMPLES\n");
    return 2;
  }
  port = atoi(argv[1]);
  path = argv[2];
  hello = argv[3];
  chunk_samples = atoll(argv[5]);
  polling = epoll_create1(0);
  if (strcmp(argv[4], "-")) load_frames(argv[4]);
  slot_time = now() / SLOT * SLOT;
  fcntl(0, F_SETFL, O_NONBLOCK);
  char line[256];
  size_t length = 0;
  for (;;) {
    turn();
    ssize_t got = read(0, line + length, sizeof line - 1 - length);
    if (got == 0) return 0;
    if (got < 0) continue;
    length += got;
    line[length] = 0;
    if (!strchr(line, '\n')) continue;
    obey(line);
    length = 0;
  }
}
