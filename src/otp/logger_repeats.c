/* SPDX-License-Identifier: Apache-2.0 */
/* logger_repeats.c: reports that are alike are counted, not said again and again.
 *
 * Model    Alike are reports with the same label, the same names and the same shape of reason:
 *          atoms count, numbers, pids and texts do not, but for the first line of a trace.
 *          The first is let through; within a second the others are counted. When that
 *          second is over their number is told, and another second begins; one without any
 *          ends it. More kinds than there is room for: the one that is oldest gives way.
 */
#include "logger.h"

#include <krarup/message.h>

#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 6
#define ELEMENTS_MAX 8

static uint64_t mix(uint64_t h, uint64_t value)
{
        h ^= value;
        h *= 0x9e3779b97f4a7c15u;
        return h ^ h >> 29;
}

static uint64_t mix_bytes(uint64_t h, kr_bytes bytes)
{
        const unsigned char *at = bytes.data;

        for (size_t i = 0; i < bytes.len; i++)
                h = mix(h, at[i]);
        return h;
}

/* A trace: where it broke, but not the way there. */
static bool mix_frame(uint64_t *h, kr_term t)
{
        kr_bytes function;
        int64_t offset;

        if (!kr_match(t, "{~, ~, _}", &function, &offset))
                return false;
        *h = mix(mix_bytes(*h, function), (uint64_t)offset);
        return true;
}

static uint64_t mix_shape(uint64_t h, kr_term t, int depth)
{
        size_t size;
        kr_atom atom;

        h = mix(h, (uint64_t)kr_type_of(t));
        if (kr_get_atom(t, &atom))
                return mix(h, atom.index);
        if (depth == DEPTH_MAX)
                return h;
        if (kr_is_cons(t))
                return mix_frame(&h, kr_hd(t)) ? h : mix_shape(h, kr_hd(t), depth + 1);
        if (!kr_is_tuple(t))
                return h;
        size = kr_tuple_size(t);
        h = mix(h, size);
        for (size_t i = 1; i <= size && i <= ELEMENTS_MAX; i++)
                h = mix_shape(h, kr_element(i, t), depth + 1);
        return h;
}

/* The value of a key of a map, if it is there. */
static uint64_t mix_value(uint64_t h, kr_term map, kr_atom key)
{
        kr_term value;

        return kr_map_get(map, kr_atom_term(key), &value) ? mix_shape(h, value, 0) : h;
}

/* Of the property list of a report: what it is about and why. */
static uint64_t mix_properties(uint64_t h, kr_term list)
{
        kr_term key, value, id;

        for (; kr_is_cons(list); list = kr_tl(list)) {
                if (kr_is_cons(kr_hd(list))) /* a crash: [[Own], [Neighbours]] */
                        return mix_properties(h, kr_hd(list));
                if (!kr_match(kr_hd(list), "{~, ~}", &key, &value))
                        continue;
                if (kr_match(key, "supervisor") || kr_match(key, "errorContext") ||
                    kr_match(key, "reason") || kr_match(key, "initial_call") ||
                    kr_match(key, "registered_name") || kr_match(key, "error_info") ||
                    kr_match(key, "application") || kr_match(key, "exited"))
                        h = mix_shape(h, value, 0);
                if (kr_match(key, "offender") || kr_match(key, "started"))
                        for (; kr_is_cons(value); value = kr_tl(value))
                                if (kr_match(kr_hd(value), "{id, ~}", &id))
                                        h = mix_shape(h, id, 0);
        }
        return h;
}

uint64_t kri_log_key(kr_term report)
{
        uint64_t h = 1;
        kr_term list;

        if (!kr_is_map(report))
                return mix_shape(h, report, 0) | 1;
        h = mix_value(h, report, KR_ATOM("label"));
        h = mix_value(h, report, KR_ATOM("name"));
        h = mix_value(h, report, KR_ATOM("module"));
        h = mix_value(h, report, KR_ATOM("handler"));
        h = mix_value(h, report, KR_ATOM("reason"));
        if (kr_map_get(report, kr_atom_term(KR_ATOM("report")), &list))
                h = mix_properties(h, list);
        return h | 1;
}

/* -- the table; under the lock -- */

