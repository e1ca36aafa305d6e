/*
 * A crowd: many kept HTTP/1.1 connections over TLS 1.3, each with a certificate of its own, each
 * asking every now and then, on one thread.
 *
 *   crowd PORT PERIOD_MS KEY CERTS
 *
 * Opens one connection for each certificate of CERTS (all with one KEY), prints "ready", and goes on
 * until the end of its input. A request is due every PERIOD_MS on each connection, evenly spread.
 *
 *   probe N   connection N (from 0) asks without a pause, and comes again when it is closed; prints
 *             "N STATUS SECONDS" (CLOCK_MONOTONIC) at the first answer and whenever the status is another
 *   rest N    it goes back to its pace; only one is probed at a time
 *   tell      prints a line of JSON about all others since the last one: answers, errors (closed, or not
 *             200), and percentiles of the milliseconds from when a request was due to its answer
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 20000
#define AT_ONCE 32    /* handshakes */
#define STATUS_AT 9   /* in "HTTP/1.1 200" */
#define BUCKETS 500000
#define BUCKET 0.00001 /* seconds */
#define STALL_SECONDS 280.0
#define REJOIN 0.02   /* seconds, before one that is probed comes again */
static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

struct one {
    int fd, asking, sent, probed, status;
    SSL *ssl;
    double due;
    size_t got, whole;
    char head[1024];
};

static SSL_CTX *ctx;
static int epoll_fd, port, count, shown;
static struct one crowd[MOST];
static X509 *certs[MOST];
static long again, answers, errors, histogram[BUCKETS];
static double longest;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
    fprintf(stderr, "crowd: %s: %s\n", what, strerror(errno));
    ERR_print_errors_fp(stderr);
    exit(3);
}

static void prepare(const char *key, const char *path)
{
    FILE *f = fopen(path, "r");
    if (f == NULL)
        die(path);
    while (count < MOST && (certs[count] = PEM_read_X509(f, NULL, NULL, NULL)) != NULL)
        count++;
    fclose(f);
    ERR_clear_error();
    ctx = SSL_CTX_new(TLS_client_method());
    if (count == 0 || ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1
        || SSL_CTX_use_certificate(ctx, certs[0]) != 1
        || SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        die("certificates or key");
    SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx, SSL_MODE_AUTO_RETRY | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
}

static void begin(struct one *c, double due)
{
    c->asking = 1;
    c->sent = 0;
    c->got = c->whole = 0;
    c->due = due;
}

static void join(struct one *c)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    int yes = 1;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0 || setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) < 0)
        die("socket");
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)
        die("connect");
    c->ssl = SSL_new(ctx);
    if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1
        || SSL_set_tlsext_host_name(c->ssl, "localhost") != 1
        || SSL_use_certificate(c->ssl, certs[c - crowd]) != 1)
        die("SSL_new");
    SSL_set_connect_state(c->ssl);
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &ev) < 0)
        die("epoll_ctl");
    begin(c, now());
}

static void leave(struct one *c)
{
    SSL_free(c->ssl);
    close(c->fd);
    c->ssl = NULL;
    c->asking = 0;
}

/* the whole answer is here */
static int complete(struct one *c)
{
    if (c->whole == 0) {
        size_t held = c->got < sizeof c->head - 1 ? c->got : sizeof c->head - 1;
        c->head[held] = '\0';
        char *end = strstr(c->head, "\r\n\r\n"), *length = strcasestr(c->head, "\r\nContent-Length:");
        if (end == NULL || length == NULL)
            return 0;
        c->whole = (size_t)(end + 4 - c->head) + strtoul(length + 17, NULL, 10);
    }
    return c->got >= c->whole;
}

static void count_answer(struct one *c, int status)
{
    double took = now() - c->due;
    answers++;
    errors += status != 200;
    long at = took > 0 ? (long)(took / BUCKET) : 0;
    histogram[at < BUCKETS ? at : BUCKETS - 1]++;
    longest = took > longest ? took : longest;
}

static void answered(struct one *c)
{
    int status = atoi(c->head + STATUS_AT);
    if (c->probed) {
        if (status != c->status)
            printf("%ld %d %.6f\n", (long)(c - crowd), status, now());
    } else if (shown == count) {
        count_answer(c, status);
    }
    if (c->status == 0 && shown < count)
        shown++;
    c->status = status;
    c->asking = 0;
}

