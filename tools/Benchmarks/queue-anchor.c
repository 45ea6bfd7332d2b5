// The least that a broker over libzmq costs: what `tools/bench queue` compares the queue with, in the same run.
//
//     queue-anchor SHAPE SEQUENTIAL IN-FLIGHT [plain]
//     queue-anchor peers KEYS
//
// SHAPE direct: caller and worker, two hops; broker: caller, broker, worker, four hops; once: the same with a message back
// and forth before the worker begins, six hops. Each party is a process of its own; 256 bytes, tcp, CURVE unless plain.
// No names, no queues, no settlement: messages are passed on as they are. Prints one JSON object: the median round trip of
// calls one after the other, calls a second with 64 under way, and the CPU of all parties and of the broker for each call.
// With peers it only lets keys in and answers HELLO and PING, so that its memory is what libzmq needs for the connections
// of queue-peers; it prints {"endpoint": ...} and ends with its input.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { SIZE = 256, WINDOW = 64, WARM_UP = 500 };

static char broker_public[41], broker_secret[41], peer_public[41], peer_secret[41];
static int with_curve = 1, is_once = 0;

static void fail(const char *what) {
    fprintf(stderr, "queue-anchor: %s: %s\n", what, zmq_strerror(errno));
    exit(1);
}

static double seconds(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time)) return 0;
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static double cpu_of(pid_t process) {
    clockid_t clock;
    return process > 0 && !clock_getcpuclockid(process, &clock) ? seconds(clock) : 0;
}

static void set(void *socket, int option, int value) {
    if (zmq_setsockopt(socket, option, &value, sizeof value)) fail("zmq_setsockopt");
}

static void *new_socket(void *context, int type, int is_server) {
    void *socket = zmq_socket(context, type);
    if (!socket) fail("zmq_socket");
    set(socket, ZMQ_LINGER, 0);
    set(socket, ZMQ_RCVTIMEO, 20000);
    if (!with_curve) return socket;
    if (is_server) {
        set(socket, ZMQ_CURVE_SERVER, 1);
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, broker_secret, 40);
    } else {
        zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, broker_public, 40);
        zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, peer_public, 40);
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, peer_secret, 40);
    }
    return socket;
}

// One frame onwards; the end of everything when there is none for long.
static void pass(void *from, void *to, int flags) {
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    if (zmq_msg_recv(&frame, from, 0) < 0 || zmq_msg_send(&frame, to, flags) < 0) _exit(1);
}

// Binds, and tells the parent the endpoint.
static void *listen_and_tell(void *context, int pipe) {
    void *socket = new_socket(context, ZMQ_ROUTER, 1);
    char endpoint[256] = "";
    size_t size = sizeof endpoint;
    if (zmq_bind(socket, "tcp://127.0.0.1:*")) fail("zmq_bind");
    if (zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size)) fail("ZMQ_LAST_ENDPOINT");
    if (write(pipe, endpoint, sizeof endpoint) != sizeof endpoint) fail("pipe");
    return socket;
}

static void run_direct(int pipe) {
    void *context = zmq_ctx_new(), *socket = listen_and_tell(context, pipe);
    for (;;) {
        pass(socket, socket, ZMQ_SNDMORE);
        pass(socket, socket, 0);
    }
}

// Frames from the worker: [its route][the caller's route][body]; with an empty caller's route it greets, and with an empty
// body it waits for the word to begin. Frames from callers: [route][body].
static void run_broker(int pipe) {
    void *context = zmq_ctx_new(), *socket = listen_and_tell(context, pipe);
    char worker[256];
    int worker_size = -1;
    zmq_msg_t route, second, body;
    for (;;) {
        zmq_msg_init(&route);
        zmq_msg_init(&second);
        if (zmq_msg_recv(&route, socket, 0) < 0 || zmq_msg_recv(&second, socket, 0) < 0) _exit(1);
        if (!zmq_msg_more(&second)) {
            zmq_send(socket, worker, worker_size < 0 ? 0 : worker_size, ZMQ_SNDMORE);
            zmq_msg_send(&route, socket, ZMQ_SNDMORE);
            zmq_msg_send(&second, socket, 0);
            continue;
        }
        zmq_msg_init(&body);
        if (zmq_msg_recv(&body, socket, 0) < 0) _exit(1);
        if (zmq_msg_size(&second) == 0) {
            worker_size = (int)zmq_msg_size(&route);
            memcpy(worker, zmq_msg_data(&route), (size_t)worker_size);
            zmq_msg_close(&route);
            zmq_msg_close(&second);
            zmq_msg_close(&body);
        } else if (zmq_msg_size(&body) == 0) {
            zmq_msg_send(&route, socket, ZMQ_SNDMORE);
            zmq_msg_send(&second, socket, ZMQ_SNDMORE);
            zmq_msg_send(&body, socket, 0);
        } else {
            zmq_msg_send(&second, socket, ZMQ_SNDMORE);
            zmq_msg_send(&body, socket, 0);
            zmq_msg_close(&route);
        }
    }
}