static struct kri_log_repeat *find(struct kri_logger *l, uint64_t key)
{
        for (int i = 0; i < KRI_LOG_REPEATS; i++)
                if (l->repeats[i].key == key)
                        return &l->repeats[i];
        return NULL;
}

static struct kri_log_repeat *oldest(struct kri_logger *l)
{
        struct kri_log_repeat *best = &l->repeats[0];

        for (int i = 1; i < KRI_LOG_REPEATS; i++)
                if (l->repeats[i].since_ns < best->since_ns || l->repeats[i].key == 0)
                        best = &l->repeats[i];
        return best;
}

/* True: it is the first of its kind in this second. */
static bool enter(struct kri_logger *l, uint64_t key, bool *ret_tell)
{
        int64_t now_ns = kr_monotonic_ns(l->node);
        struct kri_log_repeat *r = find(l, key);

        *ret_tell = false;
        if (r != NULL && ((r->count > 0 && r->text[0] != 0) ||
                          now_ns - r->since_ns < KRI_LOG_REPEAT_NS)) {
                *ret_tell = r->count++ == 0;
                return false;
        }
        if (r == NULL)
                r = oldest(l);
        memset(r, 0, sizeof(*r));
        r->key = key;
        r->since_ns = now_ns;
        return true;
}

bool kri_log_repeat_passes(struct kri_logger *l, uint64_t key)
{
        bool passes, tell;
        kr_pid pid;

        kri_plat_lock_take(&l->lock);
        passes = enter(l, key, &tell);
        pid = l->pid;
        kri_plat_lock_give(&l->lock);
        if (tell && !kr_pid_is_none(pid) && !kr_pid_eq(pid, kr_self()))
                kr_send(pid, "counted"); /* it waits for the end of the second */
        return passes;
}

void kri_log_repeat_name(struct kri_logger *l, uint64_t key, const kr_log_event *event)
{
        struct kri_log_repeat *r;

        kri_plat_lock_take(&l->lock);
        r = find(l, key);
        if (r != NULL) {
                r->level = event->level;
                (void)snprintf(r->text, sizeof(r->text), "%s", event->text);
                r->text[strcspn(r->text, "\n")] = 0;
        }
        kri_plat_lock_give(&l->lock);
}

/* One whose second is over and that has a number: a copy, and its next second begins. Else
 * false, and how long until there is one. */
static bool take_due(struct kri_logger *l, struct kri_log_repeat *ret,
                     int64_t *ret_wait_ms)
{
        int64_t now_ns = kr_monotonic_ns(l->node), left_ns, least_ns = INT64_MAX;
        struct kri_log_repeat *due = NULL;

        kri_plat_lock_take(&l->lock);
        for (int i = 0; i < KRI_LOG_REPEATS && due == NULL; i++) {
                struct kri_log_repeat *r = &l->repeats[i];

                if (r->key == 0 || r->count == 0 || r->text[0] == 0)
                        continue; /* the last: it could not be told, and is forgotten */
                left_ns = r->since_ns + KRI_LOG_REPEAT_NS - now_ns;
                if (left_ns <= 0)
                        due = r;
                else if (left_ns < least_ns)
                        least_ns = left_ns;
        }
        if (due != NULL) {
                *ret = *due;
                due->since_ns = now_ns;
                due->count = 0;
        }
        kri_plat_lock_give(&l->lock);
        *ret_wait_ms = least_ns == INT64_MAX ? KR_INFINITY : least_ns / 1000000 + 1;
        return due != NULL;
}

int64_t kri_log_repeat_tell(struct kri_logger *l)
{
        struct kri_log_repeat r;
        char text[sizeof(r.text) + 64];
        int64_t wait_ms;

        while (take_due(l, &r, &wait_ms)) {
                kr_log_event event = { .level = r.level,
                                       .name = "",
                                       .function = "",
                                       .domain = "otp",
                                       .report = kr_none(),
                                       .text = text,
                                       .details = "",
                                       .metadata = kr_none() };

                (void)snprintf(text, sizeof(text), "... %llu more like this: %s",
                               (unsigned long long)r.count, r.text);
                kri_logger_event(l, &event, false);
        }
        return wait_ms;
}
