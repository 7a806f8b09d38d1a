/* SPDX-License-Identifier: Apache-2.0 */
#include "dns.h"

#include <string.h>

#include "core/proc.h"

#include "address.h"
#include "io.h"
#include "request.h"

#define NAME_MAX_LEN 1024u /* beyond what a name may have, and what a socket path has */

struct lookup {
        struct kri_request request; /* first */
        struct kri_io *io;
        uv_getaddrinfo_t uv;
        struct addrinfo hints;
        kr_err err;
        kr_dns_addresses found;
        char name[]; /* terminated */
};

static size_t lookup_size(const char *name)
{
        return sizeof(struct lookup) + strlen(name) + 1;
}

static void release(struct kri_request *request)
{
        struct lookup *lookup = (struct lookup *)request;

        kri_node_free(lookup->io->node, lookup, lookup_size(lookup->name));
}

static kr_err lookup_err(int status)
{
        switch (status) {
        case 0:
                return KR_OK;
        case UV_EAI_NONAME:
        case UV_EAI_NODATA:
        case UV_EAI_ADDRFAMILY:
                return KR_ENXDOMAIN;
        case UV_EAI_MEMORY:
        case UV_ENOMEM:
                return KR_ENOMEM;
        case UV_EAI_AGAIN:
                return KR_ENOANSWER;
        default:
                return KR_EOS;
        }
}

static bool is_found(const kr_dns_addresses *found, const char *ip)
{
        for (size_t i = 0; i < found->count; i++) {
                if (strcmp(found->ip[i], ip) == 0)
                        return true;
        }
        return false;
}

/* Resolvers may say one twice: glibc takes a `::1 localhost` of /etc/hosts for 127.0.0.1, too. */
static void add_address(kr_dns_addresses *found, const struct addrinfo *info)
{
        struct kri_address address = { .len = info->ai_addrlen };
        kr_tcp_address printed;

        if (found->count == KR_DNS_MAX || info->ai_addrlen > sizeof(address.to))
                return;
        memcpy(&address.to, info->ai_addr, info->ai_addrlen);
        kri_address_print(&address, &printed);
        if (!is_found(found, printed.ip))
                memcpy(found->ip[found->count++], printed.ip, sizeof(printed.ip));
}

static void looked_up(uv_getaddrinfo_t *uv, int status, struct addrinfo *info)
{
        struct lookup *lookup = uv->data;

        lookup->err = lookup_err(status);
        for (struct addrinfo *i = info; i != NULL; i = i->ai_next)
                add_address(&lookup->found, i);
        uv_freeaddrinfo(info);
        if (lookup->err == KR_OK && lookup->found.count == 0)
                lookup->err = KR_ENXDOMAIN;
        kri_request_done(&lookup->request, kri_loop_sched(kri_loop_from_uv(uv->loop)));
}

static void begin(struct kri_loop *loop, struct kri_request *request)
{
        struct lookup *lookup = (struct lookup *)request;
        uv_loop_t *uv = kri_loop_uv(loop);
        int status = uv == NULL ? UV_ENOMEM
                                : uv_getaddrinfo(uv, &lookup->uv, looked_up, lookup->name,
                                                 NULL, &lookup->hints);

        if (status == 0)
                return;
        lookup->err = lookup_err(status);
        kri_request_done(request, kri_loop_sched(loop));
}

static int ai_family(kr_family family)
{
        return family == KR_FAMILY_INET    ? AF_INET
               : family == KR_FAMILY_INET6 ? AF_INET6
                                           : AF_UNSPEC;
}

static struct lookup *new_lookup(struct kri_io *io, const char *name, kr_family family)
{
        struct lookup *lookup = kri_node_alloc(io->node, lookup_size(name));

        if (lookup == NULL)
                return NULL;
        memset(lookup, 0, sizeof(*lookup));
        kri_request_init(&lookup->request, begin, release);
        lookup->io = io;
        lookup->uv.data = lookup;
        lookup->hints.ai_family = ai_family(family);
        lookup->hints.ai_socktype = SOCK_STREAM;
        memcpy(lookup->name, name, strlen(name) + 1);
        return lookup;
}

/* An address in figures needs nobody to look. */
static bool is_in_figures(const char *name, kr_family family, kr_dns_addresses *ret)
{
        struct kri_address address;
        kr_tcp_address printed;

        if (!kri_address_of_ip(name, 0, &address) ||
            (family != KR_FAMILY_ANY && address.to.any.sa_family != ai_family(family)))
                return false;
        kri_address_print(&address, &printed);
        ret->count = 1;
        memcpy(ret->ip[0], printed.ip, sizeof(printed.ip));
        return true;
}

kr_err kri_dns_lookup(struct kri_io *io, struct kri_proc *p, const char *name,
                      kr_family family, int64_t deadline_ns, kr_dns_addresses *ret)
{
        struct lookup *lookup;
        kr_err err;

        if (is_in_figures(name, family, ret))
                return KR_OK;
        if (name[0] == 0 || strlen(name) > NAME_MAX_LEN)
                return KR_ENXDOMAIN;
        lookup = new_lookup(io, name, family);
        if (lookup == NULL)
                return KR_ENOMEM;
        err = kri_request_run(io, p, &lookup->request, deadline_ns);
        if (err != KR_OK)
                return err;
        err = lookup->err;
        if (err == KR_OK)
                *ret = lookup->found;
        kri_request_drop(&lookup->request);
        return err;
}

kr_err kr_dns_lookup(const char *name, kr_family family, int64_t timeout_ms,
                     kr_dns_addresses *ret)
{
        struct kri_proc *p = kri_enter();
        struct kri_io *io;
        kr_err err;

        if (p == NULL)
                return KR_EBADARG;
        if (name == NULL || ret == NULL || !kri_turn_is_timeout(timeout_ms) ||
            (unsigned)family > KR_FAMILY_INET6) {
                kri_badarg(p, "kr_dns_lookup",
                           name == NULL                         ? "name"
                           : ret == NULL                        ? "ret"
                           : (unsigned)family > KR_FAMILY_INET6 ? "family"
                                                                : "timeout_ms");
                return KR_EBADARG;
        }
        err = kri_io_of(p->node, &io);
        if (err == KR_OK)
                err = kri_dns_lookup(io, p, name, family,
                                     kri_turn_deadline(p->node, timeout_ms), ret);
        kri_leave(p);
        return err;
}
