/* SPDX-License-Identifier: Apache-2.0 */
/* service.h: the service as a whole: its options, its figures, its tree.
 *
 *      service_sup                  (rest_for_one)
 *        keeper                     what was counted
 *        registry                   which process is the counter of a name
 *        traffic_sup                (one_for_one)
 *          counters_sup             (simple_one_for_one) a counter for each name
 *          connections_sup          (simple_one_for_one) a connection for each client
 *          door_sup               (rest_for_one)
 *            listener               the socket that they come in by
 *            acceptors_sup          (one_for_one) four that wait at it
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <krarup.h>

#include <stdatomic.h>

#define SERVICE_PORT 6380
#define SERVICE_REDIS_VERSION "7.0.0" /* whose commands those that are here behave like */
#define SERVICE_ACCEPTORS 4
#define SERVICE_CLIENTS_MAX 10000u
#define SERVICE_CLIENTS_MANY 1000u /* that leave: their memory goes to the system */

/* All zero is a good default. */
struct service_opts {
        uint16_t port;        /* 0: one that the system chooses */
        uint32_t clients_max; /* 0: SERVICE_CLIENTS_MAX */
        int64_t idle_timeout_ms; /* a client that asks nothing for so long; 0: five minutes */
        int64_t request_timeout_ms; /* the rest of a request that has begun; 0: ten seconds */
        int64_t send_timeout_ms; /* a client that does not read; 0: ten seconds */
        bool debug;              /* the command DEBUG is there */
};

/* One for each node; it lives as long as the node. */
struct service {
        struct service_opts opts; /* constant once started; defaults filled in */
        int64_t started_ms;       /* kr_monotonic_ms */

        /* -- figures, any thread, relaxed: they order nothing -- */
        _Atomic uint32_t port; /* 0: nobody listens yet */
        _Atomic uint32_t clients;
        _Atomic uint32_t clients_high; /* the most since memory was given back */
        _Atomic uint32_t trims;        /* how often it was */
        _Atomic int64_t clients_ever;
        _Atomic int64_t clients_refused;
        _Atomic int64_t commands;
};

/* Start it, linked to the caller, and wait until it listens. `ret_reason` is a slot for the reason
 * of a failure, or NULL. */
kr_started service_start(const struct service_opts *opts, kr_msg *ret_reason);

/* The service of the caller's node. Who asks before one was started ends (no_service). */
struct service *service_here(void);

/* Stop it, in order. */
void service_stop(void);

extern const kr_behaviour service_sup;

#endif