static void run_worker(const char *endpoint) {
    void *context = zmq_ctx_new(), *socket = new_socket(context, ZMQ_DEALER, 0);
    char body[SIZE], answer[SIZE];
    memset(answer, 'y', sizeof answer);
    if (zmq_connect(socket, endpoint)) fail("zmq_connect");
    zmq_send(socket, "", 0, ZMQ_SNDMORE);
    zmq_send(socket, "READY", 5, 0);
    for (;;) {
        zmq_msg_t route;
        zmq_msg_init(&route);
        if (zmq_msg_recv(&route, socket, 0) < 0) _exit(1);
        int size = zmq_recv(socket, body, sizeof body, 0);
        if (size < 0) _exit(1);
        zmq_msg_send(&route, socket, ZMQ_SNDMORE);
        // The body is known from the first time on: what comes back without one is the word to begin.
        if (is_once && size > 0) zmq_send(socket, "", 0, 0);
        else zmq_send(socket, answer, sizeof answer, 0);
    }
}

// Lets every key in, as somebody must be asked: libzmq keeps what it needs for that as long as the connection lives.
static void *admit(void *socket) {
    const char *ends[] = {"200", "OK", "peer", ""};
    for (;;) {
        char version[8], request[64], rest[256];
        int version_size = zmq_recv(socket, version, sizeof version, 0), request_size, more = 1;
        if (version_size < 0 || (request_size = zmq_recv(socket, request, sizeof request, 0)) < 0) return NULL;
        for (size_t size = sizeof more; more; zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size))
            if (zmq_recv(socket, rest, sizeof rest, 0) < 0) return NULL;
        zmq_send(socket, version, (size_t)version_size, ZMQ_SNDMORE);
        zmq_send(socket, request, (size_t)request_size, ZMQ_SNDMORE);
        for (int part = 0; part < 4; part++)
            zmq_send(socket, ends[part], strlen(ends[part]), part < 3 ? ZMQ_SNDMORE : 0);
    }
}

// Frames: [route][header][body]; the fourth byte of a header tells what it is.
static void run_peers(const char *folder) {
    char path[512], line[256], text[128], endpoint[256] = "";
    size_t size = sizeof endpoint;
    snprintf(path, sizeof path, "%s/broker.key", folder);
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "secret = %127s", text) == 1) snprintf(broker_secret, sizeof broker_secret, "%.40s", text);
    fclose(file);
    void *context = zmq_ctx_new(), *handler = zmq_socket(context, ZMQ_REP);
    pthread_t thread;
    if (!handler || zmq_bind(handler, "inproc://zeromq.zap.01") || pthread_create(&thread, NULL, admit, handler))
        fail("the handler of keys");
    void *socket = new_socket(context, ZMQ_ROUTER, 1);
    set(socket, ZMQ_BACKLOG, 1024);
    zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, "bench", 5);
    if (zmq_bind(socket, "tcp://127.0.0.1:*")) fail("zmq_bind");
    zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size);
    printf("{\"endpoint\": \"%s\"}\n", endpoint);
    fflush(stdout);
    zmq_pollitem_t items[2] = {{socket, 0, ZMQ_POLLIN, 0}, {NULL, 0, ZMQ_POLLIN, 0}};
    while (zmq_poll(items, 2, -1) >= 0) {
        if (items[1].revents) {
            char byte;
            if (read(0, &byte, 1) <= 0) exit(0);
        }
        char route[256], header[4096], body[4096];
        int routed, length;
        while ((routed = zmq_recv(socket, route, sizeof route, ZMQ_DONTWAIT)) >= 0) {
            if ((length = zmq_recv(socket, header, sizeof header, 0)) < 4) exit(1);
            if (zmq_recv(socket, body, sizeof body, 0) < 0) exit(1);
            if (header[3] != 1 && header[3] != 15) continue;
            header[3]++;  // WELCOME, PONG
            zmq_send(socket, route, (size_t)routed, ZMQ_SNDMORE);
            zmq_send(socket, header, (size_t)length, ZMQ_SNDMORE);
            zmq_send(socket, "", 0, 0);
        }
    }
}

