/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <krarup/loop.h>
#include <krarup/text.h>

#include <stdio.h>
#include <string.h>

#define LINE_BYTES 640

bool kri_report_is_planned(kr_term reason)
{
        return kr_match(reason, "normal") || kr_match(reason, "shutdown") ||
               kr_match(reason, "{shutdown, _}");
}

/* Without a logger: errors and worse, one line each. */
bool kri_report_wanted(kr_log_level level)
{
        return level <= KR_LOG_ERROR;
}

void kri_report_term(kr_log_level level, kr_term report)
{
        char line[LINE_BYTES];

        if (!kri_report_wanted(level))
                return;
        (void)snprintf(line, sizeof(line), "krarup: ");
        (void)kr_format(line + strlen(line), sizeof(line) - strlen(line), report);
        kr_node_report(kr_here(), line);
}

void kri_report_built(kr_log_level level, struct kri_site *site,
                      const union kri_arg *args)
{
        kr_term report;

        if (!kri_report_wanted(level))
                return;
        report = kri_build(site, args);
        if (!kr_is_none(report))
                kri_report_term(level, report);
        kr_release(report);
}

/* -- crashes -- */

static void crash(const char *kind, kr_term reason, kr_term trace)
{
        kr_term initial = kr_get(kr_atom_term(KR_ATOM("$initial_call")));
        kr_atom kind_atom;

        if (kr_atom_from(kind, strlen(kind), &kind_atom) != KR_OK)
                return;
        kri_report(KR_LOG_ERROR,
                   "#{label => {proc_lib, crash}, report => [[{initial_call, ~},"
                   " {pid, ~}, {error_info, {~, ~, ~}}], []]}",
                   kr_is_none(initial) ? kr_nil() : initial, kr_self(), kind_atom, reason,
                   trace);
}

void kri_report_crash(kr_class kind, kr_term reason)
{
        kr_term why, trace;

        if (kind == KR_CLASS_EXIT && kri_report_is_planned(reason))
                return;
        if (kind == KR_CLASS_ERROR && kr_match(reason, "{~, ~}", &why, &trace))
                crash("error", why, trace);
        else
                crash(kind == KR_CLASS_THROW ? "throw" : "exit", reason, kr_nil());
}

/* -- supervisors -- */

void kri_report_supervisor(const char *context, kr_term supervisor, kr_term reason,
                           kr_term offender)
{
        kr_atom about;

        if (kr_atom_from(context, strlen(context), &about) != KR_OK)
                return;
        kri_report(KR_LOG_ERROR,
                   "#{label => {supervisor, ~}, report => [{supervisor, ~},"
                   " {errorContext, ~}, {reason, ~}, {offender, ~}]}",
                   about, supervisor, about, reason, offender);
}

void kri_report_progress(kr_term supervisor, kr_term child)
{
        kri_report(KR_LOG_INFO,
                   "#{label => {supervisor, progress}, report => [{supervisor, ~},"
                   " {started, ~}]}",
                   supervisor, child);
}
