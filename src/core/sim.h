/* SPDX-License-Identifier: Apache-2.0 */
/* sim.h: a node in one thread and virtual time, every choice drawn from a seed.
 *
 * What is chosen: which runnable process goes next, and how many reductions its turn has.
 * The clock stands still while anybody can run, and jumps to the next timer when nobody
 * can. Nothing that decides depends on an address, so a seed is a history.
 */
#ifndef KR_CORE_SIM_H
#define KR_CORE_SIM_H

#include "sched.h"

/* Somebody of normal or low priority, at random; NULL: there is none. */
struct kri_proc *kri_sim_pick(struct kri_sched *s);

/* The reductions of a turn: `most`, or in simulation a random part of it. */
int32_t kri_sim_reductions(struct kri_sched *s, int32_t most);

/* One step of KR_DRIVE_SIM; see kr_node_run. */
bool kri_sim_step(struct kr_node *node);

#endif
