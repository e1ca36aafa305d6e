/*
 * Handshakes per second: one TLS 1.3 connection per request, many at a time, on one thread.
 *
 *   handshakes PORT SECONDS CONNECTIONS full|resumed KEY CERT
 *   handshakes PORT SECONDS CONNECTIONS fresh KEY CERTS
 *
 * full     every connection makes a full handshake with the client certificate
 * resumed  every counted connection resumes the session of the one full handshake its slot began with
 *          (not of the newest ticket: not every server gives one on a resumed connection)
 * fresh    every connection brings the next certificate of CERTS (all with one KEY), each used once;
 *          ends when all were used
 *
 * Each connection sends one GET with "Connection: close", reads as much as Content-Length says and closes;
 * it counts only if the answer was 200, and in mode resumed only if SSL_session_reused() agrees. (Reading
 * to the end of the stream instead would measure how long a server lingers.) One JSON object on stdout.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
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

#define MAX_SLOTS 256
#define MAX_CERTS 200000
#define STATUS_AT 9 /* in "HTTP/1.1 200" */
#define STALL_SECONDS 10.0
static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

enum mode { FULL, RESUMED, FRESH };
struct slot {
    int fd;
    SSL *ssl;
    SSL_SESSION *session;  /* the ticket of this slot's full handshake; mode resumed only */
    int sent, primed;
    size_t got, whole;     /* bytes read; bytes of the whole answer, 0 until its head was read */
    char head[4096];
};

static SSL_CTX *ctx;
static int epoll_fd, port, next_cert, cert_count;
static enum mode mode;
static X509 *certs[MAX_CERTS];
static long done, failed, not_resumed, bad_status, opened, closed;
static char first_error[256];

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
    fprintf(stderr, "handshakes: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(3);
}

static void note(const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *why = code ? ERR_reason_error_string(code) : strerror(errno);
    if (first_error[0] == '\0')
        snprintf(first_error, sizeof first_error, "%s: %s", what, why ? why : "unknown");
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct slot *s = SSL_get_app_data(ssl);
    if (s->primed)
        return 0;
    SSL_SESSION_free(s->session);
    s->session = session;
    return 1; /* the reference is ours now */
}

static void offer_session(struct slot *s)
{
    /* a copy: OpenSSL spoils a TLS 1.3 session once it was used, to encourage single use */
    SSL_SESSION *copy = SSL_SESSION_dup(s->session);
    if (copy == NULL || SSL_set_session(s->ssl, copy) != 1)
        die("SSL_set_session");
    SSL_SESSION_free(copy);
}

static void open_slot(struct slot *s)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = s};
    int yes = 1;
    s->fd = -1;
    if (mode == FRESH && next_cert == cert_count)
        return;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    /* without TCP_NODELAY the request waits for the acknowledgement of the Finished before it */
    if (s->fd < 0 || setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) < 0)
        die("socket");
    if (connect(s->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)
        die("connect");
    s->ssl = SSL_new(ctx);
    if (s->ssl == NULL || SSL_set_fd(s->ssl, s->fd) != 1
        || SSL_set_tlsext_host_name(s->ssl, "localhost") != 1)
        die("SSL_new");
    SSL_set_app_data(s->ssl, s);
    if (mode == FRESH && SSL_use_certificate(s->ssl, certs[next_cert++]) != 1)
        die("SSL_use_certificate");
    if (s->session != NULL)
        offer_session(s);
    SSL_set_connect_state(s->ssl);
    s->sent = 0;
    s->got = s->whole = 0;
    opened++;
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, s->fd, &ev) < 0)
        die("epoll_ctl");
}

static void close_slot(struct slot *s, int ok)
{
    if (!ok)
        failed++;
    else if (memcmp(s->head + STATUS_AT, "200", 3) != 0)
        bad_status++;
    else if (mode == RESUMED && !s->primed)
        s->primed = 1; /* the full handshake that gives the first ticket is not counted */
    else if (mode == RESUMED && !SSL_session_reused(s->ssl))
        not_resumed++;
    else
        done++;
    if (ok)
        SSL_shutdown(s->ssl); /* a session of a connection not shut down would be thrown away */
    SSL_free(s->ssl);
    close(s->fd);
    closed++;
}

/* -1: failed, 0: wait for the socket */
static int wants(struct slot *s, int result, const char *what)
{
    int why = SSL_get_error(s->ssl, result);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
        return 0;
    note(why == SSL_ERROR_ZERO_RETURN ? "closed too early" : what);
    return -1;
}

