/* Sends HTTP requests at times that were fixed beforehand, and notes when each was sent and answered.
 *
 * open_loop PORT CONNECTIONS GRACE_S REQUESTS ARRIVALS ANSWERS
 *   REQUESTS  file: each whole HTTP request after its length (uint32)
 *   ARRIVALS  file of struct arrival, ascending in time
 *   ANSWERS   file to write: struct answer for each arrival
 *
 * One thread, one epoll, kept-alive connections on 127.0.0.1, opened a quarter of a second before the clock starts: the system takes
 * a connection at once, the server when it comes to it. An arrival takes an idle connection or waits in line for one, and its time
 * counts from when it was due. GRACE_S after the last arrival is the end.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD = 16384, EVENTS = 256 };

struct arrival { double at_s; uint32_t request; uint32_t padding; };
struct answer { double sent_s; double done_s; int32_t status; int32_t padding; };
struct request { const char *text; size_t length; };

struct connection {
    int fd;
    long arrival;         /* that it is busy with, -1: idle */
    size_t written;       /* bytes of the request */
    size_t filled;        /* bytes of the head so far */
    int headed;           /* the head is complete */
    int chunked, closing; /* as the head says */
    int status;
    size_t missing;       /* bytes of the body, where it is not chunked */
    char last[5];         /* bytes that were seen, to know the end of a chunked body by */
    char head[HEAD + 1];
};

static struct request *requests;
static struct arrival *arrivals;
static struct answer *answers;
static struct connection *connections;
static long n_arrivals, done;
static long *idle, n_idle;
static int epoll_fd, port;
static struct timespec zero;

static void die(const char *what) { perror(what); exit(1); }

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)(t.tv_sec - zero.tv_sec) + 1e-9 * (double)(t.tv_nsec - zero.tv_nsec);
}

static char *slurp(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(*size + 1);
    if (!text || fread(text, 1, *size, file) != *size) die(path);
    fclose(file);
    return text;
}

static void open_connection(long number, int wait) {
    struct connection *c = &connections[number];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval limit = {.tv_sec = 10};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | (wait ? 0 : SOCK_NONBLOCK), 0);
    if (c->fd < 0) die("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) && (wait || errno != EINPROGRESS)) die("connect");
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u64 = (uint64_t)number};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event)) die("epoll_ctl");
    c->arrival = -1;
    idle[n_idle++] = number;
}

static void finish(long number, int status, int reopen) {
    struct connection *c = &connections[number];
    answers[c->arrival].done_s = now_s();
    answers[c->arrival].status = status;
    done++;
    if (reopen) {
        close(c->fd);
        open_connection(number, 0);
        return;
    }
    c->arrival = -1;
    idle[n_idle++] = number;
}

/* A connection that ended: lost with its request, or, idle, replaced where it stands in the line of idle ones. */
static void lose(long number) {
    struct connection *c = &connections[number];
    if (c->arrival >= 0) { finish(number, 0, 1); return; }
    close(c->fd);
    for (long i = 0; i < n_idle; i++)
        if (idle[i] == number) { idle[i] = idle[--n_idle]; break; }
    open_connection(number, 0);
}

/* 0 where the request cannot be written further for now, or the connection is lost (which reading will see too). */
static int push(struct connection *c) {
    const struct request *r = &requests[arrivals[c->arrival].request];
    while (c->written < r->length) {
        ssize_t n = send(c->fd, r->text + c->written, r->length - c->written, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) return 0;
        c->written += (size_t)n;
    }
    return 1;
}

static void start(long number, long arrival) {
    struct connection *c = &connections[number];
    c->arrival = arrival;
    c->written = c->filled = 0;
    c->headed = c->chunked = c->closing = 0;
    memset(c->last, 0, sizeof c->last);
    answers[arrival].sent_s = now_s();
    push(c);
}

static void read_head(struct connection *c, const char *end) {
    const char *length = strcasestr(c->head, "\r\ncontent-length:");
    const char *coding = strcasestr(c->head, "\r\ntransfer-encoding: chunked");
    const char *closing = strcasestr(c->head, "\r\nconnection: close");
    c->headed = 1;
    c->status = atoi(c->head + 9); /* after "HTTP/1.1 " */
    c->chunked = coding && coding < end;
    c->closing = closing && closing < end;
    c->missing = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
}

