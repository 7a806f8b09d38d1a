/* SPDX-License-Identifier: Apache-2.0 */
/* dns.h: kr_dns_lookup for a process that is inside already. */
#ifndef KR_IO_DNS_H
#define KR_IO_DNS_H

#include <krarup/dns.h>

#include "loop.h"

/* May not return. */
kr_err kri_dns_lookup(struct kri_io *io, struct kri_proc *p, const char *name,
                      kr_family family, int64_t deadline_ns, kr_dns_addresses *ret);

#endif