/* 1: the whole answer is here, 0: not yet, -1: this is no answer we understand */
static int complete(struct slot *s)
{
    if (s->whole == 0) {
        size_t held = s->got < sizeof s->head - 1 ? s->got : sizeof s->head - 1;
        s->head[held] = '\0';
        char *end = strstr(s->head, "\r\n\r\n");
        char *length = strcasestr(s->head, "\r\nContent-Length:");
        if (end == NULL)
            return held == sizeof s->head - 1 ? -1 : 0;
        if (length == NULL || length > end)
            return -1;
        s->whole = (size_t)(end + 4 - s->head) + strtoul(length + 17, NULL, 10);
    }
    return s->got >= s->whole;
}

static int advance(struct slot *s)
{
    char buffer[16384];
    ERR_clear_error();
    if (!s->sent) {
        /* SSL_write makes the handshake first, so this is one step */
        int n = SSL_write(s->ssl, REQUEST, (int)sizeof REQUEST - 1);
        if (n <= 0)
            return wants(s, n, "handshake");
        s->sent = 1;
    }
    for (;;) {
        int n = SSL_read(s->ssl, buffer, sizeof buffer);
        if (n <= 0)
            return wants(s, n, "answer");
        if (s->got < sizeof s->head - 1) {
            size_t room = sizeof s->head - 1 - s->got;
            memcpy(s->head + s->got, buffer, (size_t)n < room ? (size_t)n : room);
        }
        s->got += (size_t)n;
        int end = complete(s);
        if (end < 0)
            note("answer without Content-Length");
        if (end != 0)
            return end;
    }
}

static void load_certs(const char *path)
{
    FILE *f = fopen(path, "r");
    if (f == NULL)
        die(path);
    while (cert_count < MAX_CERTS && (certs[cert_count] = PEM_read_X509(f, NULL, NULL, NULL)) != NULL)
        cert_count++;
    fclose(f);
    ERR_clear_error();
    if (cert_count == 0)
        die("no certificates");
}

static void prepare(const char *key, const char *cert)
{
    ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1
        || SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) != 1
        || SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256") != 1
        || SSL_CTX_set1_groups_list(ctx, "X25519") != 1)
        die("TLS 1.3 cannot be pinned");
    SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx, SSL_MODE_AUTO_RETRY);
    if (mode == FRESH)
        load_certs(cert);
    else if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
        die("client certificate");
    if (mode == FRESH && SSL_CTX_use_certificate(ctx, certs[0]) != 1)
        die("client certificate");
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        die("client key");
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    if (mode == RESUMED) {
        SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(ctx, keep_session);
    }
}

static double run(struct slot *slots, int count, double seconds)
{
    struct epoll_event events[MAX_SLOTS];
    double began = now(), last = began;
    for (int i = 0; i < count; i++)
        open_slot(&slots[i]);
    while (now() - began < seconds || mode == FRESH) {
        int n = epoll_wait(epoll_fd, events, MAX_SLOTS, 100);
        for (int i = 0; i < n; i++) {
            struct slot *s = events[i].data.ptr;
            int end = advance(s);
            if (end == 0)
                continue;
            close_slot(s, end > 0);
            last = now();
            open_slot(s);
        }
        if (opened == closed)
            break; /* mode fresh: every certificate was shown */
        if (now() - last > STALL_SECONDS || failed > 1000) {
            note("stalled");
            failed += opened - closed;
            break;
        }
    }
    return (mode == FRESH ? last : now()) - began;
}

int main(int argc, char **argv)
{
    static struct slot slots[MAX_SLOTS];
    if (argc != 7)
        die("usage: handshakes PORT SECONDS CONNECTIONS full|resumed|fresh KEY CERT");
    port = atoi(argv[1]);
    int count = atoi(argv[3]);
    if (count < 1 || count > MAX_SLOTS)
        die("CONNECTIONS out of range");
    mode = strcmp(argv[4], "resumed") == 0 ? RESUMED : strcmp(argv[4], "fresh") == 0 ? FRESH : FULL;
    signal(SIGPIPE, SIG_IGN);
    prepare(argv[5], argv[6]);
    epoll_fd = epoll_create1(0);
    double seconds = run(slots, count, atof(argv[2]));
    printf("{\"seconds\": %.6f, \"done\": %ld, \"failed\": %ld, \"not_resumed\": %ld, "
           "\"bad_status\": %ld, \"error\": \"%s\"}\n",
           seconds, done, failed, not_resumed, bad_status, first_error);
    return 0;
}
