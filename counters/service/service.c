/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include "connection.h"
#include "counters_sup.h"
#include "door.h"
#include "keeper.h"
#include "registry.h"

#include <stdlib.h>

#define IDLE_MS 300000
#define REQUEST_MS 10000
#define SEND_MS 10000

static const kr_child traffic[] = {
        { .id = "counters_sup", .start = KR_START(counters_sup), .name = "counters_sup" },
        { .id = "connections_sup",
          .start = KR_START(connections_sup),
          .name = "connections_sup" },
        { .id = "door_sup", .start = KR_START(door_sup), .name = "door_sup" },
};

KR_SUPERVISOR(traffic_sup, .strategy = KR_ONE_FOR_ONE, .intensity = 10, .period_s = 10,
              KR_CHILDREN(traffic));

/* Who stands further down relies on those above: without the keeper nothing is remembered. */
static const kr_child all[] = {
        { .id = "keeper", .start = KR_START(keeper), .args = "[[]]", .name = "keeper" },
        { .id = "registry",
          .start = KR_START(registry),
          .args = "[[]]",
          .name = "registry" },
        { .id = "traffic_sup", .start = KR_START(traffic_sup), .name = "traffic_sup" },
};

KR_SUPERVISOR(service_sup, .strategy = KR_REST_FOR_ONE, .intensity = 10, .period_s = 10,
              KR_CHILDREN(all));

/* -- the record, which hangs off the node -- */

static const char key; /* its address */

struct service *service_here(void)
{
        struct service *service = kr_node_get(kr_here(), &key);

        if (service == NULL)
                kr_exit("no_service");
        return service;
}

static void fill_in(struct service *service, const struct service_opts *opts)
{
        service->opts = *opts;
        if (opts->clients_max == 0)
                service->opts.clients_max = SERVICE_CLIENTS_MAX;
        if (opts->idle_timeout_ms == 0)
                service->opts.idle_timeout_ms = IDLE_MS;
        if (opts->request_timeout_ms == 0)
                service->opts.request_timeout_ms = REQUEST_MS;
        if (opts->send_timeout_ms == 0)
                service->opts.send_timeout_ms = SEND_MS;
        service->started_ms = kr_monotonic_ms(NULL);
}

/* A second start on a node begins with the figures of the first. */
static struct service *make(const struct service_opts *opts)
{
        struct service *service = kr_node_get(kr_here(), &key);

        if (service == NULL) {
                service = calloc(1, sizeof(*service));
                if (service == NULL || !kr_node_put(kr_here(), &key, service, free)) {
                        free(service);
                        return NULL;
                }
        }
        fill_in(service, opts);
        return service;
}

kr_started service_start(const struct service_opts *opts, kr_msg *ret_reason)
{
        const kr_start_opts start = { .name = "service_sup", .ret_reason = ret_reason };

        if (make(opts) == NULL)
                return (kr_started){ .err = KR_ENOMEM };
        return kr_start_link(&service_sup, &start, "[]");
}

void service_stop(void)
{
        (void)kr_stop_normal("service_sup");
}
