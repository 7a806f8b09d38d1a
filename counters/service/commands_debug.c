/* SPDX-License-Identifier: Apache-2.0 */
/* commands_debug.c: DEBUG, by which the service is hurt on purpose; only if it was started so.
 *
 *      DEBUG SEGFAULT name         the process of that counter writes to address 0
 *      DEBUG KILL acceptors        all of them; :4
 *      DEBUG KILL connections      all but this one
 *      DEBUG UPGRADE n [notrial]   another version of the counters (versions.h), without stopping
 *      DEBUG ROLLBACK              the version before
 */
#include "commands.h"

#include "registry.h"
#include "versions.h"

#include <stdio.h>

#define WATCH_MS 200 /* how long a new version is watched before the change is for good */

static void say_wrong(struct session *s)
{
        reply_error(&s->out,
                    "ERR unknown subcommand or wrong number of arguments. "
                    "Try DEBUG SEGFAULT name, DEBUG KILL acceptors | connections, "
                    "DEBUG UPGRADE n [notrial], DEBUG ROLLBACK.");
}

static void segfault(struct session *s, kr_bytes name)
{
        kr_pid pid;

        if (registry_find(name, &pid) != REGISTRY_UP) {
                reply_error(&s->out, "ERR no such key");
                return;
        }
        kr_cast(pid, "segfault");
        reply_status(&s->out, "OK");
}

static void kill_children(struct session *s, const char *supervisor)
{
        kr_msg slot = KR_MSG_INIT;
        int64_t count = 0;
        kr_pid pid;

        for (kr_term l = kr_supervisor_which_children(supervisor, &slot); kr_is_cons(l);
             l = kr_tl(l)) {
                if (!kr_match(kr_hd(l), "{_, ~, _, _}", &pid) ||
                    kr_pid_eq(pid, kr_self()))
                        continue;
                kr_exit_signal(pid, "kill");
                count++;
        }
        kr_msg_clear(&slot);
        reply_integer(&s->out, count);
}

/* -- versions -- */

static const char *outcome_of(const kr_upgrade_report *report)
{
        if (report->outcome == KR_UPGRADE_ROLLED_BACK)
                return "rolled back";
        return report->trial == KR_TRIAL_FAILED ? "refused after a trial" : "refused";
}

static void say_report(struct session *s, kr_err err, const kr_upgrade_report *report)
{
        char text[300];

        if (err == KR_EFAILED && report->from[0] == '\0') {
                reply_error(&s->out, "ERR refused: %s", report->reason);
        } else if (err == KR_EFAILED) {
                reply_error(&s->out, "ERR %s, version %s goes on: %s", outcome_of(report),
                            report->from, report->reason);
        } else if (err != KR_OK) {
                reply_error(&s->out, "ERR %s", kr_strerror(err));
        } else {
                (void)snprintf(
                        text, sizeof(text),
                        "version %s is now version %s: %u processes, %u converted, "
                        "the longest stood still for %lld us",
                        report->from, report->to, (unsigned)report->processes,
                        (unsigned)report->converted,
                        (long long)report->longest_pause_ns / 1000);
                reply_status(&s->out, text);
        }
}

static void upgrade(struct session *s, kr_bytes which, bool trial)
{
        const kr_upgrade_opts opts = { .trial_ms = WATCH_MS, .no_trial = !trial };
        kr_upgrade_report report = { .reason = "" };
        char file[4096] = ""; /* whatever lay here: an address in an old version is one */
        int64_t version;
        kr_err err;

        if (!resp_int64(which.data, which.len, &version) || version < 1 || version > 99 ||
            !versions_file((int)version, file, sizeof(file))) {
                reply_error(&s->out, "ERR no such version");
                return;
        }
        err = kr_upgrade("counter", file, &opts, &report);
        say_report(s, err, &report);
}

static void roll_back(struct session *s)
{
        const kr_upgrade_opts opts = { .trial_ms = WATCH_MS };
        kr_upgrade_report report = { .reason = "" };
        kr_err err = kr_rollback("counter", &opts, &report);

        if (err == KR_ESTATE)
                reply_error(&s->out, "ERR there is no version before this one");
        else
                say_report(s, err, &report);
}

/* -- which it is -- */

static bool is_allowed(struct session *s)
{
        if (s->service->opts.debug)
                return true;
        reply_error(&s->out, "ERR DEBUG command not allowed. If the enable-debug-command "
                             "option is set to \"local\", you can run it from a local "
                             "connection, otherwise you need to set this option in the "
                             "configuration file, and then restart the server.");
        return false;
}

static bool execute(struct session *s, kr_bytes sub, kr_bytes what)
{
        if (commands_is(sub, "segfault"))
                segfault(s, what);
        else if (commands_is(sub, "kill") && commands_is(what, "acceptors"))
                kill_children(s, "acceptors_sup");
        else if (commands_is(sub, "kill") && commands_is(what, "connections"))
                kill_children(s, "connections_sup");
        else if (commands_is(sub, "upgrade"))
                upgrade(s, what, true);
        else
                return false;
        return true;
}

void command_debug(struct session *s, const struct session_args *args)
{
        kr_bytes sub = session_arg(args, 1);

        session_settle(s);
        if (!is_allowed(s))
                return;
        if (args->count == 2 && commands_is(sub, "rollback"))
                roll_back(s);
        else if (args->count == 4 && commands_is(sub, "upgrade") &&
                 commands_is(session_arg(args, 3), "notrial"))
                upgrade(s, session_arg(args, 2), false);
        else if (args->count != 3 || !execute(s, sub, session_arg(args, 2)))
                say_wrong(s);
}
