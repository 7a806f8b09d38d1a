/* SPDX-License-Identifier: Apache-2.0 */
/* plat_doctor.h: what a node stands on: limits, kernel facilities, programs. */
#ifndef KR_CLI_PLAT_DOCTOR_H
#define KR_CLI_PLAT_DOCTOR_H

#include <krarup/base.h>

enum kri_health {
        KRI_WELL,
        KRI_COULD_BE_BETTER, /* it runs; something is slower or smaller */
        KRI_ILL,             /* something will not work */
};

struct kri_finding {
        enum kri_health health;
        char what[160];   /* as it is */
        char remedy[240]; /* "" if all is well */
};

struct kri_check {
        const char *name;
        void (*look)(struct kri_finding *ret);
};

/* Ends with one whose name is NULL. */
extern const struct kri_check kri_checks[];

/* Can somebody listen on this port of loopback? */
void kri_check_port(int port, struct kri_finding *ret);

#endif
