/* SPDX-License-Identifier: Apache-2.0 */
/* forward.h: the names of this layer's structs, so that headers need not include headers. */
#ifndef KR_CORE_FORWARD_H
#define KR_CORE_FORWARD_H

struct kr_node;
struct kri_catch;
struct kri_extra;
struct kri_limit;
struct kri_modules;
struct kri_outside;
struct kri_poll;
struct kri_proc;
struct kri_sched;
struct kri_sig;
struct kri_stack;
struct kri_timer;

#endif