static int compare(const void *one, const void *other) {
    double a = *(const double *)one, b = *(const double *)other;
    return a < b ? -1 : a > b;
}

static void ask(void *socket) {
    char body[SIZE];
    memset(body, 'x', sizeof body);
    if (zmq_send(socket, body, sizeof body, 0) < 0) fail("zmq_send");
}

static void hear(void *socket) {
    char body[SIZE];
    if (zmq_recv(socket, body, sizeof body, 0) < 0) fail("zmq_recv");
}

int main(int count, char **words) {
    if (count == 3 && !strcmp(words[1], "peers")) {
        struct rlimit files;
        getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
        run_peers(words[2]);
    }
    if (count < 4) {
        fprintf(stderr, "usage: queue-anchor direct|broker|once SEQUENTIAL IN-FLIGHT [plain]\n");
        return 2;
    }
    int is_direct = !strcmp(words[1], "direct"), calls = atoi(words[2]), more = atoi(words[3]), pipes[2];
    is_once = !strcmp(words[1], "once");
    with_curve = count < 5;
    if (calls < 10 || more < WINDOW || pipe(pipes)) return 2;
    zmq_curve_keypair(broker_public, broker_secret);
    zmq_curve_keypair(peer_public, peer_secret);

    pid_t broker = fork(), worker = 0;
    if (broker == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (is_direct) run_direct(pipes[1]);
        else run_broker(pipes[1]);
    }
    char endpoint[256];
    if (read(pipes[0], endpoint, sizeof endpoint) != sizeof endpoint) fail("no endpoint");
    if (!is_direct && !(worker = fork())) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run_worker(endpoint);
    }
    usleep(200000);

    void *context = zmq_ctx_new(), *socket = new_socket(context, ZMQ_DEALER, 0);
    if (zmq_connect(socket, endpoint)) fail("zmq_connect");
    for (int i = 0; i < WARM_UP; i++) {
        ask(socket);
        hear(socket);
    }
    double *times = malloc(sizeof *times * (size_t)calls);
    if (!times) return 1;
    double broker_cpu = cpu_of(broker), cpu = broker_cpu + cpu_of(worker) + seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < calls; i++) {
        double start = seconds(CLOCK_MONOTONIC);
        ask(socket);
        hear(socket);
        times[i] = seconds(CLOCK_MONOTONIC) - start;
    }
    double broker_one = (cpu_of(broker) - broker_cpu) / calls;
    double cpu_one = (cpu_of(broker) + cpu_of(worker) + seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / calls;
    qsort(times, (size_t)calls, sizeof *times, compare);

    broker_cpu = cpu_of(broker);
    cpu = broker_cpu + cpu_of(worker) + seconds(CLOCK_PROCESS_CPUTIME_ID);
    double start = seconds(CLOCK_MONOTONIC);
    for (int asked = 0, heard = 0; heard < more; heard++) {
        for (; asked - heard < WINDOW && asked < more; asked++) ask(socket);
        hear(socket);
    }
    double rate = more / (seconds(CLOCK_MONOTONIC) - start);
    double broker_many = (cpu_of(broker) - broker_cpu) / more;
    double cpu_many = (cpu_of(broker) + cpu_of(worker) + seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / more;
    kill(broker, SIGKILL);
    if (worker > 0) kill(worker, SIGKILL);
    while (wait(NULL) > 0) {}
    printf("{\"p50\": %.1f, \"p99\": %.1f, \"cpu\": %.1f, \"broker_cpu\": %.1f, \"rate\": %.0f, \"cpu_64\": %.1f, "
           "\"broker_cpu_64\": %.1f}\n",
           times[calls / 2] * 1e6, times[calls * 99 / 100] * 1e6, cpu_one * 1e6, broker_one * 1e6, rate, cpu_many * 1e6,
           broker_many * 1e6);
    return 0;
}