static void take_body(struct connection *c, const char *text, size_t n) {
    c->missing -= n < c->missing ? n : c->missing;
    size_t keep = n < 5 ? n : 5;
    memmove(c->last, c->last + keep, 5 - keep);
    memcpy(c->last + 5 - keep, text + n - keep, keep);
}

static int complete(const struct connection *c) {
    return c->headed && (c->chunked ? !memcmp(c->last, "0\r\n\r\n", 5) : c->missing == 0);
}

static void take(struct connection *c, const char *text, size_t n) {
    if (c->headed) { take_body(c, text, n); return; }
    size_t room = HEAD - c->filled, kept = n < room ? n : room, before = c->filled;
    memcpy(c->head + c->filled, text, kept);
    c->filled += kept;
    c->head[c->filled] = 0;
    const char *end = strstr(c->head, "\r\n\r\n");
    if (!end) return;
    size_t used = (size_t)(end + 4 - c->head) - before;
    read_head(c, end);
    if (n > used) take_body(c, text + used, n - used);
}

static void pump(long number) {
    static char text[262144];
    struct connection *c = &connections[number];
    if (c->arrival >= 0) push(c);
    for (;;) {
        ssize_t n = recv(c->fd, text, sizeof text, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
        if (n <= 0) { lose(number); return; }
        if (c->arrival < 0) continue; /* nothing was asked: read on to the end, which a server may put here */
        take(c, text, (size_t)n);
        if (!complete(c)) continue;
        int whole = c->written == requests[arrivals[c->arrival].request].length;
        finish(number, c->status, c->closing || !whole);
        if (c->closing || !whole) return;
    }
}

static void run(double grace_s) {
    struct epoll_event events[EVENTS];
    long due = 0, sent = 0;
    double end_s = (n_arrivals ? arrivals[n_arrivals - 1].at_s : 0) + grace_s;
    while (done < n_arrivals) {
        double now = now_s();
        if (now > end_s) return;
        while (due < n_arrivals && arrivals[due].at_s <= now) due++;
        while (sent < due && n_idle) start(idle[--n_idle], sent++);
        double wait = (due < n_arrivals ? arrivals[due].at_s : end_s) - now_s();
        if (wait < 0) wait = 0;
        struct timespec limit = {.tv_sec = (time_t)wait, .tv_nsec = (long)((wait - (double)(time_t)wait) * 1e9)};
        int n = epoll_pwait2(epoll_fd, events, EVENTS, &limit, NULL);
        for (int i = 0; i < n; i++) pump((long)events[i].data.u64);
    }
}

static void read_requests(const char *path) {
    size_t size, count = 0;
    char *text = slurp(path, &size);
    for (size_t at = 0; at < size; count++) {
        uint32_t length;
        memcpy(&length, text + at, 4);
        requests = realloc(requests, (count + 1) * sizeof *requests);
        requests[count] = (struct request){text + at + 4, length};
        at += 4 + length;
    }
}

int main(int n, char **words) {
    if (n != 7) { fprintf(stderr, "open_loop PORT CONNECTIONS GRACE_S REQUESTS ARRIVALS ANSWERS\n"); return 2; }
    port = atoi(words[1]);
    long n_connections = atol(words[2]);
    size_t size;
    read_requests(words[4]);
    arrivals = (struct arrival *)slurp(words[5], &size);
    n_arrivals = (long)(size / sizeof *arrivals);
    answers = calloc((size_t)n_arrivals + 1, sizeof *answers);
    connections = calloc((size_t)n_connections, sizeof *connections);
    idle = calloc((size_t)n_connections, sizeof *idle);
    epoll_fd = epoll_create1(0);
    prctl(PR_SET_TIMERSLACK, 1UL); /* else a wait may take 50 us longer than asked for (prctl(2)) */
    for (long i = 0; i < n_arrivals; i++) answers[i] = (struct answer){-1, -1, 0, 0};
    for (long i = 0; i < n_connections; i++) open_connection(i, 1);
    nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL);
    clock_gettime(CLOCK_MONOTONIC, &zero);
    run(atof(words[3]));
    FILE *file = fopen(words[6], "wb");
    if (!file || fwrite(answers, sizeof *answers, (size_t)n_arrivals, file) != (size_t)n_arrivals || fclose(file))
        die(words[6]);
    return 0;
}
