/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_report.c: what a supervisor tells the logger. Nothing is built when nobody wants
 * to know. */
#include "supervisor.h"

#include "report.h"

static kr_term first_of(const struct kri_child *child)
{
        kr_term pid = kri_child_pid_term(child);
        kr_term first = kr_build("{pid, ~}", pid);

        kr_release(pid);
        return first;
}

void kri_sup_report_of(struct kri_sup *s, const char *context, kr_term reason,
                       const struct kri_child *child, kr_term first, kr_term args)
{
        kr_term offender = kr_none();

        if (kri_report_wanted(KR_LOG_ERROR) && !kr_is_none(first))
                offender = kri_child_offender(child, first, args);
        if (!kr_is_none(
                    offender)) /* no memory: the report is lost, the supervisor is not */
                kri_report_supervisor(context, s->name, reason, offender);
        kr_release(offender);
        kr_release(first);
}

void kri_sup_report(struct kri_sup *s, const char *context, kr_term reason,
                    const struct kri_child *child)
{
        if (kri_report_wanted(KR_LOG_ERROR))
                kri_sup_report_of(s, context, reason, child, first_of(child), kr_none());
}

void kri_sup_report_started(struct kri_sup *s, const struct kri_child *child)
{
        kr_term first, about = kr_none();

        if (!kri_report_wanted(KR_LOG_INFO))
                return;
        first = first_of(child);
        if (!kr_is_none(first))
                about = kri_child_offender(child, first, kr_none());
        if (!kr_is_none(about))
                kri_report_progress(s->name, about);
        kr_release(about);
        kr_release(first);
}
