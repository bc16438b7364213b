/* The floor of every comparison: one thread, one epoll loop, and nothing between a request's bytes and the answer's.
 *
 * It finds where each HTTP/1.1 request ends (head, Content-Length) and writes one answer that was made before the first
 * connection came: what is left is what the kernel asks for its sockets. Whatever a server does beyond that shows as
 * its distance from this program.
 *
 *   floor PORT FILE    serves FILE (a whole HTTP response, head and body) on 127.0.0.1:PORT until it is killed
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kBuffer = 16384, kMaxFd = 8192, kEvents = 64 };

struct connection {
  size_t used;
  char bytes[kBuffer];
};

static struct connection* connections[kMaxFd];
static char* answer;
static size_t answer_size;

static void die(const char* what) {
  perror(what);
  exit(1);
}

static void load_answer(const char* path) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) die(path);
  size_t capacity = 1 << 20;
  answer = malloc(capacity);
  if (answer == NULL) die("malloc");
  answer_size = fread(answer, 1, capacity, file);
  fclose(file);
}

static int listen_on(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr*)&address, sizeof address) != 0 || listen(fd, 4096) != 0) die("listen");
  return fd;
}

static void drop(int fd) {
  free(connections[fd]);
  connections[fd] = NULL;
  close(fd);
}

/* The bytes of the first whole request in the buffer, or 0. */
static size_t whole_request(const struct connection* c) {
  const char* end = memmem(c->bytes, c->used, "\r\n\r\n", 4);
  if (end == NULL) return 0;
  const size_t head = (size_t)(end - c->bytes) + 4;
  size_t body = 0;
  const char* length = memmem(c->bytes, head, "\r\nContent-Length: ", 18);
  if (length != NULL) body = strtoul(length + 18, NULL, 10);
  return body <= c->used - head ? head + body : 0;
}

static int write_all(int fd) {
  size_t sent = 0;
  while (sent < answer_size) {
    const ssize_t n = write(fd, answer + sent, answer_size - sent);
    if (n < 0 && errno == EAGAIN) continue; /* an answer larger than the socket's buffer: the reader is on its way */
    if (n <= 0) return 0;
    sent += (size_t)n;
  }
  return 1;
}

static void serve(int fd) {
  struct connection* c = connections[fd];
  const ssize_t n = read(fd, c->bytes + c->used, kBuffer - c->used);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) {
    drop(fd);
    return;
  }
  c->used += (size_t)n;
  size_t size;
  while ((size = whole_request(c)) > 0) {
    if (!write_all(fd)) {
      drop(fd);
      return;
    }
    memmove(c->bytes, c->bytes + size, c->used - size);
    c->used -= size;
  }
  if (c->used == kBuffer) drop(fd);
}

static void accept_all(int listener, int poll) {
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    const int on = 1;
    if (fd >= kMaxFd || (connections[fd] = calloc(1, sizeof(struct connection))) == NULL) {
      close(fd);
      continue;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
  }
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: floor PORT FILE\n");
    return 2;
  }
  load_answer(argv[2]);
  const int listener = listen_on(atoi(argv[1]));
  const int poll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  struct epoll_event events[kEvents];
  for (;;) {
    const int count = epoll_wait(poll, events, kEvents, -1);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.fd == listener) {
        accept_all(listener, poll);
      } else {
        serve(events[i].data.fd);
      }
    }
  }
}
