/* SPDX-License-Identifier: Apache-2.0 */
/* report.h: what behaviours tell the logger: OTP's reports, with OTP's labels.
 *
 * Model    A report is a map with a `label`, such as #{label => {gen_server, terminate}, ...},
 *          with the keys that OTP 25 gives it. Where the logger runs on the node it goes
 *          there; otherwise its first line goes to kr_node_opts.report.
 * Cost     Nothing is built when the level is off. Of reports with the same label and the
 *          same shape of reason that follow each other within a second only the first is
 *          built; the others are counted.
 * Threads  the process that reports; none of these waits for anybody but kri_report_crash,
 *          which asks up to 15 linked processes about themselves.
 * Law      A planned end (normal, shutdown, {shutdown, _}) is silent: kri_report_crash sees
 *          to that by itself, the others are not called for one.
 */
#ifndef KR_OTP_REPORT_H
#define KR_OTP_REPORT_H

#include <krarup/fields.h>
#include <krarup/logger.h>

/* kri_report(KR_LOG_ERROR, "#{label => {gen_server, terminate}, name => ~, ...}", ...):
 * domain [otp]. */
#define kri_report(level, ...)                                                           \
        kri_report_built(level, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* For those who need to build something first. */
bool kri_report_wanted(kr_log_level level);

/* normal, shutdown, {shutdown, _} */
bool kri_report_is_planned(kr_term reason);

/* proc_lib's crash report about the calling process, which is about to end: `kind` and
 * `reason` as kr_catch gives them (for errors {Reason, Trace}). initial_call and ancestors
 * are taken from the dictionary ('$initial_call', '$ancestors'). Silent for planned ends. */
void kri_report_crash(kr_class kind, kr_term reason);

/* supervisor: `context` is start_error, child_terminated, shutdown or shutdown_error;
 * `offender` is the child as a property list ([{pid, _}, {id, _}, {mfargs, _}, ...]). */
void kri_report_supervisor(const char *context, kr_term supervisor, kr_term reason,
                           kr_term offender);

/* supervisor, at level info: a child has been started. */
void kri_report_progress(kr_term supervisor, kr_term child);

/* Text about a place in a file of the user's: a line of an .app file. */
void kri_report_place(kr_log_level level, const char *file, unsigned line,
                      const char *text);

/* A state for a report or for sys, which must not cost its process: whatever was written over it,
 * and whatever a format_status does, is caught, and text says so in its place. Both give a new term.
 * show(arg) gives one, or none. */
kr_term kri_report_shown(kr_term (*show)(void *arg), void *arg, const char *name);
kr_term kri_report_fields(const struct kr_field *fields, const void *state);

void kri_report_built(kr_log_level level, struct kri_site *site,
                      const union kri_arg *args);
/* Borrows the report. */
void kri_report_term(kr_log_level level, kr_term report);

#endif
