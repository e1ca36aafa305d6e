/*
 * A client certificate for load tools that have no option for one.
 *
 * Preloaded, it stands in for SSL_CTX_new: every context the tool makes gets the certificate and key
 * named by BENCH_CLIENT_CERT and BENCH_CLIENT_KEY, and is pinned to TLS 1.3, one cipher suite and one
 * group, so that every gateway does the same cryptography. If anything fails the tool ends at once with
 * status 3: a run without the certificate would measure refusals.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void give_up(const char *what)
{
    fprintf(stderr, "clientcert_shim: %s\n", what);
    _exit(3);
}

static const char *needed(const char *name)
{
    const char *value = getenv(name);
    if (value == NULL || *value == '\0')
        give_up(name);
    return value;
}

SSL_CTX *SSL_CTX_new(const SSL_METHOD *method)
{
    SSL_CTX *(*real)(const SSL_METHOD *) =
        (SSL_CTX *(*)(const SSL_METHOD *))dlsym(RTLD_NEXT, "SSL_CTX_new");
    SSL_CTX *ctx = real == NULL ? NULL : real(method);
    if (ctx == NULL)
        give_up("the real SSL_CTX_new failed");
    if (SSL_CTX_use_certificate_chain_file(ctx, needed("BENCH_CLIENT_CERT")) != 1)
        give_up("BENCH_CLIENT_CERT cannot be used");
    if (SSL_CTX_use_PrivateKey_file(ctx, needed("BENCH_CLIENT_KEY"), SSL_FILETYPE_PEM) != 1)
        give_up("BENCH_CLIENT_KEY cannot be used");
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1
        || SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) != 1
        || SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256") != 1
        || SSL_CTX_set1_groups_list(ctx, "X25519") != 1)
        give_up("TLS 1.3 cannot be pinned");
    return ctx;
}
