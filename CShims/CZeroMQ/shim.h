// The C API of libzmq 4.3 (Debian's libzmq3-dev) for NovaMessaging, the only target that imports this module.
#ifndef NOVA_CZEROMQ_H
#define NOVA_CZEROMQ_H
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <zmq.h>

// EFD_* are enum constants that Swift imports under two names; one function keeps the call site plain.
static inline int nova_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// prctl is variadic, which Swift cannot call. Names have at most 15 bytes.
static inline void nova_name_thread(const char *name) { prctl(PR_SET_NAME, (unsigned long)name, 0, 0, 0); }
#endif
