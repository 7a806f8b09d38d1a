/* SPDX-License-Identifier: Apache-2.0 */
/* dns.h: addresses of names. Follows OTP's inet:getaddrs, by way of the system's getaddrinfo,
 * which is called on a thread that is nobody's scheduler.
 */
#ifndef KRARUP_DNS_H
#define KRARUP_DNS_H

#include <krarup/process.h>

#define KR_DNS_MAX 16 /* addresses of one name, the first ones */

typedef enum kr_family { KR_FAMILY_ANY, KR_FAMILY_INET, KR_FAMILY_INET6 } kr_family;

typedef struct kr_dns_addresses {
        size_t count;
        char ip[KR_DNS_MAX][48]; /* in figures, in the order to try them, each once */
} kr_dns_addresses;

KR_BEGIN_DECLS

/* The addresses of `name`. Addresses in figures are looked up without waiting. Waits as a
 * receive does; a lookup that takes longer goes on unheard, and kr_node_stop waits for it.
 * KR_ENXDOMAIN  there is no such name
 * KR_ENOANSWER  no name server answers, or none is configured; later it may
 * KR_ETIMEDOUT, KR_ENOMEM, KR_ENOTSUP (a simulation), KR_EOS (the resolver failed),
 * KR_EBADARG (on a thread that is no process) */
KR_API KR_MUST_CHECK kr_err kr_dns_lookup(const char *name, kr_family family,
                                          int64_t timeout_ms, kr_dns_addresses *ret);

KR_END_DECLS
#endif