/* 0: wait for the socket, 1: nothing is asked, -1: closed */
static int advance(struct one *c)
{
    char buffer[4096];
    ERR_clear_error();
    if (c->asking && !c->sent) {
        int n = SSL_write(c->ssl, REQUEST, (int)sizeof REQUEST - 1);
        int why = SSL_get_error(c->ssl, n);
        if (n <= 0)
            return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
        c->sent = 1;
    }
    for (;;) {
        int n = SSL_read(c->ssl, buffer, sizeof buffer);
        int why = SSL_get_error(c->ssl, n);
        if (n <= 0)
            return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? !c->asking : -1;
        if (c->got < sizeof c->head - 1) {
            size_t room = sizeof c->head - 1 - c->got;
            memcpy(c->head + c->got, buffer, (size_t)n < room ? (size_t)n : room);
        }
        c->got += (size_t)n;
        if (c->asking && complete(c))
            answered(c);
    }
}

static void move(struct one *c)
{
    if (advance(c) >= 0)
        return;
    int lost = !c->probed && c->status != 403;
    if (shown == count)
        errors += lost;
    else if (again++ == count)
        die("connections are closed at the start");
    leave(c);
    c->due = now() + REJOIN;
    if (lost)
        join(c);
}

static double percentile(long all, double share)
{
    long seen = 0;
    for (long at = 0; at < BUCKETS; at++)
        if ((seen += histogram[at]) >= (long)((double)all * share) && seen > 0)
            return (double)(at + 1) * BUCKET * 1000;
    return longest * 1000;
}

static void tell(void)
{
    printf("{\"answers\": %ld, \"errors\": %ld, \"p50_ms\": %.2f, \"p99_ms\": %.2f, \"max_ms\": %.2f}\n",
           answers, errors, percentile(answers, 0.5), percentile(answers, 0.99), longest * 1000);
    answers = errors = 0;
    longest = 0;
    memset(histogram, 0, sizeof histogram);
}

/* 0 at the end of the input */
static int listen_to_orders(int *probing)
{
    static char held[4096];
    static size_t size;
    ssize_t n = read(0, held + size, sizeof held - 1 - size);
    if (n == 0)
        return 0;
    if (n < 0)
        return 1;
    size += (size_t)n;
    held[size] = '\0';
    for (char *end; (end = strchr(held, '\n')) != NULL;) {
        int who = -1;
        *end = '\0';
        if (strcmp(held, "tell") == 0)
            tell();
        else if (sscanf(held, "probe %d", &who) == 1 && who >= 0 && who < count) {
            crowd[who].probed = 1;
            crowd[who].status = 0;
            *probing = who;
        } else if (sscanf(held, "rest %d", &who) == 1 && who >= 0 && who < count) {
            crowd[who].probed = 0;
            *probing = -1;
        }
        size -= (size_t)(end + 1 - held);
        memmove(held, end + 1, size + 1);
    }
    return 1;
}

static void handle(int wait)
{
    struct epoll_event events[256];
    int n = epoll_wait(epoll_fd, events, 256, wait);
    for (int i = 0; i < n; i++)
        if (((struct one *)events[i].data.ptr)->ssl != NULL)
            move(events[i].data.ptr);
}

static void open_all(void)
{
    double began = now();
    for (int joined = 0; shown < count;) {
        while (joined < count && joined - shown < AT_ONCE)
            join(&crowd[joined++]);
        handle(100);
        if (now() - began > STALL_SECONDS)
            die("the start stalls");
    }
    printf("ready\n");
}

static void probe(struct one *c)
{
    if (c->ssl == NULL && c->due <= now())
        join(c);
    if (c->ssl == NULL || c->asking)
        return;
    begin(c, now());
    move(c);
}

static void go_on(double period)
{
    int probing = -1;
    double began = now();
    for (long due = 0; listen_to_orders(&probing);) {
        for (; began + (double)due * period / count <= now(); due++) {
            struct one *c = &crowd[due % count];
            if (c->asking || c->probed || c->ssl == NULL)
                continue;
            begin(c, began + (double)due * period / count);
            move(c);
        }
        if (probing >= 0)
            probe(&crowd[probing]);
        handle(1);
    }
}

int main(int argc, char **argv)
{
    if (argc != 5)
        die("usage: crowd PORT PERIOD_MS KEY CERTS");
    port = atoi(argv[1]);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    prepare(argv[3], argv[4]);
    epoll_fd = epoll_create1(0);
    open_all();
    fcntl(0, F_SETFL, O_NONBLOCK);
    go_on(atof(argv[2]) / 1000);
    return 0;
}
