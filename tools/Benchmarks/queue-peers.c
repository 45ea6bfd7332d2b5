// Many peers of a broker in one process: what 5,000 compute hosts are to it, without their memory and CPU.
//
//     queue-peers ENDPOINT KEYS FIRST COUNT
//
// Compute hosts hFIRST to h(FIRST+COUNT-1), each with the key KEYS/compute-hN.key and a connection of its own. Each says
// HELLO and READY for its queue and for the fanout, then PING once a second (proto-spec/wire/envelope.md). Prints
// {"peers": COUNT} once all were welcomed, and ends with its input.
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { HELLO = 1, WELCOME = 2, READY = 3, PING = 15, TOPIC_HOST = 2, FANOUT = 3, AT_ONCE = 20 };

struct peer {
    void *socket;
    int number, is_welcome;
    uint64_t id;
    unsigned counter;
};

static void fail(const char *what) {
    fprintf(stderr, "queue-peers: %s: %s\n", what, zmq_strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

// The value of a line "name = value" of a key file.
static void read_key(const char *folder, const char *file, const char *name, char value[41]) {
    char path[512], line[256], word[32], text[128];
    snprintf(path, sizeof path, "%s/%s.key", folder, file);
    FILE *stream = fopen(path, "r");
    if (!stream) fail(path);
    value[0] = 0;
    while (fgets(line, sizeof line, stream))
        if (sscanf(line, "%31s = %127s", word, text) == 2 && !strcmp(word, name)) snprintf(value, 41, "%.40s", text);
    fclose(stream);
    if (strlen(value) != 40) fail(path);
}

static size_t text(uint8_t *to, const char *value) {
    size_t size = strlen(value);
    to[0] = (uint8_t)size;
    memcpy(to + 1, value, size);
    return size + 1;
}

static size_t varint(uint8_t *to, unsigned value) {
    size_t size = 0;
    for (; value >= 0x80; value >>= 7) to[size++] = (uint8_t)(value | 0x80);
    to[size++] = (uint8_t)value;
    return size;
}

static void say(struct peer *peer, int kind, int queue, unsigned amount) {
    uint8_t header[256] = {0x4e, 0x51, 1, (uint8_t)kind, 0};
    char host[32];
    size_t at = 5;
    snprintf(host, sizeof host, "h%d", peer->number);
    for (int byte = 7; byte >= 0; byte--) header[at++] = (uint8_t)(peer->id >> (8 * byte));
    at += varint(header + at, ++peer->counter);
    header[at++] = (uint8_t)queue;
    at += text(header + at, queue ? "compute" : "");
    at += text(header + at, queue == TOPIC_HOST ? host : "");
    at += text(header + at, "");                  // interface
    header[at++] = 0;                             // method
    header[at++] = kind == HELLO;                 // since: the version of the header
    header[at++] = 0;                             // remaining
    header[at++] = 0;                             // attempt
    at += varint(header + at, amount);
    at += 16;                                     // trace
    at += text(header + at, kind == HELLO ? "compute" : "");
    at += text(header + at, kind == HELLO ? host : "");
    at += text(header + at, kind == HELLO ? "1" : "");
    if (zmq_send(peer->socket, header, at, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0) return;
    zmq_send(peer->socket, "", 0, ZMQ_DONTWAIT);
}

// Reads what has come; a WELCOME is answered with what the peer serves.
static int hear(struct peer *peer) {
    uint8_t frame[4096];
    int is_first = 1, size, was_welcome = peer->is_welcome;
    while ((size = zmq_recv(peer->socket, frame, sizeof frame, ZMQ_DONTWAIT)) >= 0) {
        int more = 0;
        size_t length = sizeof more;
        zmq_getsockopt(peer->socket, ZMQ_RCVMORE, &more, &length);
        if (is_first && size > 4 && frame[3] == WELCOME && !peer->is_welcome) {
            peer->is_welcome = 1;
            say(peer, READY, TOPIC_HOST, 64);
            say(peer, READY, FANOUT, 1);
        }
        is_first = !more;
    }
    return peer->is_welcome && !was_welcome;
}

static void *open_socket(void *context, const char *endpoint, const char *folder, const char *broker, int number) {
    char file[32], own_public[41], own_secret[41];
    int zero = 0;
    void *socket = zmq_socket(context, ZMQ_DEALER);
    if (!socket) fail("zmq_socket");
    snprintf(file, sizeof file, "compute-h%d", number);
    read_key(folder, file, "public", own_public);
    read_key(folder, file, "secret", own_secret);
    zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, broker, 40);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, own_public, 40);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, own_secret, 40);
    if (zmq_connect(socket, endpoint)) fail("zmq_connect");
    return socket;
}

int main(int words, char **word) {
    if (words != 5) {
        fprintf(stderr, "usage: queue-peers ENDPOINT KEYS FIRST COUNT\n");
        return 2;
    }
    int first = atoi(word[3]), count = atoi(word[4]), opened = 0, welcome = 0, is_told = 0;
    char broker[41];
    struct rlimit files = {0};
    if (count < 1 || count > 20000) return 2;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    read_key(word[2], "broker", "public", broker);
    void *context = zmq_ctx_new();
    zmq_ctx_set(context, ZMQ_MAX_SOCKETS, count + 16);
    struct peer *peers = calloc((size_t)count, sizeof *peers);
    if (!peers) return 1;
    srand((unsigned)getpid());
    double next_ping = now() + 1;
    for (;;) {
        for (; opened < count && opened - welcome < AT_ONCE; opened++) {
            struct peer *peer = peers + opened;
            peer->number = first + opened;
            peer->id = ((uint64_t)(unsigned)rand() << 33) | ((uint64_t)(unsigned)getpid() << 16) | (unsigned)opened | 1u << 31;
            peer->socket = open_socket(context, word[1], word[2], broker, peer->number);
            say(peer, HELLO, 0, 0);
        }
        for (int index = 0; index < opened; index++) welcome += hear(peers + index);
        if (welcome == count && !is_told) {
            is_told = printf("{\"peers\": %d}\n", count);
            fflush(stdout);
        }
        if (now() >= next_ping) {
            next_ping = now() + 1;
            for (int index = 0; index < opened; index++)
                if (peers[index].is_welcome) say(peers + index, PING, 0, 0);
        }
        struct pollfd input = {.fd = 0, .events = POLLIN};
        char byte;
        if (poll(&input, 1, welcome == count ? 200 : 5) > 0 && read(0, &byte, 1) <= 0) return 0;
    }
}
