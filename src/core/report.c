/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <krarup/loop.h>
#include <krarup/text.h>

#include <inttypes.h>
#include <stdio.h>

#include "term/atom.h"
#include "term/print.h"

#include "loop.h"
#include "node.h"

#define LINES_MAX 10u /* in a second */
#define SECOND_NS 1000000000
#define REASON_MAX 400u /* characters of a reason, terminated */
#define NAME_MAX 100
#define LINE_MAX_BYTES (REASON_MAX + 256u)

static void say(struct kr_node *node, const char *line)
{
        if (node->opts.report != NULL)
                node->opts.report(node->opts.report_context, line);
        else
                (void)fprintf(stderr, "%s\n", line); /* nobody to tell if that fails */
}

/* -- how many -- */

/* Counters of their own, with nothing behind them: relaxed is enough. */

static void say_rest(struct kr_node *node)
{
        _Atomic uint64_t *left_out = &node->report.left_out;
        char line[LINE_MAX_BYTES];
        uint64_t count;

        if (atomic_load_explicit(left_out, memory_order_relaxed) == 0)
                return;
        count = atomic_exchange_explicit(left_out, 0, memory_order_relaxed);
        if (count == 0)
                return; /* another thread says it */
        (void)snprintf(line, sizeof(line), "krarup: ... and %" PRIu64 " more", count);
        say(node, line);
}

/* Two threads that are at the turn of a second together may say a line more than LINES_MAX. */
static bool may_say(struct kr_node *node)
{
        struct kri_report *report = &node->report;
        int64_t now_ns = kri_node_now_ns(node);
        int64_t since_ns = atomic_load_explicit(&report->since_ns, memory_order_relaxed);

        if (now_ns - since_ns >= SECOND_NS &&
            atomic_compare_exchange_strong_explicit(&report->since_ns, &since_ns, now_ns,
                                                    memory_order_relaxed,
                                                    memory_order_relaxed)) {
                say_rest(node);
                atomic_store_explicit(&report->said, 0, memory_order_relaxed);
        }
        if (atomic_load_explicit(&report->said, memory_order_relaxed) < LINES_MAX &&
            atomic_fetch_add_explicit(&report->said, 1, memory_order_relaxed) < LINES_MAX)
                return true;
        atomic_fetch_add_explicit(&report->left_out, 1, memory_order_relaxed);
        return false;
}

static void say_late(struct kr_node *node)
{
        int64_t since_ns =
                atomic_load_explicit(&node->report.since_ns, memory_order_relaxed);

        if (atomic_load_explicit(&node->report.left_out, memory_order_relaxed) != 0 &&
            kri_node_now_ns(node) - since_ns >= SECOND_NS)
                say_rest(node);
}

/* -- what -- */

/* 0: none. */
uint32_t kri_report_name(const struct kri_proc *p)
{
        uint32_t name = atomic_load_explicit(&p->name, memory_order_relaxed);

        return name != KRI_NAME_DEAD ? name : 0;
}

/* Its registered name, or that of its function. */
static const char *name_of(const struct kri_proc *p)
{
        uint32_t name = kri_report_name(p);

        return name != 0 ? kr_atom_text((kr_atom){ name }, NULL) : kri_proc_name(p);
}

static void say_end(const struct kri_proc *p, kri_word reason)
{
        char line[LINE_MAX_BYTES], pid[64], text[REASON_MAX];
        bool whole;

        if (!may_say(p->node))
                return;
        (void)kr_format(pid, sizeof(pid), (kr_term){ kri_proc_word(p) });
        whole = kri_format_start(text, sizeof(text), (kr_term){ reason });
        (void)snprintf(line, sizeof(line), "krarup: process %s (%.*s) ended: %s%s", pid,
                       NAME_MAX, name_of(p), text, whole ? "" : "...");
        say(p->node, line);
}

void kri_report_end(struct kri_sched *s, const struct kri_proc *p, kri_word reason)
{
        if (!kri_report_send(s, p, reason))
                say_end(p, reason);
}

void kri_report_rest(struct kr_node *node)
{
        kri_report_look(node);
        say_rest(node);
}

void kri_report_late(struct kr_node *node)
{
        kri_report_look(node);
        say_late(node);
}

void kr_node_report(kr_node *node, const char *line)
{
        if (node != NULL && line != NULL && may_say(node))
                say(node, line);
}
