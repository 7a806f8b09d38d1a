/* SPDX-License-Identifier: Apache-2.0 */
/* upgrade.h: an upgrade under way: what its files share.
 *
 * Model    One process, registered as krarup_upgrade, does it step after step and answers to
 *          whoever has asked. The processes that are to change do it themselves, asked by
 *          system messages (otp/moving.h); a bounded number of them at a time.
 * Owns     all of it is memory of that process.
 */
#ifndef KR_CODE_UPGRADE_H
#define KR_CODE_UPGRADE_H

#include <krarup/upgrade.h>

#include "otp/moving.h"

struct kri_version;

/* What is wanted; plain bytes, for it travels to the process. */
struct kri_upgrade_order {
        kr_pid asker;
        kr_ref ref;
        bool back; /* to the old version, which is loaded */
        char module[256];
        char file[4096];
        char check_export[512];
        kr_upgrade_opts opts; /* texts: see above; NULL; limits are filled in */
};

struct kri_target {
        kr_pid pid;
        uint8_t moved;  /* enum kri_moved, of the latest step that has an outcome */
        bool is_gone;   /* it has ended */
        bool is_late;   /* it has not answered in time */
        bool has_moved; /* it runs the new version */
};

struct kri_upgrade {
        struct kri_upgrade_order order;
        kr_upgrade_report report;
        kr_term extra;                     /* kept */
        kr_ref ref;                        /* what answers are known by */
        struct kri_version *next, *before; /* the version to come, and the present one */
        struct kri_target *targets;        /* KRI_TARGETS_MAX of those that are asked */
        uint32_t count;
        uint32_t window; /* so many may be under way by now: see upgrade_walk.c */
        kr_pid *lost;    /* those that have not gone back, as found */
        uint32_t lost_count, lost_room;
        uint32_t lost_at; /* in there: where the next one is that is found again */
        bool failed;      /* report.reason says why */
        bool watched;     /* ends in the new version are told to us */
};

/* The first thing that went wrong: `why` (taken) as text into the report. */
void kri_upgrade_fail(struct kri_upgrade *u, kr_term why);

/* -- upgrade_walk.c -- */

#define KRI_TARGETS_MAX 2048u

/* The next processes that run the current (old) version of the module become the targets: false:
 * there are none. *at begins with 0. */
bool kri_upgrade_find(struct kri_upgrade *u, bool old, uint32_t *at);

/* Ask every target to do a step, and wait until all have, have ended, or are late: those are
 * interrupted. Ends early, with u->failed, if one cannot go over; none is asked then that has
 * not been. */
void kri_upgrade_walk(struct kri_upgrade *u, enum kri_move_step step);

/* Both, for all processes that run it; `count` (may be NULL) hears of each lot of targets. How many
 * there were. A step forward ends with the first failure. */
uint32_t kri_upgrade_walk_all(struct kri_upgrade *u, bool old, enum kri_move_step step,
                              void (*count)(struct kri_upgrade *u));

/* Wait so long for something to go wrong in the new version. */
void kri_upgrade_watch(struct kri_upgrade *u, int64_t timeout_ms);

/* -- upgrade_trial.c -- */

/* Try the change on copies of some targets' states. */
void kri_upgrade_try(struct kri_upgrade *u);

/* Ask the health check. False: it says no, or nothing. */
bool kri_upgrade_check(struct kri_upgrade *u);

#endif
