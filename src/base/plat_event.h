/* SPDX-License-Identifier: Apache-2.0 */
/* plat_event.h: one descriptor that a host's event loop watches: readable when it was rung,
 * or when its alarm is due.
 */
#ifndef KR_BASE_PLAT_EVENT_H
#define KR_BASE_PLAT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

struct kri_event {
        int fd; /* what the host watches; -1: not open */
        int bell, alarm;
};

bool kri_event_open(struct kri_event *event);
/* Readable also when that descriptor is, until it is closed. */
bool kri_event_include(struct kri_event *event, int fd);
void kri_event_close(struct kri_event *event);
void kri_event_ring(struct kri_event *event);  /* any thread */
void kri_event_quiet(struct kri_event *event); /* forget rings and alarms */
void kri_event_alarm_in(struct kri_event *event, int64_t ns); /* negative: none */

#endif
