/* SPDX-License-Identifier: Apache-2.0 */
/* dict.h: the process dictionary: a chain of pairs, for few keys. */
#ifndef KR_CORE_DICT_H
#define KR_CORE_DICT_H

#include "extra.h"
#include "sched.h"

struct kri_dict {
        struct kri_dict *next;
        struct kri_sig *pair; /* root: {Key, Value} */
};

void kri_dict_fini(struct kri_sched *s, struct kri_extra *extra);

#endif
