// The least that an answer over HTTP costs on this machine: what `tools/bench api` has beside its small answers.
//
//     http-anchor BYTES
//
// Serves one connection after the other on a port of its own of 127.0.0.1, as an event loop does: waits, reads, and writes
// an answer of so many bytes, whatever it was asked. Prints {"port": N}; ends with its input.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void watch(int loop, int file) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = file};
    if (epoll_ctl(loop, EPOLL_CTL_ADD, file, &event)) fail("epoll_ctl");
}

int main(int count, char **words) {
    long bytes = count == 2 ? atol(words[1]) : 0;
    if (bytes < 1 || bytes > 1 << 20) return fputs("usage: http-anchor BYTES\n", stderr), 2;
    char *answer = calloc(1, bytes + 256), request[8192];
    if (!answer) fail("calloc");
    long length = sprintf(answer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %ld\r\n\r\n", bytes);
    for (long at = 0; at < bytes; at++) answer[length + at] = ' ';
    length += bytes;

    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int door = socket(AF_INET, SOCK_STREAM, 0), loop = epoll_create1(0), one = 1;
    if (door < 0 || loop < 0 || bind(door, (void *)&address, size) || listen(door, 8) ||
        getsockname(door, (void *)&address, &size))
        fail("listen");
    printf("{\"port\": %d}\n", ntohs(address.sin_port));
    fflush(stdout);
    watch(loop, door);
    watch(loop, STDIN_FILENO);
    for (;;) {
        struct epoll_event event;
        if (epoll_wait(loop, &event, 1, -1) < 1) continue;
        if (event.data.fd == STDIN_FILENO) return 0;
        if (event.data.fd == door) {
            int guest = accept(door, NULL, NULL);
            if (guest < 0) continue;
            setsockopt(guest, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            watch(loop, guest);
        } else if (read(event.data.fd, request, sizeof request) <= 0 || write(event.data.fd, answer, length) != length) {
            close(event.data.fd);
        }
    }
}
