/* Open loop: sends each pre-signed request once, at times drawn beforehand (Poisson arrivals from a
 * seed), whether or not earlier ones have been answered. A request that finds no connection free
 * waits for one, and its wait counts. In C, because it shares a core with a broker and a consumer,
 * and because a timer of 1 ms would be coarser than the answers.
 *
 * open-load <port> <connections> <per second> <seconds> <seed> <template> <values>
 *   <bytes of a request's values> <fills> <results>
 *
 * Fills say what of a request's values goes where in the template: at:from:length,...
 *
 * For each request the results hold four 64-bit numbers: when it was meant to be sent, when it was
 * sent, when its answer was complete (each in ns since 1970), and the status; 0: no answer. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX 8192
#define FILLS_MAX 1024
#define EVENTS_MAX 256
/* Answers that are later than this after the last request are not waited for. */
#define PATIENCE_NS 5000000000LL

struct result { int64_t intended, sent, answered, status; };
struct connection { int socket; size_t request, bytes; char answer[ANSWER_BYTES_MAX + 1]; };
struct bytes { char *at; size_t length; };
struct fill { size_t at, from, length; };

static struct bytes template, values;
static size_t value_bytes;
static struct fill fills[FILLS_MAX];
static size_t fill_count;
static int port, epoll;
static struct result *results;
static size_t in_flight;
static struct connection **idle;
static size_t idles;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static struct bytes read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail(path);
  fseek(file, 0, SEEK_END);
  struct bytes bytes = {NULL, ftell(file)};
  rewind(file);
  bytes.at = malloc(bytes.length);
  if (fread(bytes.at, 1, bytes.length, file) != bytes.length) fail(path);
  fclose(file);
  return bytes;
}

static void parse_fills(char *text) {
  for (char *part = strtok(text, ","); part != NULL; part = strtok(NULL, ",")) {
    if (fill_count == FILLS_MAX) fail("too many fills");
    struct fill *fill = &fills[fill_count++];
    if (sscanf(part, "%zu:%zu:%zu", &fill->at, &fill->from, &fill->length) != 3) fail(part);
  }
}

/* Uniform in (0, 1]: splitmix64. */
static double draw(uint64_t *state) {
  uint64_t bits = *state += 0x9e3779b97f4a7c15;
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
  bits ^= bits >> 31;
  return ((bits >> 11) + 1) * 0x1p-53;
}

static void connect_to_server(struct connection *connection) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connection->socket = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(connection->socket, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
  int on = 1;
  setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(connection->socket, F_SETFL, O_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, connection->socket, &event) != 0) fail("epoll_ctl");
  connection->bytes = 0;
  idle[idles++] = connection;
}

/* A connection has one request at a time, which always fits into the socket's buffer. Where the
 * server has just closed it, sending fails, epoll reports the end, and the request has no answer. */
static void send_request(struct connection *connection, size_t request) {
  const char *value = values.at + request * value_bytes;
  for (size_t i = 0; i < fill_count; i++)
    memcpy(template.at + fills[i].at, value + fills[i].from, fills[i].length);
  connection->request = request;
  connection->bytes = 0;
  results[request].sent = now();
  in_flight++;
  (void)send(connection->socket, template.at, template.length, MSG_NOSIGNAL);
}

/* The length of the answer, or 0 while it is not complete. */
static size_t complete_bytes(const struct connection *connection) {
  const char *end = strstr(connection->answer, "\r\n\r\n");
  if (end == NULL) return 0;
  size_t head = end + 4 - connection->answer;
  const char *length = strcasestr(connection->answer, "\r\ncontent-length:");
  if (length != NULL && length < end) head += strtoul(length + 17, NULL, 10);
  return connection->bytes >= head ? head : 0;
}

static void reconnect(struct connection *connection) {
  size_t at = 0;
  while (at < idles && idle[at] != connection) at++;
  if (at < idles)
    idle[at] = idle[--idles];
  else
    in_flight--;
  close(connection->socket);
  connect_to_server(connection);
}

static void receive(struct connection *connection) {
  ssize_t bytes = recv(connection->socket, connection->answer + connection->bytes,
                       ANSWER_BYTES_MAX - connection->bytes, 0);
  if (bytes < 0 && errno == EAGAIN) return;
  if (bytes <= 0) return reconnect(connection);
  connection->bytes += bytes;
  connection->answer[connection->bytes] = 0;
  if (complete_bytes(connection) == 0) return;
  struct result *result = &results[connection->request];
  result->answered = now();
  result->status = strtol(connection->answer + strlen("HTTP/1.1 "), NULL, 10);
  in_flight--;
  idle[idles++] = connection;
}

static void run(size_t count) {
  size_t sent = 0;
  struct epoll_event events[EVENTS_MAX];
  int64_t end = results[count - 1].intended + PATIENCE_NS;
  while (sent < count || in_flight > 0) {
    int64_t time = now();
    if (time > end) return;
    while (sent < count && idles > 0 && results[sent].intended <= time)
      send_request(idle[--idles], sent++);
    int64_t wait = sent < count && idles > 0 ? results[sent].intended - now() : 10000000;
    if (wait < 0) wait = 0;
    struct timespec timeout = {wait / 1000000000, wait % 1000000000};
    int ready = epoll_pwait2(epoll, events, EVENTS_MAX, &timeout, NULL);
    if (ready < 0 && errno != EINTR) fail("epoll_pwait2");
    for (int i = 0; i < ready; i++) receive(events[i].data.ptr);
  }
}

int main(int argc, char **argv) {
  if (argc != 11) {
    fprintf(stderr, "open-load takes 10 arguments\n");
    return 2;
  }
  port = atoi(argv[1]);
  size_t connections = strtoul(argv[2], NULL, 10);
  double per_second = atof(argv[3]), seconds = atof(argv[4]);
  uint64_t state = strtoull(argv[5], NULL, 10);
  template = read_file(argv[6]);
  values = read_file(argv[7]);
  value_bytes = strtoul(argv[8], NULL, 10);
  parse_fills(argv[9]);

  epoll = epoll_create1(0);
  idle = calloc(connections, sizeof *idle);
  for (size_t i = 0; i < connections; i++) connect_to_server(calloc(1, sizeof(struct connection)));

  size_t signed_requests = values.length / value_bytes, count = 0;
  results = calloc(signed_requests, sizeof *results);
  int64_t start = now();
  double at = 0;
  while ((at -= log(draw(&state)) / per_second) < seconds) {
    if (count == signed_requests) {
      fprintf(stderr, "there are only %zu signed requests\n", count);
      return 1;
    }
    results[count++].intended = start + (int64_t)(at * 1e9);
  }
  if (count > 0) run(count);
  FILE *file = fopen(argv[10], "wb");
  if (file == NULL || fwrite(results, sizeof *results, count, file) != count) fail(argv[10]);
  return fclose(file) == 0 ? 0 : 1;
}
