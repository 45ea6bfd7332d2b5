// The C API of libpq 14 or later (Debian's libpq-dev) for NovaDatabase, the only target that imports this module.
#ifndef NOVA_CPOSTGRESQL_H
#define NOVA_CPOSTGRESQL_H
#include <libpq-fe.h>

// The names of error fields are character macros, which Swift cannot import.
static inline const char *nova_pq_state(const PGresult *result) { return PQresultErrorField(result, PG_DIAG_SQLSTATE); }
static inline const char *nova_pq_message(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
}
static inline const char *nova_pq_constraint(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
}
#endif
