/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include "say.h"

#include <string.h>

static const char *trial_text(kr_upgrade_trial trial)
{
        switch (trial) {
        case KR_TRIAL_NOT_NEEDED:
                return "states keep their layout";
        case KR_TRIAL_NOT_WANTED:
                return "no trial was wanted";
        case KR_TRIAL_NOT_POSSIBLE:
                return "no trial: a state could not be copied";
        case KR_TRIAL_PASSED:
                return "a trial on a copy passed";
        default:
                return "a trial on a copy failed";
        }
}

static void show_done(const kr_upgrade_report *r)
{
        kri_say_in(KRI_GREEN, "%s", r->module);
        if (strcmp(r->from, r->to) == 0)
                kri_say(" is loaded anew (version %s)", r->to);
        else
                kri_say(" is version %s now (was %s)", r->to, r->from);
        kri_say(": %u processes went on", r->processes);
        if (r->converted > 0)
                kri_say(", %u with a state converted", r->converted);
        if (r->gone > 0)
                kri_say(", %u ended", r->gone);
        kri_say("; %s; longest pause %.0f us, all in %.1f ms\n", trial_text(r->trial),
                (double)r->longest_pause_ns / 1e3, (double)r->took_ns / 1e6);
}

void kri_report_show(const kr_upgrade_report *r)
{
        switch (r->outcome) {
        case KR_UPGRADE_DONE:
                show_done(r);
                break;
        case KR_UPGRADE_REFUSED:
                kri_say_in(KRI_RED, "%s", r->module);
                kri_say(" stays as it is: %s\n", r->reason);
                break;
        default:
                kri_say_in(KRI_YELLOW, "%s", r->module);
                kri_say(" went back to version %s: %s (%u restored, %u converted back, %u "
                        "lost)\n",
                        r->from, r->reason, r->restored, r->converted_back, r->lost);
                break;
        }
}
